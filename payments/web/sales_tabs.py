"""The pages under Vendas: sales, what waits for a decision, who has access."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from bots.permissions import Permission, may
from bots.web.member import membership_of
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
)


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
            money_back.things_waiting() if name == "decision_list" else 0,
        )
        for name, label, icon, permission in TABS
        if may(membership.role, permission)
    ]
