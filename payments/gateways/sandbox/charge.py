"""The sandbox's own books: a charge as the gateway knows it, apart from what Trilho has been told."""

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from payments.domain.money import Currency, Money
from payments.domain.states import PaymentStatus


def new_token() -> str:
    """The unguessable part of the page's address; short enough for a PIX code."""
    return secrets.token_urlsafe(16)


class SandboxCharge(TenantModel):
    """One charge on the gateway's side. `received_minor` is all that ever came in, so paying twice doubles it."""

    account = tenant_fk(
        "payments.GatewayAccount", on_delete=models.CASCADE, related_name="sandbox_charges", verbose_name=_("account")
    )
    reference = models.CharField(_("reference"), max_length=64)
    token = models.CharField(_("token"), max_length=32, unique=True, default=new_token, editable=False)
    status = models.CharField(_("status"), max_length=20, default=PaymentStatus.PENDING.value)
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    received_minor = models.BigIntegerField(_("received in minor units"), default=0)
    refunded_minor = models.BigIntegerField(_("refunded in minor units"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    description = models.CharField(_("description"), max_length=250)
    br_code = models.CharField(_("PIX code"), max_length=512, blank=True)
    txid = models.CharField(_("txid"), max_length=25)
    end_to_end_id = models.CharField(_("end-to-end id"), max_length=32, blank=True)
    dispute_won = models.BooleanField(_("dispute won"), default=False)
    expires_at = models.DateTimeField(_("expires at"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        app_label = "payments"
        verbose_name = _("sandbox charge")
        verbose_name_plural = _("sandbox charges")
        ordering = ["-created_at"]
        constraints = [
            *tenant_constraints("account"),
            models.UniqueConstraint(fields=["account", "reference"], name="sandbox_reference_once"),
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="sandbox_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.status}"

    @property
    def provider_id(self) -> str:
        """The id the gateway tells the world."""
        return f"sbx_{self.pk.hex}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))

    @property
    def received(self) -> Money:
        return Money(self.received_minor, Currency(self.currency))
