"""The inbox in the staff admin: what came in, and what was set aside and why."""

from django.contrib import admin

from bots.staff import ReadOnlyAdmin
from flows.models import DrainMark, InboxEvent, InboxKey


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnlyAdmin):
    """Everything that came in. Its payload may hold what people wrote, so it is not shown here."""

    list_display = ["received_at", "source", "state", "attempts", "bot_id", "telegram_user_id", "error"]
    list_filter = ["state", "source"]
    search_fields = ["id", "external_id", "bot_id", "telegram_user_id", "run_id", "error"]
    exclude = ["payload"]


@admin.register(InboxKey)
class InboxKeyAdmin(ReadOnlyAdmin):
    """The keys that make a repeated delivery change nothing."""

    list_display = ["bot_id", "source", "external_id", "created_at"]
    search_fields = ["external_id", "bot_id"]


@admin.register(DrainMark)
class DrainMarkAdmin(ReadOnlyAdmin):
    """What drains are at work on now."""

    list_display = ["id", "shard", "lease_until"]
    search_fields = ["id"]
