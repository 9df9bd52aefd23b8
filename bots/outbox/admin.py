"""The outbox in the staff admin: what waits, what was given up and why, and sending it again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bots.errors import DomainError
from bots.outbox.models import OutboxAttempt, OutboxKey, OutboxMessage
from bots.outbox.services import resend_dead
from bots.staff import ReadOnlyAdmin, note_act, show_refusal


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Everything that is to leave, or has left, the system."""

    list_display = ["created_at", "topic", "state", "queue", "attempts", "due_at", "error_code", "ordering_key"]
    list_filter = ["state", "topic", "queue"]
    search_fields = ["id", "key", "ordering_key", "organization_id", "last_error"]
    actions = ["send_again"]

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Only the list with its action."""
        return obj is None and super(ReadOnlyAdmin, self).has_change_permission(request, obj)

    @admin.action(description=_("Send the selected messages again"), permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        sent = 0
        for message in queryset:
            try:
                resend_dead(message.pk)
            except DomainError as refusal:
                show_refusal(request, refusal)
            else:
                note_act(request, message, "resend")
                sent += 1
        if sent:
            told = ngettext("%(count)d message goes out again.", "%(count)d messages go out again.", sent)
            messages.success(request, told % {"count": sent})


@admin.register(OutboxAttempt)
class OutboxAttemptAdmin(ReadOnlyAdmin):
    """Each attempt to hand a message out."""

    list_display = ["started_at", "message_id", "number", "outcome", "error"]
    list_filter = ["outcome"]
    search_fields = ["message_id", "error"]


@admin.register(OutboxKey)
class OutboxKeyAdmin(ReadOnlyAdmin):
    """The keys that make a repeated publication change nothing."""

    list_display = ["key", "created_at"]
    search_fields = ["key"]
