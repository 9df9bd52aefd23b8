"""What is to leave the system, and what came of each attempt."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bots.models.base import PartitionedModel


class Queue(models.TextChoices):
    """Which workers hand a message out; a queue never waits for another."""

    OUTBOX = "outbox", _("Messages")
    PAYMENTS = "payments", _("Payments")
    BULK = "bulk", _("Bulk")
    # A buyer's finger is on the button and Telegram waits ten seconds: behind nothing else, ever.
    CHECKOUT = "checkout", _("Checkouts")

    @property
    def bells(self) -> str:
        """The Celery queue its bells travel by: checkouts have no worker of their own, only a thread."""
        return Queue.PAYMENTS.value if self is Queue.CHECKOUT else self.value


class MessageState(models.TextChoices):
    NEW = "new", _("Waiting")
    LEASED = "leased", _("Being sent")
    DONE = "done", _("Sent")
    DEAD = "dead", _("Given up")
    CANCELLED = "cancelled", _("Cancelled")
    UNKNOWN = "unknown", _("Outcome unknown")


UNFINISHED = (MessageState.NEW, MessageState.LEASED)


class AttemptOutcome(models.TextChoices):
    DONE = "done", _("Done")
    RETRY = "retry", _("To be tried again")
    DEAD = "dead", _("Given up")
    UNKNOWN = "unknown", _("Outcome unknown")
    CANCELLED = "cancelled", _("Cancelled")
    # The worker died or was cut off: whether the call was made is not known.
    LOST = "lost", _("Worker lost")


class OutboxMessage(PartitionedModel):
    """One thing to be done outside, exactly as the transaction that wanted it left it."""

    bot_id = models.UUIDField(_("bot"), null=True, blank=True)
    queue = models.CharField(_("queue"), max_length=10, choices=Queue.choices, default=Queue.OUTBOX)
    # Whom fairness is measured by: the bot, else the organization.
    lane = models.UUIDField(editable=False)
    topic = models.CharField(_("topic"), max_length=64)
    key = models.CharField(_("key"), max_length=200)
    ordering_key = models.CharField(_("order"), max_length=100, null=True, blank=True)  # noqa: DJ001 - null: no order
    # The order within an ordering key: a sequence of the database, whatever the clocks of the machines say.
    position = models.BigIntegerField(editable=False)
    priority = models.SmallIntegerField(_("priority"), default=0)
    payload = models.JSONField(_("payload"))
    state = models.CharField(_("state"), max_length=10, choices=MessageState.choices, default=MessageState.NEW)
    due_at = models.DateTimeField(_("due at"), db_default=Now())
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(_("last claimed at"), null=True, blank=True)
    attempts = models.IntegerField(_("attempts"), default=0)
    losses = models.SmallIntegerField(_("lost workers"), default=0)
    last_error = models.TextField(_("last error"), blank=True, default="")
    error_code = models.CharField(_("error code"), max_length=64, blank=True, default="")
    result = models.JSONField(_("result"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    done_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    partition_retention = timedelta(days=30)

    class Meta(PartitionedModel.Meta):
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(state__in=MessageState.values), name="outbox_message_state"),
            models.CheckConstraint(condition=models.Q(queue__in=Queue.values), name="outbox_message_queue"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["queue", "priority", "lane", "due_at", "position"],
                condition=models.Q(state=MessageState.NEW),
                name="outbox_due",
            ),
            models.Index(
                fields=["queue", "lease_until"], condition=models.Q(state=MessageState.LEASED), name="outbox_leased"
            ),
            models.Index(
                fields=["ordering_key", "position"],
                condition=models.Q(state__in=UNFINISHED, ordering_key__isnull=False),
                name="outbox_order",
            ),
            models.Index(
                fields=["organization_id", "-id"],
                condition=models.Q(state__in=(MessageState.DEAD, MessageState.UNKNOWN)),
                name="outbox_failed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"


class OutboxKey(models.Model):
    """Every key published lately, in one narrow table: a partitioned one cannot hold a unique key of its own."""

    key = models.CharField(_("key"), max_length=200, primary_key=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("outbox key")
        verbose_name_plural = _("outbox keys")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at"], name="outbox_key_age")]

    def __str__(self) -> str:
        return self.key


class OutboxAttempt(PartitionedModel):
    """One attempt; its id is the claim's token."""

    message_id = models.UUIDField(_("message"))
    number = models.IntegerField(_("number"))
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=AttemptOutcome.choices)
    error = models.TextField(_("error"), blank=True, default="")

    partition_retention = timedelta(days=30)

    class Meta(PartitionedModel.Meta):
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["message_id"], name="outbox_attempt_message")]

    def __str__(self) -> str:
        return f"{self.message_id} #{self.number}: {self.outcome}"
