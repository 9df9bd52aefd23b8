"""All that one contact and one bot say (`Conversation`), and one way through one version (`Run`)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantForeignKey, TenantModel, tenant_fk
from flows.models.enums import RunStatus


class Conversation(TenantModel):
    """The row the drain locks. `stack` holds its live runs from bottom to top; all input without a run goes to the top."""

    bot = tenant_fk("bots.Bot", on_delete=models.PROTECT, related_name="+")
    contact = tenant_fk("bots.Contact", on_delete=models.PROTECT, related_name="+")
    telegram_user_id = models.BigIntegerField(_("Telegram id"))
    stack = ArrayField(models.UUIDField(), verbose_name=_("runs, bottom to top"), default=list, blank=True)
    top_run_id = models.UUIDField(_("run on top"), null=True, blank=True)
    attention = models.BooleanField(_("unread by the team"), default=False)
    # Test chats only: how far their clock is ahead, and the version `/start` runs.
    clock_offset = models.DurationField(_("clock ahead by"), null=True, blank=True)
    pinned_version = tenant_fk("flows.FlowVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    last_event_at = models.DateTimeField(_("last event"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes = [
            models.Index(fields=["organization", "-last_event_at"], name="conversation_by_last_event"),
            models.Index(
                fields=["organization"], condition=models.Q(attention=True), name="conversation_unread_by_team"
            ),
        ]
        constraints = [
            *TenantModel.Meta.constraints,
            TenantForeignKey(fields=["organization", "bot"], to="bots.Bot", name="conversation_bot_same_org"),
            TenantForeignKey(fields=["organization", "contact"], to="bots.Contact", name="conversation_contact_same_org"),
            TenantForeignKey(
                fields=["organization", "pinned_version"], to="flows.FlowVersion", name="conversation_version_same_org"
            ),
            models.UniqueConstraint(fields=["bot", "telegram_user_id"], name="one_conversation_per_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.bot_id}:{self.telegram_user_id}"


class Run(TenantModel):
    """One contact's way through one version. `state` is the engine's, written only by the drain with `revision + 1`."""

    conversation = tenant_fk("flows.Conversation", on_delete=models.PROTECT, related_name="runs")
    contact = tenant_fk("bots.Contact", on_delete=models.PROTECT, related_name="+")
    bot = tenant_fk("bots.Bot", on_delete=models.PROTECT, related_name="+")
    flow = tenant_fk("flows.Flow", on_delete=models.PROTECT, null=True, blank=True, related_name="runs")
    version = tenant_fk("flows.FlowVersion", on_delete=models.PROTECT, related_name="+")
    status = models.CharField(_("status"), max_length=8, choices=RunStatus.choices, default=RunStatus.ACTIVE)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    step_id = models.CharField(_("step"), max_length=64, null=True, blank=True)  # noqa: DJ001 no step is not a step
    entered_at = models.DateTimeField(_("entered the step at"), null=True, blank=True)
    state = models.JSONField(_("state"), default=dict)
    owes = models.BooleanField(_("paid and not yet served"), default=False)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    failure = models.CharField(_("failure"), max_length=500, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["conversation", "-started_at"], name="run_by_conversation"),
            models.Index(fields=["organization", "-started_at"], name="run_by_start"),
            # Who waits where: the publish page and the numbers on the canvas.
            models.Index(fields=["version", "step_id"], condition=models.Q(status="active"), name="run_waiting_by_step"),
            models.Index(fields=["organization"], condition=models.Q(status="failed"), name="run_standing_still"),
        ]
        constraints = [
            *TenantModel.Meta.constraints,
            TenantForeignKey(fields=["organization", "conversation"], to="flows.Conversation", name="run_conversation_same_org"),
            TenantForeignKey(fields=["organization", "contact"], to="bots.Contact", name="run_contact_same_org"),
            TenantForeignKey(fields=["organization", "bot"], to="bots.Bot", name="run_bot_same_org"),
            TenantForeignKey(fields=["organization", "flow"], to="flows.Flow", name="run_flow_same_org"),
            TenantForeignKey(fields=["organization", "version"], to="flows.FlowVersion", name="run_version_same_org"),
        ]

    def __str__(self) -> str:
        return str(self.id)
