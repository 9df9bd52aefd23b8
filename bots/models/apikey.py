"""Keys for partners: shown once, kept only as a hash."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints
from bots.models.organization import User
from bots.permissions import ApiScope


class ApiKey(TenantModel):
    """`trl_<prefix>_<secret>`: the prefix is for people to tell keys apart, the SHA-256 of the whole finds it."""

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=32, choices=ApiScope.choices), verbose_name=_("scopes"))
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("created by")
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = tenant_constraints()

    def __str__(self) -> str:
        return f"{self.name} (trl_{self.prefix}_…)"

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class IdempotencyRecord(TenantModel):
    """The answer given to a POST with an `Idempotency-Key`, written in the transaction of what it did."""

    api_key_id = models.UUIDField()
    route = models.CharField(_("route"), max_length=200)
    key = models.CharField(_("key"), max_length=255)
    body_hash = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField(_("status code"), null=True)
    response = models.JSONField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("idempotency record")
        verbose_name_plural = _("idempotency records")
        indexes = [models.Index(fields=["created_at"], name="bots_idempotency_age")]
        constraints = [
            *tenant_constraints(),
            models.UniqueConstraint(fields=["organization", "route", "key"], name="bots_idempotency_once"),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
