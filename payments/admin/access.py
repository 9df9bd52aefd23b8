"""Accesses and places in groups in the staff admin."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bots.errors import DomainError
from bots.models import User
from bots.services import Actor
from bots.staff import ReadOnlyAdmin
from payments.models import (
    Grant,
    Place,
)
from payments.selectors import paid_but_not_inside
from payments.services.place_acts import send_link_now


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    """Accesses."""

    list_display = ["created_at", "contact", "telegram_user_id", "kind", "order", "starts_at", "ends_at", "revoked_at"]
    list_filter = ["kind", "is_test"]
    list_select_related = ["contact", "order"]
    search_fields = ["id", "telegram_user_id", "contact__username", "order__id", "run_id"]


class OutsideFilter(admin.SimpleListFilter):
    """Who paid and is not inside."""

    title = _("where they are")
    parameter_name = "where"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("outside", _("Paid and not inside")), ("removed", _("Put out lately"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "outside":
                return queryset.filter(pk__in=paid_but_not_inside().order_by().values("pk"))
            case "removed":
                return queryset.filter(removed_at__isnull=False)
        return queryset


@admin.register(Place)
class PlaceAdmin(ReadOnlyAdmin):
    """Who is inside which group or channel by an access, and what became of the last link."""

    list_display = [
        "chat",
        "telegram_user_id",
        "contact",
        "entered_at",
        "left_at",
        "links_told",
        "link_sent_at",
        "removed_at",
        "due_at",
    ]
    list_filter = [OutsideFilter]
    list_select_related = ["chat", "contact"]
    search_fields = ["id", "telegram_user_id", "chat__title"]
    actions = ["send_link"]

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Only the list with its action."""
        return obj is None and super(ReadOnlyAdmin, self).has_change_permission(request, obj)

    @admin.action(description=_("Send the people of the selected places a fresh link"), permissions=["change"])
    def send_link(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """What would be of no use is named, the others go; asked for twice in a minute one is sent."""
        assert isinstance(request.user, User)
        for place in queryset:
            try:
                send_link_now(place.pk, organization_id=place.organization_id, actor=Actor.of_staff(request.user))
            except DomainError as error:
                messages.error(request, f"{place}: {error}")
            else:
                messages.success(request, _("%(place)s: a fresh link is on its way.") % {"place": place})
