"""Updates that move no conversation, in the staff admin."""

from django.contrib import admin

from bots.staff import ReadOnlyAdmin
from telegram_gateway.models import TelegramUpdate


@admin.register(TelegramUpdate)
class TelegramUpdateAdmin(ReadOnlyAdmin):
    """What came that no run waits for, and what became of it."""

    list_display = ["created_at", "kind", "bot", "telegram_user_id", "state", "error"]
    list_filter = ["state", "kind"]
    list_select_related = ["bot"]
    search_fields = ["id", "external_id", "telegram_user_id", "error"]
    exclude = ["body"]
