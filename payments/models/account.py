"""A seller's account at a gateway, and the order in which a bot tries its accounts."""

import secrets
from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.fields import EncryptedJSONField, EncryptedTextField
from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from payments.domain.gateway_names import GatewayName
from payments.models.enums import GATEWAY_CHOICES


def new_public_id() -> str:
    """Part of the account's webhook address; nobody can guess it."""
    return secrets.token_urlsafe(24)


def new_webhook_secret() -> str:
    """Signs the notices of a gateway that lets us choose the secret."""
    return secrets.token_urlsafe(32)


class GatewayAccount(TenantModel):
    """Credentials of one organization at one gateway, with its health as last seen.

    `webhook_registered_at`: when we gave the gateway its address for notices ourselves; `webhook_error`: why not.
    `questions_until` is the moment until which its questions to the gateway are spoken for (see `services.quota`).
    """

    gateway = models.CharField(_("gateway"), max_length=32, choices=GATEWAY_CHOICES)
    name = models.CharField(_("name"), max_length=80)
    public_id = models.CharField(_("public id"), max_length=64, unique=True, default=new_public_id, editable=False)
    credentials = EncryptedJSONField(_("credentials"), default=dict, blank=True)
    webhook_secret = EncryptedTextField(_("webhook secret"), default=new_webhook_secret, blank=True)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    last_webhook_at = models.DateTimeField(_("last notice"), null=True, blank=True)
    last_answer_at = models.DateTimeField(_("last answer"), null=True, blank=True)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    webhook_registered_at = models.DateTimeField(_("notices registered"), null=True, blank=True)
    webhook_error = models.CharField(
        _("why notices are not registered"), max_length=300, blank=True, default="", db_default=""
    )
    questions_until = models.DateTimeField(_("questions until"), null=True, blank=True, editable=False)
    # Telegram's Stars belong to a bot and need no credentials: one account for each, made by us.
    stars_of = tenant_fk(
        "bots.Bot",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("Stars of the bot"),
        null=True,
        blank=True,
        editable=False,
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("gateway account")
        verbose_name_plural = _("gateway accounts")
        ordering = ["position", "created_at"]
        constraints = [
            *tenant_constraints("stars_of"),
            models.UniqueConstraint(
                fields=["stars_of"], condition=models.Q(stars_of__isnull=False), name="gatewayaccount_stars_once"
            ),
            models.CheckConstraint(
                condition=models.Q(gateway=GatewayName.STARS.value, stars_of__isnull=False)
                | (~models.Q(gateway=GatewayName.STARS.value) & models.Q(stars_of__isnull=True)),
                name="gatewayaccount_stars_have_a_bot",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def opened_credentials(self) -> Mapping[str, str]:
        """The credentials in clear; for the gateway's adapter only."""
        return {str(name): str(value) for name, value in (self.credentials or {}).items()}


class BotGateway(TenantModel):
    """One place in a bot's list of accounts: the first that answers makes the charge."""

    bot = tenant_fk("bots.Bot", on_delete=models.CASCADE, related_name="gateways", verbose_name=_("bot"))
    account = tenant_fk(
        "payments.GatewayAccount", on_delete=models.CASCADE, related_name="bot_places", verbose_name=_("account")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("gateway of a bot")
        verbose_name_plural = _("gateways of bots")
        ordering = ["position"]
        constraints = [
            *tenant_constraints("bot", "account"),
            models.UniqueConstraint(fields=["bot", "account"], name="botgateway_once_per_bot"),
        ]

    def __str__(self) -> str:
        return f"{self.position}"
