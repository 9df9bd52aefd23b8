"""A gateway's notice as it came: raw, kept, and what became of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from payments.models.enums import DeliveryState


class WebhookDelivery(TenantModel):
    """One delivery. It is only a hint: nothing in its body ever pays anything.

    `verified` is None where the gateway signs nothing. `references` are the charge ids it names, so that a charge whose
    answer comes after its first notice finds that notice again. The very same bytes are one row: `came_again_at` says
    when they came last, which may mean something new where a body says no more than which charge.
    """

    account = tenant_fk(
        "payments.GatewayAccount", on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("account")
    )
    digest = models.CharField(_("digest"), max_length=64)
    headers = models.JSONField(_("headers"), default=dict)
    query = models.CharField(_("query"), max_length=2000, blank=True)
    body = models.BinaryField(_("body"))
    verified = models.BooleanField(_("signature right"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=DeliveryState.choices, default=DeliveryState.NEW)
    references = models.JSONField(_("charges named"), default=list, blank=True)
    payment_id = models.UUIDField(_("charge"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    lease_until = models.DateTimeField(_("being handled until"), null=True, blank=True)
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)
    came_again_at = models.DateTimeField(_("came again at"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("gateway notice")
        verbose_name_plural = _("gateway notices")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(state__in=[DeliveryState.NEW, DeliveryState.UNMATCHED]),
                name="delivery_due",
            )
        ]
        constraints = [
            *tenant_constraints("account"),
            models.UniqueConstraint(fields=["account", "digest"], name="delivery_once_per_account"),
        ]

    def __str__(self) -> str:
        return f"{self.digest[:12]} {self.state}"
