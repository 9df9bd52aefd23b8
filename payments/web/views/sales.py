"""Sales: the list, and one with its proof."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from bots import selectors as bot_selectors
from bots.permissions import Permission
from bots.services import record_audit
from bots.tenancy import no_transaction, scoped_transaction
from bots.web.errors import missing_is_404
from bots.web.member import MemberRequest, allowed, member_page
from flows import selectors as flow_selectors
from payments import selectors
from payments.models import OrderStatus
from payments.web import money_back
from payments.web.event_words import ledger_row
from payments.web.looks import DELIVERY_STATE, ORDER_STATUS, SALE_FLAG, flags_of
from payments.web.proof import proof_line
from payments.web.rows import sale_row, sale_rows
from payments.web.sale_export import export
from payments.web.sale_filters import SaleFilters
from payments.web.sale_page import (
    charge_cards,
    delivery_note,
    grant_lines,
    item_lines,
    matter_lines,
    payer_of,
    refund_lines,
)

PER_PAGE = 30


@member_page(Permission.PAYMENT_VIEW)
def sale_list(request: MemberRequest) -> HttpResponseBase:
    """Newest first; search and filter stay in the address."""
    filters = SaleFilters.read(request.GET)
    found = filters.sales()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("pagina"))
    context = {
        "sales": sale_rows(list(page.object_list)),
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
    """The proof on one line, every event, the charges, what was given, and what went back."""
    with missing_is_404():
        found = selectors.sale(order_id)
    order = found.order
    matters = matter_lines(order.pk)
    undecided = any(line.waits for line in matters)
    may_refund = allowed(request, Permission.PAYMENT_REFUND)
    # Books outlive conversations, which retention removes.
    run_id = order.run_id if flow_selectors.run_with_everything(order.run_id) else None
    context = {
        "order": order,
        "sale": sale_row(order, undecided=undecided),
        "run_id": run_id,
        "stops": proof_line(order, found.proof, run_id=run_id, undecided=undecided),
        "events": [ledger_row(event) for event in found.events],
        "payments": charge_cards(found.payments, may_refund=may_refund),
        "flags": flags_of(found.payments),
        "grants": grant_lines(found.grants),
        "deliveries": [
            (one, DELIVERY_STATE[one.state], delivery_note(one.verified, one.error)) for one in found.deliveries
        ],
        "matters": matters,
        "refunds": refund_lines(money_back.refunds_of_sale(order.pk)),
        "items": item_lines(order),
        "payer": payer_of(found.payments, whole=allowed(request, Permission.PAYMENT_EXPORT)),
        "may_refund": may_refund,
    }
    return render(request, "payments/sale_detail.html", context)
