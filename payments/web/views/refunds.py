"""Giving money back: what it will do, said beforehand; and saying that it was sent by hand."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bots.errors import DomainError
from bots.permissions import Permission
from bots.web.errors import missing_is_404, put_on, tell
from bots.web.member import MemberRequest, member_page
from payments.domain.money import Money
from payments.gateways.base import Refunds
from payments.gateways.registry import gateway_of
from payments.models import Payment, Refund, RefundState, TakenFor
from payments.services.refunding import has_open_refund
from payments.services.refunds import amount_from, cancel_by_hand, confirm_by_hand, refund_payment, refundable
from payments.services.rules import grace_for
from payments.web import money_back
from payments.web.refund_forms import RefundForm
from payments.web.sale_page import GrantLine, open_grant_lines, refund_lines


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a refund of all that is left will do."""

    left: Money
    way: Refunds
    ends: tuple[GrantLine, ...]
    grace: timedelta
    fee: Money | None
    open_already: bool

    @property
    def hours(self) -> int:
        return int(self.grace.total_seconds() // 3600)


@member_page(Permission.PAYMENT_REFUND, methods=("GET", "HEAD", "POST"))
def refund(request: MemberRequest, payment_id: UUID) -> HttpResponseBase:
    """One charge: how much, what becomes of the access, what does not come back."""
    with missing_is_404():
        payment = money_back.payment(payment_id)
    forecast = _forecast(payment)
    form = RefundForm(request.POST or None, initial=_suggested(forecast))
    if request.method == "POST" and form.is_valid():
        try:
            currency = payment.amount.currency
            made = refund_payment(
                payment.pk,
                organization_id=payment.organization_id,
                amount=amount_from(form.cleaned_data["amount"], currency),
                actor=request.user,
                reason=form.cleaned_data["reason"],
                by_hand=form.cleaned_data["by_hand"],
                seen=amount_from(form.cleaned_data["left"], currency),
            )
        except DomainError as error:
            put_on(form, error)
        else:
            messages.success(request, _said(made))
            return redirect("sale_detail", payment.order_id)
    context = {
        "payment": payment,
        "forecast": forecast,
        "form": form,
        "refunds": refund_lines(money_back.refunds_of(payment.pk)),
        "way": forecast.way.value,
    }
    return render(request, "payments/refund.html", context, status=422 if request.method == "POST" else 200)


@member_page(Permission.PAYMENT_REFUND, methods=("POST",))
def by_hand(request: MemberRequest, refund_id: UUID) -> HttpResponseBase:
    """“I have sent it back by bank”, or not after all."""
    organization_id = request.membership.organization_id
    note = request.POST.get("note", "").strip()[:300]
    with missing_is_404():
        order_id = money_back.refund(refund_id).payment.order_id
    try:
        if request.POST.get("act") == "cancel":
            cancel_by_hand(refund_id, organization_id=organization_id, actor=request.user, note=note)
            messages.success(request, _("The refund is canceled. The money stays with you."))
        else:
            confirm_by_hand(refund_id, organization_id=organization_id, actor=request.user, note=note)
            messages.success(request, _("Noted: the money went back. The buyer has been told."))
    except DomainError as error:
        tell(request, error)
    return redirect("sale_detail", order_id)


def _suggested(forecast: Forecast) -> dict[str, str]:
    """All that is left, as the language writes it; and how much that was, lest a form sent twice give back twice."""
    plain = forecast.left.plain()
    local = plain.replace(".", ",") if (get_language() or "").startswith("pt") else plain
    return {"amount": local, "left": plain}


def _forecast(payment: Payment) -> Forecast:
    pays_the_sale = payment.order.paid_by_id == payment.pk
    fee = Money(payment.fee_minor, payment.amount.currency) if payment.fee_minor else None
    return Forecast(
        left=refundable(payment),
        way=gateway_of(payment.account.gateway).traits.refunds,
        ends=tuple(open_grant_lines(payment.order_id)) if pays_the_sale else (),
        grace=grace_for(payment.bot_id, TakenFor.REFUND),
        fee=fee,
        open_already=has_open_refund(payment),
    )


def _said(made: Refund) -> str:
    if made.state == RefundState.BY_HAND:
        return _("Now send the money by bank, then say here that you have.")
    return _("The refund is on its way. The buyer is told as soon as the gateway has sent it.")
