"""The transcript: what the contact said and what the bot answered, in order."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.ids import uuid7
from bots.tenancy import TenantManager
from flows.models.enums import Direction


class Message(models.Model):
    """One line of a chat, written by the drain. Partitioned by `id`; no foreign keys.

    A line to the contact has the key of its outbox row, where its delivery is known. In a test chat
    `payload["calls"]` holds the Bot API calls that would have been made.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField(_("organization"))
    bot_id = models.UUIDField(_("bot"))
    conversation_id = models.UUIDField(_("conversation"))
    run_id = models.UUIDField(_("run"), null=True, blank=True)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    text = models.TextField(_("text"), blank=True)
    payload = models.JSONField(_("payload"), default=dict)
    outbox_key = models.CharField(_("outbox key"), max_length=200, blank=True)
    telegram_message_id = models.BigIntegerField(_("Telegram message id"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    objects = TenantManager()
    unscoped = models.Manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["id"]
        indexes = [models.Index(fields=["conversation_id", "id"], name="message_by_conversation")]

    def __str__(self) -> str:
        return self.text[:80]
