"""What the nightly comparison of our books with a gateway's list came to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk


class Reconciliation(TenantModel):
    """One account and one day in Brazil: what we booked as received, what the gateway lists of our charges.

    `differing` are the charges that only one side knows, still after each was asked about by itself; `unknown` is money
    on its list that no sale of anybody's here explains, which may well be the seller's other business; `error` is set
    where the gateway gave no list.
    """

    account = tenant_fk(
        "payments.GatewayAccount", on_delete=models.CASCADE, related_name="reconciliations", verbose_name=_("account")
    )
    day = models.DateField(_("day"))
    ours_minor = models.BigIntegerField(_("in our books, in minor units"), default=0)
    ours_count = models.PositiveIntegerField(_("charges in our books"), default=0)
    theirs_minor = models.BigIntegerField(_("at the gateway, in minor units"), default=0)
    theirs_count = models.PositiveIntegerField(_("charges at the gateway"), default=0)
    found_count = models.PositiveIntegerField(_("found by this comparison"), default=0)
    unknown_minor = models.BigIntegerField(_("not of our sales, in minor units"), default=0, db_default=0)
    unknown_count = models.PositiveIntegerField(_("charges not of our sales"), default=0, db_default=0)
    unknown = models.JSONField(_("charges not of our sales, by id"), default=list, db_default=[], blank=True)
    differing = models.JSONField(_("differing charges"), default=list, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    checked_at = models.DateTimeField(_("compared at"))

    class Meta(TenantModel.Meta):
        verbose_name = _("comparison with a gateway")
        verbose_name_plural = _("comparisons with gateways")
        ordering = ["-day"]
        constraints = [
            *tenant_constraints("account"),
            models.UniqueConstraint(fields=["account", "day"], name="reconciliation_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.ours_minor}/{self.theirs_minor}"

    @property
    def agrees(self) -> bool:
        """Whether both sides know of the same money."""
        return not self.error and not self.differing
