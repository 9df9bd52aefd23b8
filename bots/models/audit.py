"""Who did what, and why: for people. The technical log is another thing."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.apikey import ApiKey
from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from bots.models.organization import User


class ActorKind(models.TextChoices):
    USER = "user", _("Member")
    API_KEY = "key", _("API key")
    STAFF = "staff", _("Staff")
    SYSTEM = "system", _("Trilho")


class AuditEntry(TenantModel):
    """One act. Rows are only ever added."""

    actor_kind = models.CharField(_("kind of actor"), max_length=6, choices=ActorKind.choices)
    actor_user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    actor_key = tenant_fk(
        ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("API key")
    )
    action = models.CharField(_("action"), max_length=64)
    object_type = models.CharField(_("kind of object"), max_length=64)
    object_id = models.CharField(_("object"), max_length=64)
    data = models.JSONField(_("data"), default=dict, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [models.Index(fields=["organization", "object_type", "object_id"], name="bots_audit_object")]
        constraints = [
            *tenant_constraints("actor_key"),
            models.CheckConstraint(condition=models.Q(actor_kind__in=ActorKind.values), name="bots_audit_actor_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"
