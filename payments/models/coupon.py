"""How many sales hold each coupon that may not be used without end."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints


class CouponUse(TenantModel):
    """One for each (flow, step, code) whose coupon has a limit. `used`: the sales that hold a place of it, paid or
    payable. A late payment takes its place even where none is left, so it may be more than the limit.

    Flows are no foreign key: what was sold stays counted. Written only by `payments.services.coupons`.
    """

    flow_id = models.UUIDField(_("flow"))
    step_id = models.CharField(_("step"), max_length=64)
    # As codes are compared: trimmed, in one case. Lower case may be longer than what was written.
    code = models.CharField(_("code"), max_length=200)
    used = models.PositiveIntegerField(_("sales that hold it"), default=0)

    class Meta(TenantModel.Meta):
        verbose_name = _("use of a coupon")
        verbose_name_plural = _("uses of coupons")
        constraints = [
            *tenant_constraints(),
            models.UniqueConstraint(fields=["organization", "flow_id", "step_id", "code"], name="coupon_use_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.used}"
