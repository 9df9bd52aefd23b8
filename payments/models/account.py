"""A seller's account at a gateway, and the order in which a bot tries its accounts."""

import secrets
from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.fields import EncryptedJSONField, EncryptedTextField
from bots.models.base import TenantModel, tenant_constraints, tenant_fk


def new_public_id() -> str:
    """Part of the account's webhook address; nobody can guess it."""
    return secrets.token_urlsafe(24)


def new_webhook_secret() -> str:
    """Signs the notices of a gateway that lets us choose the secret."""
    return secrets.token_urlsafe(32)


class GatewayAccount(TenantModel):
    """Credentials of one organization at one gateway, with its health as last seen."""

    gateway = models.CharField(_("gateway"), max_length=32)
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

    class Meta(TenantModel.Meta):
        verbose_name = _("gateway account")
        verbose_name_plural = _("gateway accounts")
        ordering = ["position", "created_at"]

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
