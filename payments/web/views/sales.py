"""Sales: the list, and one with its proof."""

from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render

from bots.errors import Text
from bots.permissions import Permission
from bots.web.errors import missing_is_404
from bots.web.looks import Look
from bots.web.member import MemberRequest, member_page
from payments import selectors
from payments.models import OrderStatus, Payment, PaymentEvent
from payments.web.looks import ORDER_STATUS, PAYMENT_STATUS, event_look, flags_of
from payments.web.proof import drawn
from payments.web.rows import sale_row

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for."""

    query: str
    status: OrderStatus | None

    @property
    def is_set(self) -> bool:
        return bool(self.query or self.status)


@dataclass(frozen=True, slots=True)
class ChargeCard:
    """One charge of a sale."""

    row: Payment
    look: Look


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line of the ledger."""

    event: PaymentEvent
    look: Look

    @property
    def title(self) -> Text:
        return self.look.label

    @property
    def source(self) -> str:
        return self.event.get_source_display()

    @property
    def note(self) -> str:
        return self.event.note

    @property
    def at(self) -> object:
        return self.event.created_at


@member_page(Permission.PAYMENT_VIEW)
def sale_list(request: MemberRequest) -> HttpResponseBase:
    """Newest first; search and filter stay in the address."""
    wanted = request.GET.get("estado", "")
    filters = Filters(
        query=request.GET.get("busca", "").strip(),
        status=OrderStatus(wanted) if wanted in OrderStatus.values else None,
    )
    found = selectors.sales(search=filters.query, status=filters.status)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("pagina"))
    context = {
        "sales": [sale_row(order) for order in page.object_list],
        "page": page,
        "filters": filters,
        "statuses": [(value, ORDER_STATUS[value].label) for value in OrderStatus.values],
    }
    return render(request, "payments/sale_list.html", context)


@member_page(Permission.PAYMENT_VIEW)
def sale_detail(request: MemberRequest, order_id: UUID) -> HttpResponseBase:
    """The proof on one line, every event, the charges, what was given."""
    with missing_is_404():
        found = selectors.sale(order_id)
    context = {
        "order": found.order,
        "sale": sale_row(found.order),
        "stops": drawn(found.proof),
        "events": [LedgerRow(event, event_look(event)) for event in found.events],
        "payments": [ChargeCard(payment, PAYMENT_STATUS[payment.status]) for payment in found.payments],
        "flags": flags_of(found.payments),
        "grants": found.grants,
    }
    return render(request, "payments/sale_detail.html", context)
