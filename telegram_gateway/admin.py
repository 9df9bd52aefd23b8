"""Updates that move no conversation and files that Telegram knows, in the staff admin."""

from django.contrib import admin

from bots.staff import ReadOnlyAdmin
from telegram_gateway.models import TelegramFile, TelegramUpdate


@admin.register(TelegramUpdate)
class TelegramUpdateAdmin(ReadOnlyAdmin):
    """What came that no run waits for, and what became of it."""

    list_display = ["created_at", "kind", "bot", "telegram_user_id", "state", "error"]
    list_filter = ["state", "kind"]
    list_select_related = ["bot"]
    search_fields = ["id", "external_id", "telegram_user_id", "error"]
    exclude = ["body"]


@admin.register(TelegramFile)
class TelegramFileAdmin(ReadOnlyAdmin):
    """The ids by which bots send uploaded files again."""

    list_display = ["asset", "bot", "kind", "sent_as", "organization", "updated_at"]
    list_filter = ["kind"]
    list_select_related = ["asset", "bot", "organization"]
    search_fields = ["id", "file_id", "file_unique_id", "asset__name", "bot__name"]
