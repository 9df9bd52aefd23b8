"""Test conversations that an owner saved for a flow."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from flows.engine.testing.document import MAX_NAME


class ConversationTest(TenantModel):
    """One test conversation of a flow, whatever its version. `last_report` is what it showed when it was last played,
    on the draft or at a publication; it says nothing of what changed since."""

    # Not a test of ours.
    __test__ = False

    flow = tenant_fk(
        "flows.Flow",
        on_delete=models.CASCADE,
        related_name="conversation_tests",
        verbose_name=_("flow"),
        db_index=False,
    )
    name = models.CharField(_("name"), max_length=MAX_NAME)
    document = models.JSONField(_("document"), default=dict)
    last_ok = models.BooleanField(_("passed"), null=True, blank=True)
    last_report = models.JSONField(_("last result"), null=True, blank=True)
    last_played_at = models.DateTimeField(_("last played at"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("test conversation")
        verbose_name_plural = _("test conversations")
        ordering = ["created_at", "id"]
        constraints = [
            *tenant_constraints("flow"),
            models.UniqueConstraint(fields=["flow", "name"], name="one_conversation_test_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
