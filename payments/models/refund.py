"""Money that goes back: the intent, committed before any gateway is told, and what came of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models import ActorKind
from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from payments.domain.money import Currency, Money
from payments.models.enums import RefundState

OPEN_REFUND_CONSTRAINT = "refund_one_at_a_time"


class Refund(TenantModel):
    """`total_minor` is what will have gone back of the charge in all once this is done: what gateways are asked for, so
    that a repeat gives nothing twice. One is open at a time for a charge."""

    payment = tenant_fk("payments.Payment", on_delete=models.PROTECT, related_name="refunds", verbose_name=_("charge"))
    amount_minor = models.BigIntegerField(_("amount in minor units"))
    total_minor = models.BigIntegerField(_("given back in all, in minor units"))
    currency = models.CharField(_("currency"), max_length=3, choices=[(one.value, one.value) for one in Currency])
    state = models.CharField(_("state"), max_length=8, choices=RefundState.choices, default=RefundState.ASKED)
    asked_by = models.CharField(_("asked for by"), max_length=6, choices=ActorKind.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    done_at = models.DateTimeField(_("given back at"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-created_at"]
        constraints = [
            *tenant_constraints("payment"),
            models.UniqueConstraint(
                fields=["payment"],
                condition=models.Q(state__in=[RefundState.ASKED, RefundState.BY_HAND]),
                name=OPEN_REFUND_CONSTRAINT,
            ),
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0, total_minor__gte=models.F("amount_minor")),
                name="refund_amount_positive",
            ),
            models.CheckConstraint(condition=models.Q(state__in=RefundState.values), name="refund_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, Currency(self.currency))

    @property
    def total(self) -> Money:
        return Money(self.total_minor, Currency(self.currency))
