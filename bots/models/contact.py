"""A Telegram user as one bot sees them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from bots.models.bot import Bot
from bots.storable import one_line


class Channel(models.TextChoices):
    TELEGRAM = "telegram", _("Telegram")
    SIMULATOR = "simulator", _("Test chat")


class Contact(TenantModel):
    """One person in one bot. Rows are made by the drain in bulk, so every column has a default in the database."""

    bot = tenant_fk(Bot, on_delete=models.CASCADE, related_name="+", verbose_name=_("bot"))
    telegram_user_id = models.BigIntegerField(_("Telegram user"))
    channel = models.CharField(
        _("channel"), max_length=10, choices=Channel.choices, default=Channel.TELEGRAM, db_default=Channel.TELEGRAM
    )
    first_name = models.CharField(_("first name"), max_length=256, blank=True, default="", db_default="")
    last_name = models.CharField(_("last name"), max_length=256, blank=True, default="", db_default="")
    username = models.CharField(_("username"), max_length=64, blank=True, default="", db_default="")
    language_code = models.CharField(_("language"), max_length=35, blank=True, default="", db_default="")
    variables = models.JSONField(
        _("variables"), default=dict, blank=True, db_default=models.Value({}, models.JSONField())
    )
    tags = ArrayField(
        models.CharField(max_length=64),
        verbose_name=_("tags"),
        default=list,
        blank=True,
        db_default=models.Value([], ArrayField(models.CharField(max_length=64))),
    )
    blocked_at = models.DateTimeField(_("blocked the bot at"), null=True, blank=True)
    unread = models.BooleanField(_("unread"), default=False, db_default=False)
    updated_at = models.DateTimeField(_("updated at"), db_default=Now(), editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            *tenant_constraints("bot"),
            models.UniqueConstraint(fields=["bot", "telegram_user_id"], name="bots_contact_once"),
            models.CheckConstraint(condition=models.Q(channel__in=Channel.values), name="bots_contact_channel"),
        ]

    def __str__(self) -> str:
        return self.full_name or (f"@{self.username}" if self.username else str(self.telegram_user_id))

    @property
    def full_name(self) -> str:
        """As pages, notices and spreadsheets write it."""
        return one_line(f"{self.first_name} {self.last_name}")
