"""The inbox in the staff admin: what came in, and what was set aside and why.

`InboxKey` is not here: Django registers no composite keys, and it holds nothing that its event does not.
"""

from django.contrib import admin

from bots.staff import ReadOnlyAdmin
from flows.models import DrainMark, InboxEvent


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnlyAdmin):
    """Everything that came in. Its payload may hold what people wrote, so it is not shown here."""

    list_display = ["received_at", "source", "state", "attempts", "bot_id", "telegram_user_id", "error"]
    list_filter = ["state", "source"]
    search_fields = ["id", "external_id", "bot_id", "telegram_user_id", "run_id", "error"]
    exclude = ["payload"]


@admin.register(DrainMark)
class DrainMarkAdmin(ReadOnlyAdmin):
    """What drains are at work on now."""

    list_display = ["id", "shard", "lease_until"]
    search_fields = ["id"]
