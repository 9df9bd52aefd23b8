"""Answers that are kept for a purpose or for a time: what was asked, why, and when it is erased."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk


class KeptAnswer(TenantModel):
    """Where one answer lies, never the answer itself. Written by the drain for questions with a purpose or a retention.

    `due_at` is None for an answer that is kept until it is deleted by hand. An answer that was not accepted is erased
    with the others: a mistyped document is still somebody's.
    """

    conversation = tenant_fk(
        "flows.Conversation", db_index=False, on_delete=models.CASCADE, related_name="+", verbose_name=_("conversation")
    )
    run_id = models.UUIDField(_("run"))
    step_id = models.CharField(_("step"), max_length=64)
    variable = models.CharField(_("variable"), max_length=80, blank=True)
    purpose = models.TextField(_("purpose"), blank=True)
    accepted = models.BooleanField(_("accepted"))
    inbox_event_id = models.UUIDField(_("inbox event"))
    message_id = models.UUIDField(_("message"))
    answered_at = models.DateTimeField(_("answered at"))
    due_at = models.DateTimeField(_("erased from"), null=True, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["conversation", "id"], name="kept_answer_by_chat"),
            # Only what is still to be erased: the job's look costs what it finds.
            models.Index(
                fields=["due_at"],
                condition=models.Q(erased_at__isnull=True, due_at__isnull=False),
                name="kept_answer_due",
            ),
            models.Index(fields=["erased_at"], condition=models.Q(erased_at__isnull=False), name="kept_answer_erased"),
        ]
        constraints = [*tenant_constraints("conversation")]

    def __str__(self) -> str:
        return self.step_id
