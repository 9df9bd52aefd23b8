"""Conversations, runs, timelines, timers and transcripts in the staff admin: to read."""

from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from bots.errors import DomainError
from bots.services import Actor
from bots.staff import ReadOnlyAdmin, back_to, confirmed, show_refusal, staff_of
from bots.tenancy import organization_scope
from flows.models import Conversation, Message, Run, TimelineEntry, Timer
from flows.services.runs import resume_run


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    """All that one contact and one bot say."""

    list_display = ["contact", "bot", "organization", "attention", "top_run_id", "last_event_at"]
    list_filter = ["attention"]
    list_select_related = ["contact", "bot", "organization"]
    search_fields = ["id", "telegram_user_id", "contact__first_name", "contact__username", "bot__username"]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Each way through a version."""

    list_display = ["started_at", "contact", "flow", "version", "status", "step_id", "owes", "failure"]
    list_filter = ["status", "owes"]
    list_select_related = ["contact", "flow", "version", "version__flow"]
    search_fields = ["id", "contact__first_name", "contact__username", "contact__telegram_user_id", "flow__name"]
    date_hierarchy = "started_at"
    actions_detail = ["resume"]

    @confirmed(
        _("Resume"),
        _("The run goes on at the step where it stands, and says it again."),
        permission="act",
    )
    def resume(self, request: HttpRequest, _form: object, object_id: UUID) -> HttpResponse:
        """Sends a run on that stands still; the drain takes it up a moment later."""
        run = Run.objects.get(pk=object_id)
        try:
            with organization_scope(run.organization_id):
                resume_run(run.pk, actor=Actor.of_staff(staff_of(request)))
        except DomainError as refusal:
            show_refusal(request, refusal)
        else:
            messages.success(request, _("The run goes on in a moment."))
        return back_to(run)


@admin.register(TimelineEntry)
class TimelineEntryAdmin(ReadOnlyAdmin):
    """What happened, line by line."""

    list_display = ["at", "kind", "step_id", "run_id", "data"]
    list_filter = ["kind"]
    search_fields = ["run_id", "conversation_id", "step_id"]


@admin.register(Timer)
class TimerAdmin(ReadOnlyAdmin):
    """What is going to happen by itself."""

    list_display = ["due_at", "kind", "state", "run", "wait"]
    list_filter = ["state", "kind"]
    search_fields = ["run__id", "id"]


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """The transcript."""

    list_display = ["at", "direction", "text", "conversation_id", "run_id"]
    list_filter = ["direction"]
    search_fields = ["conversation_id", "run_id", "text"]
