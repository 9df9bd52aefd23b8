"""Sales: the list, and one with its proof."""

from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from bots import selectors as bot_selectors
from bots.errors import Text
from bots.permissions import Permission
from bots.services import record_audit
from bots.tenancy import no_transaction, scoped_transaction
from bots.web.errors import missing_is_404
from bots.web.looks import Look
from bots.web.member import MemberRequest, allowed, member_page
from flows import selectors as flow_selectors
from payments import selectors
from payments.domain.money import Currency, Money
from payments.models import OrderStatus, Payment, PaymentEvent
from payments.web.looks import (
    DELIVERY_STATE,
    GRANT_STATE,
    ORDER_STATUS,
    PAYMENT_STATUS,
    SALE_FLAG,
    event_look,
    flags_of,
    grant_state,
)
from payments.web.proof import drawn
from payments.web.rows import sale_row
from payments.web.sale_export import export
from payments.web.sale_filters import SaleFilters

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class ChargeCard:
    """One charge of a sale."""

    row: Payment
    look: Look

    @property
    def fee(self) -> Money:
        return Money(self.row.fee_minor or 0, Currency(self.row.currency))


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
    filters = SaleFilters.read(request.GET)
    found = filters.sales()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("pagina"))
    context = {
        "sales": [sale_row(order) for order in page.object_list],
        "page": page,
        "filters": filters,
        "totals": selectors.totals(found),
        "statuses": [(value, ORDER_STATUS[value].label) for value in OrderStatus.values],
        "flags": [(flag.value, look.label) for flag, look in SALE_FLAG.items()],
        "bots": list(bot_selectors.bots_of()),
        "flows": list(flow_selectors.flows_of()),
        "accounts": list(selectors.gateway_accounts()),
        "may_export": allowed(request, Permission.PAYMENT_EXPORT),
    }
    return render(request, "payments/sale_list.html", context)


@no_transaction
@member_page(Permission.PAYMENT_EXPORT)
def sale_export(request: MemberRequest) -> HttpResponseBase:
    """The list as it is filtered, whole, as a spreadsheet; who took it stays in the audit trail."""
    filters = SaleFilters.read(request.GET)
    membership = request.membership
    with scoped_transaction():
        record_audit(membership, "sales.export", actor=request.user, data=filters.told())
    lines = export(
        filters,
        organization_id=membership.organization_id,
        time_zone=membership.organization.time_zone,
        language=request.LANGUAGE_CODE,
    )
    name = f"{slugify(_('Sales'))}-{timezone.localdate():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


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
        "grants": [(grant, GRANT_STATE[grant_state(grant, timezone.now())]) for grant in found.grants],
        "deliveries": [(one, DELIVERY_STATE[one.state]) for one in found.deliveries],
    }
    return render(request, "payments/sale_detail.html", context)
