"""The transcript: what the contact said and what the bot answered, in order."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import PartitionedModel
from flows.models.enums import Direction


class Message(PartitionedModel):
    """One line of a chat, written by the drain. Partitioned by `id`; no foreign keys.

    A line to the contact has the `id` of its outbox row, where its delivery is known. In a test chat
    `payload["calls"]` holds the Bot API calls that would have been made, and `payload["unsent"]` why none was.
    """

    bot_id = models.UUIDField(_("bot"))
    conversation_id = models.UUIDField(_("conversation"))
    run_id = models.UUIDField(_("run"), null=True, blank=True)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    text = models.TextField(_("text"), blank=True)
    payload = models.JSONField(_("payload"), default=dict)
    telegram_message_id = models.BigIntegerField(_("Telegram message id"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    partition_retention = timedelta(days=2 * 365)

    class Meta(PartitionedModel.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["id"]
        indexes = [models.Index(fields=["conversation_id", "id"], name="message_by_conversation")]

    def __str__(self) -> str:
        return self.text[:80]
