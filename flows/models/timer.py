"""Waits with a due time, as rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from flows.engine.events import TimerKind
from flows.models.enums import TimerState


class Timer(TenantModel):
    """Set by one wait of one run; a due one becomes an inbox row, which the engine refuses if the wait is over."""

    conversation = tenant_fk(
        "flows.Conversation", db_index=False, on_delete=models.CASCADE, related_name="+", verbose_name=_("conversation")
    )
    run = tenant_fk("flows.Run", db_index=False, on_delete=models.CASCADE, related_name="timers", verbose_name=_("run"))
    kind = models.CharField(_("kind"), max_length=16, choices=[(kind.value, kind.value) for kind in TimerKind])
    wait = models.PositiveIntegerField(_("wait"))
    visit = models.PositiveIntegerField(_("visit"), null=True, blank=True)
    due_at = models.DateTimeField(_("due at"))
    state = models.CharField(_("state"), max_length=8, choices=TimerState.choices, default=TimerState.ARMED)

    class Meta(TenantModel.Meta):
        verbose_name = _("timer")
        verbose_name_plural = _("timers")
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="armed"), name="timer_due"),
            models.Index(fields=["run"], condition=models.Q(state="armed"), name="timer_armed_by_run"),
        ]
        constraints = [*tenant_constraints("conversation", "run")]

    def __str__(self) -> str:
        return f"{self.kind} {self.due_at:%Y-%m-%d %H:%M}"
