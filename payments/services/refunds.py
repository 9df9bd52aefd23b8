"""Giving money back: asked for once, by a row committed before the gateway is told; told again until it is known.

The gateway's word goes through the one function that changes a payment. Adapters give back *up to* a sum, and look at
what has gone before they send more, so an answer that was lost costs a question and no second refund.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.crashpoints import crash_point, register
from bots.errors import Conflict, Invalid, NotFound
from bots.models import ActorKind
from bots.services import Actor, AnyActor, record_audit
from flows.engine.events import MoneyWord
from payments.domain.events import EventKind, EventSource
from payments.domain.ledger import GAVE_BACK, Standing, fold
from payments.domain.money import Currency, Money, MoneyError
from payments.domain.states import STILL_HERE, Alarm, Notice, PaymentStatus
from payments.gateways.base import Charge, GatewayError, Refunds
from payments.gateways.registry import gateway_of
from payments.locking import lock_order, lock_payment
from payments.models import Order, Payment, PaymentEvent, Refund, RefundState
from payments.services.accounts import access_to, note_answer, note_failure
from payments.services.ledger import write_event
from payments.services.refunding import can_give_back, has_open_refund, intend_refund
from payments.services.telling import tell_money
from payments.services.transactions import work_for
from payments.services.transitions import apply_notice

logger = structlog.get_logger(__name__)

_SYMBOL = re.compile(r"^(?:R\$|⭐)\s*")

ASKED = register("payments.refund.asked")
ANSWERED = register("payments.refund.answered")
BOOKED = register("payments.refund.booked")

REFUNDABLE = STILL_HERE
# A gateway that has taken a refund and not carried it out is asked again this much later.
AGAIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Pending:
    """Not done yet: to be looked at again then. `tried`: it failed, and that counts."""

    at: datetime | None
    why: str
    tried: bool


def refundable(payment: Payment) -> Money:
    """What is still here of a charge's money: nothing where no refund may be asked for."""
    if payment.state not in REFUNDABLE:
        return Money(0, payment.amount.currency)
    standing = _standing(payment)
    return Money(max(0, standing.received_minor - standing.refunded_minor), payment.amount.currency)


def amount_from(text: str | None, currency: Currency) -> Money | None:
    """What somebody wrote, in units: `10,50`, `10.50`, `R$ 1.234,50`; None for nothing. What can be read in two ways
    (`1.234`) is refused like what is no amount: raises `Invalid`."""
    if text is None or not text.strip():
        return None
    try:
        return Money.parse(_with_a_point(text), currency)
    except MoneyError:
        raise Invalid("refund_amount", _("Say how much is to be given back."), field="amount") from None


def _with_a_point(text: str) -> str:
    written = _SYMBOL.sub("", text.strip())
    for group, point in ((".", ","), (",", ".")):
        grouped = rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+{re.escape(point)}[0-9]{{2}}"
        if re.fullmatch(grouped, written, re.ASCII):
            return written.replace(group, "").replace(point, ".")
    return written if "." in written else written.replace(",", ".")


def refund_payment(
    payment_id: UUID,
    *,
    organization_id: UUID,
    amount: Money | None,
    actor: AnyActor,
    reason: str,
    by_hand: bool = False,
    seen: Money | None = None,
) -> Refund:
    """Decides to give back `amount` (None: all that is left) and has it done; the money leaves a moment later.

    By hand, or where the gateway cannot: the row waits for `confirm_by_hand`. Raises `NotFound`, `Invalid` (field
    `amount`), `Conflict` where nothing can be given back, a refund is open, or not so much is left as was `seen` by who
    decided: a form sent twice gives back once. Locks order, then payment.
    """
    with work_for(organization_id):
        order, payment = _locked(payment_id)
        wanted = _judged(payment, amount, by_hand=by_hand)
        if seen is not None and seen != refundable(payment):
            raise Conflict(
                "refund_meanwhile",
                _("Money of this payment went back meanwhile. Look at what is left, and decide again."),
            )
        by_hand = by_hand or gateway_of(payment.account.gateway).traits.refunds is Refunds.NONE
        refund = intend_refund(
            payment,
            wanted,
            by_hand=by_hand,
            asked_by=Actor.of(actor).kind,
            reason=reason,
            source=_source_of(actor),
        )
        record_audit(
            payment,
            "payment.refund",
            actor=actor,
            reason=reason,
            data={"amount": wanted.plain(), "currency": wanted.currency.value, "by_hand": by_hand},
        )
    logger.info("refund_asked", organization_id=str(organization_id), payment_id=str(payment.pk), order=str(order.pk))
    return refund


def carry_out_refund(refund_id: UUID, *, organization_id: UUID) -> Pending | None:
    """Has the gateway give the money back and books its answer; None once there is nothing more to do. No transaction
    is open while it is asked. Safe to repeat at any point."""
    with work_for(organization_id):
        refund = Refund.objects.select_related("payment__account").filter(pk=refund_id).first()
    if refund is None or refund.state != RefundState.ASKED:
        return None
    payment = refund.payment
    gateway = gateway_of(payment.account.gateway)
    crash_point(ASKED)
    try:
        charge = gateway.refund(
            access_to(payment.account), provider_id=payment.provider_id, amount=refund.total, key=str(refund.pk)
        )
    except GatewayError as error:
        note_failure(payment.account, error)
        return _failed(refund, error, pause=timedelta(seconds=gateway.traits.seconds_between_questions))
    note_answer(payment.account)
    crash_point(ANSWERED)
    return _book(refund, charge, source=EventSource.OPERATOR)


def give_up_refund(refund_id: UUID, *, organization_id: UUID, error: str) -> None:
    """The gateway will not: the money is still here, and somebody must look. Safe to repeat."""
    with work_for(organization_id):
        order, refund = _locked_refund(refund_id)
        if refund.state != RefundState.ASKED:
            return
        refund.state, refund.error = RefundState.FAILED, error[:300]
        refund.save(update_fields=["state", "error"])
        _note(refund, EventSource.OPERATOR, alarm=Alarm.REFUND_FAILED, note=error)
        tell_money(order, MoneyWord.SERVED, key=f"refund:{refund.pk}:failed")


def confirm_by_hand(refund_id: UUID, *, organization_id: UUID, actor: AnyActor, note: str) -> Refund:
    """A member says that the money was sent back by bank: booked like a gateway's word. Once: the second one gets
    `Conflict`. `NotFound`."""
    with work_for(organization_id):
        _order, refund = _locked_refund(refund_id)
        if refund.state != RefundState.BY_HAND:
            raise _not_waiting()
        record_audit(refund, "refund.by_hand", actor=actor, reason=note, data={"amount": refund.amount.plain()})
        payment = refund.payment
        whole = refund.total_minor >= max(_standing(payment).received_minor, 1)
        status = PaymentStatus.REFUNDED if whole else PaymentStatus.PARTIALLY_REFUNDED
        apply_notice(payment.pk, Notice(status, refunded=refund.total), source=_source_of(actor))
        _finish(refund.pk, source=_source_of(actor))
    refund.refresh_from_db()
    return refund


def cancel_by_hand(refund_id: UUID, *, organization_id: UUID, actor: AnyActor, note: str) -> None:
    """The money is not sent after all. `Conflict` where it was, `NotFound`."""
    with work_for(organization_id):
        _order, refund = _locked_refund(refund_id)
        if refund.state != RefundState.BY_HAND:
            raise _not_waiting()
        refund.state = RefundState.CANCELED
        refund.save(update_fields=["state"])
        _note(refund, _source_of(actor), note=note)
        record_audit(refund, "refund.cancel", actor=actor, reason=note, data={"amount": refund.amount.plain()})


def _judged(payment: Payment, amount: Money | None, *, by_hand: bool) -> Money:
    if payment.state not in REFUNDABLE:
        raise Conflict("not_refundable", _("There is no money here that could be given back."))
    if has_open_refund(payment):
        raise Conflict("refund_open", _("A refund of this payment is on its way already."))
    left = refundable(payment)
    wanted = left if amount is None else amount
    if wanted.currency is not left.currency or wanted.minor <= 0:
        raise Invalid("refund_amount", _("Say how much is to be given back."), field="amount")
    if wanted > left:
        raise Invalid(
            "refund_too_large",
            _("Only %(amount)s of this payment is left.") % {"amount": left.display()},
            field="amount",
        )
    traits = gateway_of(payment.account.gateway).traits
    if not by_hand and traits.refunds is Refunds.WHOLE and not can_give_back(payment, wanted):
        raise Invalid("whole_refunds_only", _("This gateway gives back a whole payment or nothing."), field="amount")
    return wanted


def _failed(refund: Refund, error: GatewayError, *, pause: timedelta) -> Pending | None:
    if not (error.retryable or error.unknown_outcome):
        give_up_refund(refund.pk, organization_id=refund.organization_id, error=f"{error.code}: {error}")
        return None
    wait = max(pause, timedelta(seconds=error.retry_after or 0))
    return Pending(timezone.now() + wait if wait else None, f"{error.code}: {error}"[:300], tried=True)


def _book(refund: Refund, charge: Charge, *, source: EventSource) -> Pending | None:
    """The payment moves by the gateway's word; the refund is done once all of it has gone."""
    gone = charge.refunded
    if gone is None and charge.status is PaymentStatus.REFUNDED:
        gone = refund.total
    if gone is None or gone < refund.total:
        return Pending(timezone.now() + AGAIN, "the gateway has not sent it yet", tried=False)
    with work_for(refund.organization_id):
        if charge.status in GAVE_BACK:
            apply_notice(refund.payment_id, charge.notice, source=source)
        _finish(refund.pk, source=source)
    crash_point(BOOKED)
    return None


def _finish(refund_id: UUID, *, source: EventSource) -> None:
    order, refund = _locked_refund(refund_id)
    if refund.state == RefundState.DONE:
        return
    refund.state, refund.done_at = RefundState.DONE, timezone.now()
    refund.save(update_fields=["state", "done_at"])
    _note(refund, source)
    tell_money(order, MoneyWord.GIVEN_BACK, key=f"refund:{refund.pk}:done", amount=refund.amount)


def _note(refund: Refund, source: EventSource, *, alarm: Alarm | None = None, note: str = "") -> None:
    write_event(
        refund.payment,
        key=f"refund:{refund.pk}:{refund.state}",
        kind=EventKind.REFUND,
        source=source,
        amount_minor=refund.amount_minor,
        alarm=alarm,
        note=note or refund.reason,
    )


def _locked(payment_id: UUID) -> tuple[Order, Payment]:
    order_id = Payment.objects.filter(pk=payment_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound("payment_not_found", _("There is no such payment."))
    return lock_order(order_id), lock_payment(payment_id)


def _locked_refund(refund_id: UUID) -> tuple[Order, Refund]:
    """Under the locks of its order and payment, read anew."""
    payment_id = Refund.objects.filter(pk=refund_id).values_list("payment_id", flat=True).first()
    if payment_id is None:
        raise NotFound("refund_not_found", _("There is no such refund."))
    order, payment = _locked(payment_id)
    refund = Refund.objects.get(pk=refund_id)
    refund.payment = payment
    return order, refund


def _standing(payment: Payment) -> Standing:
    return fold(event.line for event in PaymentEvent.objects.filter(payment_id=payment.pk).order_by("id"))


def _source_of(actor: AnyActor) -> EventSource:
    return EventSource.ADMIN if Actor.of(actor).kind == ActorKind.STAFF else EventSource.OPERATOR


def _not_waiting() -> Conflict:
    return Conflict("refund_not_waiting", _("This refund does not wait for anybody any more."))
