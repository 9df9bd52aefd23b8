"""Everything that can move a conversation, as rows: `InboxEvent`, its dedupe key, and what a drain is about to try."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bots.ids import uuid7
from bots.models.base import PartitionedModel
from flows.models.enums import InboxSource, InboxState

MAX_SHARDS = 64


class InboxEvent(PartitionedModel):
    """One thing that came in. Partitioned by `id`; nothing refers to it by a foreign key and it refers to nothing.

    `payload` holds the bytes as they came (a Telegram update), or the JSON of an engine event.
    """

    bot_id = models.UUIDField(_("bot"))
    telegram_user_id = models.BigIntegerField(_("Telegram id"))
    run_id = models.UUIDField(_("run"), null=True, blank=True)
    shard = models.SmallIntegerField(_("shard"))
    source = models.CharField(_("source"), max_length=12, choices=InboxSource.choices)
    external_id = models.CharField(_("external id"), max_length=200)
    payload = models.BinaryField(_("payload"))
    received_at = models.DateTimeField(_("received at"), db_default=Now())
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    state = models.CharField(
        _("state"), max_length=10, choices=InboxState.choices, default=InboxState.NEW, db_default=InboxState.NEW.value
    )
    error = models.TextField(_("error"), blank=True, default="", db_default="")
    # When the engine took it, on the conversation's own clock but for what a test chat skipped.
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)
    # What its turn could see of bot and contact, where a replay could not know it (`flows.runtime.journal`).
    journal = models.JSONField(_("journal"), null=True, blank=True)

    partition_retention = timedelta(days=90)

    class Meta(PartitionedModel.Meta):
        verbose_name = _("inbox event")
        verbose_name_plural = _("inbox events")
        indexes = [
            # Both hold the backlog only: a row leaves them the moment it is handled.
            models.Index(
                fields=["shard", "bot_id", "id"], condition=models.Q(state="new"), name="inbox_waiting_by_shard"
            ),
            models.Index(
                fields=["bot_id", "telegram_user_id", "id"],
                condition=models.Q(state="new"),
                name="inbox_waiting_by_chat",
            ),
            models.Index(
                fields=["organization_id", "id"], condition=models.Q(state="set_aside"), name="inbox_set_aside"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.external_id}"


class InboxKey(models.Model):
    """What makes a repeated delivery change nothing. Written by the same statement as its row; purged after 30 days."""

    pk = models.CompositePrimaryKey("bot_id", "source", "external_id")
    bot_id = models.UUIDField()
    source = models.CharField(max_length=12)
    external_id = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("inbox key")
        verbose_name_plural = _("inbox keys")
        # Rows lie in the order they came, so a summary per page range is enough to find the old ones.
        indexes = [BrinIndex(fields=["created_at"], name="inbox_key_age")]

    def __str__(self) -> str:
        return f"{self.source}:{self.external_id}"


class DrainMark(models.Model):
    """The heads of the conversations a drain is about to try, committed before it tries and gone with its commit.

    A mark that outlives its lease belongs to a worker that died in the middle: its heads count one attempt, because
    the count that worker would have made was rolled back with everything else.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    shard = models.SmallIntegerField(_("shard"))
    heads = ArrayField(models.UUIDField(), verbose_name=_("first events"))
    lease_until = models.DateTimeField(_("lease until"))

    class Meta:
        verbose_name = _("drain in progress")
        verbose_name_plural = _("drains in progress")

    def __str__(self) -> str:
        return f"{self.shard}: {len(self.heads)}"
