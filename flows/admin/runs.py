"""Conversations, runs, timelines, timers and transcripts in the staff admin: to read."""

from django.contrib import admin

from bots.staff import ReadOnlyAdmin
from flows.models import Conversation, Message, Run, TimelineEntry, Timer


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
