"""The pages under Vendas: sales, what waits for a decision, who has access, who is outside, who will be put out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.permissions import Permission, may
from bots.web.member import membership_of
from payments import selectors
from payments.web import money_back


@dataclass(frozen=True, slots=True)
class SalesTab:
    """One of the pages, as this member sees it; `count` is what waits there."""

    url: str
    label: Text
    icon: str
    is_current: bool
    count: int = 0


TABS: tuple[tuple[str, Text, str, Permission], ...] = (
    ("sale_list", _("Sales"), "banknote", Permission.PAYMENT_VIEW),
    ("decision_list", _("Decisions"), "list-checks", Permission.PAYMENT_VIEW),
    ("grant_list", _("Accesses"), "gift", Permission.PAYMENT_VIEW),
    ("outside_list", _("Paid and not inside"), "triangle-alert", Permission.PAYMENT_VIEW),
    ("leaving_list", _("Removals"), "log-out", Permission.PAYMENT_VIEW),
)
WAITING: Mapping[str, Callable[[], int]] = {
    "decision_list": money_back.things_waiting,
    "outside_list": lambda: selectors.paid_but_not_inside().count(),
}


def sales_tabs(request: HttpRequest) -> list[SalesTab]:
    """What this member may see of the sales. Nothing for who is no member."""
    membership = membership_of(request)
    if membership is None:
        return []
    return [
        SalesTab(
            reverse(name),
            label,
            icon,
            request.path == reverse(name),
            WAITING[name]() if name in WAITING else 0,
        )
        for name, label, icon, permission in TABS
        if may(membership.role, permission)
    ]
