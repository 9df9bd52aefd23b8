"""A Telegram bot as its owner sees it."""

import secrets
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.fields import EncryptedTextField
from bots.models.base import TenantModel, tenant_constraints
from bots.models.organization import Locale


class Delivery(models.TextChoices):
    """How the bot's updates reach us."""

    WEBHOOK = "webhook", _("Webhook")
    POLLING = "polling", _("Polling")
    SIMULATOR = "simulator", _("Simulator only")


class BotStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    REVOKED = "revoked", _("Token revoked")
    DISCONNECTED = "disconnected", _("Disconnected")


def new_public_id() -> str:
    """Unguessable: it stands in the webhook's address."""
    return secrets.token_urlsafe(18)


FLOW_FIELDS = ("welcome_message", "main_buttons", "redirect_buttons")


class Bot(TenantModel):
    """A bot; a simulator bot has no token and lives only in test chats."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=100)
    username = models.CharField(_("username"), max_length=64, blank=True)
    telegram_id = models.BigIntegerField(_("Telegram id"), null=True, blank=True)
    token = EncryptedTextField(_("token"), null=True, blank=True, editable=False)
    token_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    webhook_secret_hash = models.CharField(max_length=64, blank=True, editable=False)
    delivery = models.CharField(_("delivery"), max_length=10, choices=Delivery.choices, default=Delivery.SIMULATOR)
    status = models.CharField(_("status"), max_length=12, choices=BotStatus.choices, default=BotStatus.ACTIVE)

    welcome_message = models.TextField(_("welcome message"), blank=True)
    main_buttons = models.JSONField(_("main buttons"), default=list, blank=True)
    redirect_buttons = models.JSONField(_("redirect buttons"), default=list, blank=True)
    flow_enabled = models.BooleanField(_("flow enabled"), default=False)
    texts = models.JSONField(_("built-in texts"), default=dict, blank=True)
    locale = models.CharField(_("language"), max_length=10, choices=Locale.choices, default=Locale.PORTUGUESE)
    support_contact = models.CharField(
        _("support contact"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("What /paysupport tells: @username, e-mail, phone or address. Empty: this very chat."),
    )

    paused_until = models.DateTimeField(_("sending paused until"), null=True, blank=True)
    polling_offset = models.BigIntegerField(default=0, editable=False)
    polling_lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    polling_lease_token = models.UUIDField(null=True, blank=True, editable=False)
    last_update_at = models.DateTimeField(_("last update"), null=True, blank=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("bot")
        verbose_name_plural = _("bots")
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints = [
            *tenant_constraints(),
            models.CheckConstraint(condition=models.Q(delivery__in=Delivery.values), name="bots_bot_delivery"),
            models.CheckConstraint(condition=models.Q(status__in=BotStatus.values), name="bots_bot_status"),
            models.CheckConstraint(
                condition=models.Q(token__isnull=True, token_hash__isnull=True)
                | models.Q(token__isnull=False, token_hash__isnull=False),
                name="bots_bot_token_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"@{self.username}" if self.username else self.name

    @property
    def flow_fields(self) -> dict[str, Any]:
        """What every version of the bot's flows holds a copy of."""
        return {name: getattr(self, name) for name in FLOW_FIELDS}
