"""What happened in a run, line by line."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import PartitionedModel


class TimelineEntry(PartitionedModel):
    """One line, written by the drain in the transaction that made it true. Partitioned by `id`; no foreign keys."""

    bot_id = models.UUIDField(_("bot"))
    conversation_id = models.UUIDField(_("conversation"))
    run_id = models.UUIDField(_("run"))
    inbox_event_id = models.UUIDField(_("inbox event"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=32)
    step_id = models.CharField(_("step"), max_length=64, null=True, blank=True)  # noqa: DJ001 no step is not a step
    data = models.JSONField(_("data"), default=dict)
    at = models.DateTimeField(_("at"))

    partition_retention = timedelta(days=2 * 365)

    class Meta(PartitionedModel.Meta):
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        ordering = ["id"]
        indexes = [models.Index(fields=["run_id", "id"], name="timeline_by_run")]

    def __str__(self) -> str:
        return f"{self.kind} {self.step_id or ''}".strip()
