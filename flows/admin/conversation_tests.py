"""Saved test conversations in the staff admin: to read."""

from django.contrib import admin

from bots.staff import ReadOnlyAdmin
from flows.models import ConversationTest


@admin.register(ConversationTest)
class ConversationTestAdmin(ReadOnlyAdmin):
    """What owners expect of their flows, and whether it held when it was last played."""

    list_display = ["name", "flow", "organization", "last_ok", "last_played_at"]
    list_filter = ["last_ok"]
    list_select_related = ["flow", "organization"]
    search_fields = ["id", "name", "flow__name", "organization__name"]
