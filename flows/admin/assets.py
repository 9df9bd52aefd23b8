"""Uploaded files and kept answers in the staff admin: where they lie and until when, never what is in them."""

from django.contrib import admin

from bots.staff import ReadOnlyAdmin
from flows.models import Asset, KeptAnswer


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    """Files of all organizations. Their content is the organization's, so it is not shown here."""

    list_display = ["name", "kind", "size", "organization", "created_by", "created_at", "deleted_at"]
    list_filter = ["kind"]
    list_select_related = ["organization", "created_by"]
    search_fields = ["id", "name", "sha256", "organization__name"]


@admin.register(KeptAnswer)
class KeptAnswerAdmin(ReadOnlyAdmin):
    """What was asked for a purpose or for a time."""

    list_display = ["step_id", "variable", "purpose", "organization", "answered_at", "due_at", "erased_at"]
    list_filter = ["accepted"]
    list_select_related = ["organization"]
    search_fields = ["id", "step_id", "variable", "run_id", "conversation__id"]
