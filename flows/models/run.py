"""All that one contact and one bot say (`Conversation`), and one way through one version (`Run`)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.base import TenantModel, tenant_constraints, tenant_fk
from flows.models.enums import RunStatus


class Conversation(TenantModel):
    """The row the drain locks. `stack` holds its live runs from bottom to top; what names no run goes to the top."""

    bot = tenant_fk("bots.Bot", db_index=False, on_delete=models.PROTECT, related_name="+", verbose_name=_("bot"))
    contact = tenant_fk(
        "bots.Contact", db_index=False, on_delete=models.PROTECT, related_name="+", verbose_name=_("contact")
    )
    telegram_user_id = models.BigIntegerField(_("Telegram id"))
    stack = ArrayField(models.UUIDField(), verbose_name=_("runs, bottom to top"), default=list, blank=True)
    top_run_id = models.UUIDField(_("run on top"), null=True, blank=True)
    attention = models.BooleanField(_("unread by the team"), default=False)
    # Test chats only: how far their clock is ahead, and the version `/start` runs.
    clock_offset = models.DurationField(_("clock ahead by"), null=True, blank=True)
    pinned_version = tenant_fk(
        "flows.FlowVersion",
        db_index=False,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("version tried"),
    )
    last_event_at = models.DateTimeField(_("last event"), null=True, blank=True)
    # Tells whether bot and contact are as the inbox last noted them (`flows.runtime.journal`).
    journal_digest = models.CharField(_("journal"), max_length=16, default="", db_default="", blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        # Nothing that every event changes is indexed, so that updates stay within their page.
        indexes = [
            models.Index(
                fields=["organization"], condition=models.Q(attention=True), name="conversation_unread_by_team"
            ),
        ]
        constraints = [
            *tenant_constraints("bot", "contact", "pinned_version"),
            models.UniqueConstraint(fields=["bot", "telegram_user_id"], name="one_conversation_per_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.bot_id}:{self.telegram_user_id}"


class Run(TenantModel):
    """One contact's way through one version. `state` is the engine's, written only by the drain with `revision + 1`."""

    conversation = tenant_fk(
        "flows.Conversation",
        db_index=False,
        on_delete=models.PROTECT,
        related_name="runs",
        verbose_name=_("conversation"),
    )
    contact = tenant_fk(
        "bots.Contact", db_index=False, on_delete=models.PROTECT, related_name="+", verbose_name=_("contact")
    )
    bot = tenant_fk("bots.Bot", db_index=False, on_delete=models.PROTECT, related_name="+", verbose_name=_("bot"))
    flow = tenant_fk(
        "flows.Flow",
        db_index=False,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="runs",
        verbose_name=_("flow"),
    )
    version = tenant_fk(
        "flows.FlowVersion", db_index=False, on_delete=models.PROTECT, related_name="+", verbose_name=_("version")
    )
    status = models.CharField(_("status"), max_length=8, choices=RunStatus.choices, default=RunStatus.ACTIVE)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    step_id = models.CharField(_("step"), max_length=64, null=True, blank=True)  # noqa: DJ001 no step is not a step
    entered_at = models.DateTimeField(_("entered the step at"), null=True, blank=True)
    state = models.JSONField(_("state"), default=dict)
    owes = models.BooleanField(_("paid and not yet served"), default=False)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    failure = models.CharField(_("failure"), max_length=500, blank=True)
    # Set while the run is active: the engine's word for what nobody but the team can end.
    parked = models.CharField(_("waits for the team"), max_length=32, blank=True, default="", db_default="")

    class Meta(TenantModel.Meta):
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["conversation", "-started_at"], name="run_by_conversation"),
            models.Index(fields=["organization", "-started_at"], name="run_by_start"),
            # Who is inside: the publish page and the numbers on the canvas. Not the step: every transition changes it.
            models.Index(fields=["version"], condition=models.Q(status="active"), name="run_inside_version"),
            models.Index(fields=["organization"], condition=models.Q(status="failed"), name="run_standing_still"),
            models.Index(
                fields=["organization"], condition=models.Q(status="active") & ~models.Q(parked=""), name="run_parked"
            ),
        ]
        constraints = [
            *tenant_constraints("conversation", "contact", "bot", "flow", "version"),
        ]

    def __str__(self) -> str:
        return str(self.id)
