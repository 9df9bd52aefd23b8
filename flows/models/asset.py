"""Files an organization uploaded, to be sent by its flows."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints
from flows.engine.media import MAX_FILE_NAME
from flows.models.enums import AssetKind


class Asset(TenantModel):
    """One file. Deleting hides it: no new definition may name it, while what runs already sends it until it is purged.

    The same bytes of the same kind are the same asset. `file` is a name in the storage, which tells nothing of it.
    """

    name = models.CharField(_("name"), max_length=MAX_FILE_NAME)
    kind = models.CharField(_("kind"), max_length=9, choices=AssetKind.choices)
    mime = models.CharField(_("content type"), max_length=64)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    file = models.FileField(_("file"), max_length=200, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("uploaded by"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("media file")
        verbose_name_plural = _("media files")
        ordering = ["-created_at"]
        constraints = [
            *tenant_constraints(),
            models.UniqueConstraint(fields=["organization", "kind", "sha256"], name="one_asset_per_content"),
            models.CheckConstraint(condition=models.Q(kind__in=AssetKind.values), name="asset_kind"),
        ]
        indexes = [
            models.Index(fields=["deleted_at"], condition=models.Q(deleted_at__isnull=False), name="asset_deleted"),
        ]

    def __str__(self) -> str:
        return self.name
