"""What becomes of a run's charges: each event belongs to the visit it names, wherever the run stands (SPEC 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from flows.engine.coupons import give_up_coupon, has_lapsed
from flows.engine.effects import (
    AnswerPress,
    AttentionReason,
    CheckPayment,
    GrantAccess,
    OrderServed,
    RenewPayment,
    TimelineKind,
)
from flows.engine.events import (
    PAID_BUTTON,
    ChargeFailed,
    ChargeReady,
    CouponRefused,
    PaymentChanged,
    PaymentChecked,
    PaymentStatus,
    Pressed,
)
from flows.engine.promises import honoured_step, promised_content
from flows.engine.speech import content_messages
from flows.engine.state import PaymentVisit, Status
from flows.engine.steps.payment import (
    REMINDER_INTERVAL,
    PaymentStep,
    change_visit,
    is_payable,
    offer_new_code,
    outcome_way,
    pending_way,
    say_charge,
    say_code,
)
from flows.engine.texts import BuiltinText
from flows.engine.walk import END, STAY, Go, Move, Walk

# A second word about the same expired code so soon is noise.
_QUIET: Final = timedelta(seconds=10)
_UNPAID: Final = (PaymentStatus.PENDING, PaymentStatus.EXPIRED, PaymentStatus.FAILED)


def on_ready(walk: Walk, event: ChargeReady) -> Move:
    """Keep the code with its visit; say it if the run still waits there."""
    visit = _known(walk, event.visit)
    if visit is None:
        return STAY
    status = PaymentStatus.PAID if visit.taken_paid else PaymentStatus.PENDING
    first = visit.payment_id is None
    visit = change_visit(
        walk,
        visit,
        payment_id=event.payment_id,
        br_code=event.br_code,
        page_url=event.page_url,
        legal_text=event.legal_text,
        expires_at=event.expires_at,
        amount_minor=event.amount_minor,
        currency=event.currency,
        status=status,
        renewing=False,
    )
    walk.record_of(visit, TimelineKind.CHARGE_READY, visit=event.visit, amount_minor=event.amount_minor)
    step = _waited_step(walk, visit)
    if step is not None and not visit.taken_paid and is_payable(visit):
        walk.park("")
        if first and visit.coupon:
            walk.say_builtin(BuiltinText.COUPON_USED)
        say_charge(walk, step, visit)
    return STAY


def on_failed(walk: Walk, event: ChargeFailed) -> Move:
    """No code: the person is told and keeps the place while it is retried, else goes the way of a failed payment."""
    visit = _known(walk, event.visit)
    if visit is None:
        return STAY
    status = visit.status if event.retrying or visit.taken_paid else PaymentStatus.FAILED
    visit = change_visit(walk, visit, status=status, renewing=event.retrying)
    walk.record_of(visit, TimelineKind.CHARGE_FAILED, visit=event.visit, code=event.code, retrying=event.retrying)
    walk.attention(AttentionReason.CHARGE_FAILED)
    step = _waited_step(walk, visit)
    if step is None or visit.taken_paid:
        return STAY
    if event.retrying:
        walk.park("charge_retrying")
        if not _just_reminded(walk, REMINDER_INTERVAL):
            walk.change(last_reminded_at=walk.now)
            walk.say_builtin(BuiltinText.CHARGE_RETRYING)
        return STAY
    if outcome_way(step, visit.status) is None:
        walk.park("charge_failed")
    return _unhappy(walk, step, visit, BuiltinText.CHARGE_FAILED)


def on_coupon_refused(walk: Walk, event: CouponRefused) -> Move:
    """The coupon cannot be had after all: it is said, and the step is entered anew at its full price."""
    visit = _known(walk, event.visit)
    if visit is None:
        return STAY
    walk.record_of(visit, TimelineKind.COUPON_REFUSED, visit=event.visit, code=event.code, coupon=event.coupon)
    visit = change_visit(walk, visit, renewing=False)
    step = _waited_step(walk, visit)
    if step is None or visit.taken_paid:
        return STAY
    give_up_coupon(walk, step, event.coupon, event.code)
    return Go(step.id)


def on_checked(walk: Walk, event: PaymentChecked) -> Move:
    """The answer to "I have paid": unpaid leaves by `pending` once per visit, else it is said that nothing was seen, or
    what became of money that was seen and not served."""
    visit = _known(walk, event.visit)
    if visit is None:
        return STAY
    walk.record_of(
        visit, TimelineKind.PAYMENT_CHECKED, visit=event.visit, status=str(event.status), checked=event.checked
    )
    if visit.taken_paid:
        return STAY
    if event.status not in _UNPAID:
        # Money came and was not served: too late, or of another amount. What became of it is said once more.
        given_back = event.status is PaymentStatus.REFUNDED
        walk.say_builtin(BuiltinText.MONEY_GIVEN_BACK if given_back else BuiltinText.MONEY_UNUSUAL)
        return STAY
    step = _waited_step(walk, visit)
    if step is None:
        walk.say_builtin(BuiltinText.NOT_SEEN)
        return STAY
    if event.status is PaymentStatus.PENDING:
        way = pending_way(walk, step)
        if way is not None:
            return Go(way)
        walk.say_builtin(BuiltinText.NOT_SEEN)
    elif not _just_reminded(walk, _QUIET):
        offer_new_code(walk, visit, BuiltinText.EXPIRED)
    return STAY


def on_changed(walk: Walk, event: PaymentChanged) -> Move:
    """A change of a charge. Paid is never refused; what comes too late to move the run is only written down."""
    visit = _known(walk, event.visit)
    if visit is None:
        if event.status is PaymentStatus.PAID:
            walk.attention(AttentionReason.PAID_WITHOUT_STEP)
        return STAY
    kind = TimelineKind.PAID if event.status is PaymentStatus.PAID else TimelineKind.PAYMENT_CHANGED
    walk.record_of(visit, kind, visit=event.visit, status=str(event.status), amount_minor=event.amount_minor)
    if event.status is PaymentStatus.PAID:
        return _paid(walk, event, visit)
    if visit.payment_id not in (None, event.payment_id):
        return STAY
    if event.status in (PaymentStatus.EXPIRED, PaymentStatus.FAILED):
        if visit.taken_paid:
            return STAY
        visit = change_visit(walk, visit, status=event.status, payment_id=event.payment_id, renewing=False)
        step = _waited_step(walk, visit)
        return _unhappy(walk, step, visit, BuiltinText.EXPIRED) if step else STAY
    change_visit(walk, visit, status=event.status)
    return STAY


def _paid(walk: Walk, event: PaymentChanged, visit: PaymentVisit) -> Move:
    """The paid exit of that visit, once, wherever the run stands."""
    if visit.taken_paid:
        change_visit(walk, visit, status=PaymentStatus.PAID)
        return STAY
    visit = change_visit(
        walk,
        visit,
        status=PaymentStatus.PAID,
        taken_paid=True,
        payment_id=event.payment_id,
        order_id=event.order_id,
        amount_minor=event.amount_minor,
        currency=event.currency,
    )
    _sell_bump(walk, visit)
    step = honoured_step(walk.root, visit)
    if step is None:
        _keep_promise(walk, event, visit)
        return STAY
    waits_here = _waited_step(walk, visit) is not None
    way = outcome_way(step, PaymentStatus.PAID)
    if way is not None or waits_here or step.config.deliver:
        walk.change(current_visit=event.visit)
    if step.config.deliver is not None:
        # Its grant was made with the order's payment, in one transaction; here it is only said.
        for message in content_messages(walk, step.config.deliver):
            walk.say(message)
        walk.emit(OrderServed(event.order_id))
        walk.record_of(visit, TimelineKind.DELIVERED, visit=event.visit)
        visit = change_visit(walk, visit, served=True)
    if way is not None:
        return Go(way, visit.frames)
    if waits_here:
        return END
    if walk.state.status is Status.ENDED:
        walk.serve_orders()
    return STAY


def _keep_promise(walk: Walk, event: PaymentChanged, visit: PaymentVisit) -> None:
    """The version that made the charge was left behind, its step with it: what it promised is given, the team looks,
    and whoever paid hears of it in any case."""
    walk.problem("paid_step_missing", visit.step_id)
    walk.attention(AttentionReason.PAID_WITHOUT_STEP)
    content = promised_content(visit)
    if content is None or visit.promise is None:
        walk.say_builtin(BuiltinText.PAID_THANKS)
        return
    walk.change(current_visit=event.visit)
    for message in content_messages(walk, content):
        walk.say(message)
    link_for = 0 if content.chat else None
    walk.emit(GrantAccess(event.visit, event.order_id, visit.promise, visit.step_id, link_for))
    walk.emit(OrderServed(event.order_id))
    walk.record_of(visit, TimelineKind.DELIVERED, visit=event.visit)
    change_visit(walk, visit, served=True)


def _sell_bump(walk: Walk, visit: PaymentVisit) -> None:
    """The extra that was paid with this charge is not added to the next one; one accepted since still is."""
    pressed = walk.state.pressed
    if pressed is not None and pressed.bump_price and pressed.wait == visit.pressed_wait:
        walk.change(pressed=replace(pressed, bump_text="", bump_price=""))


def on_button(walk: Walk, press: Pressed, visit: PaymentVisit) -> Move | None:
    """A press of "I have paid" or "new code"; None where the button is stale after all."""
    waited = _waited_step(walk, visit) is not None
    if visit.taken_paid:
        walk.emit(AnswerPress(press.callback_id, walk.builtin(BuiltinText.ALREADY_PAID, html=False)))
        return STAY
    number = next(number for number, one in walk.state.visits.items() if one.wait == visit.wait)
    # A new code at a price that counts no more would be no new code: the step is entered anew.
    anew: Move = STAY
    if press.ref is not None and press.ref.index == PAID_BUTTON:
        walk.emit(AnswerPress(press.callback_id, walk.builtin(BuiltinText.CHECKING, html=False)))
        walk.emit(CheckPayment(number, visit.payment_id, None))
    elif not waited:
        return None
    elif visit.status is PaymentStatus.PENDING and not visit.renewing:
        walk.emit(AnswerPress(press.callback_id))
        if is_payable(visit):
            say_code(walk, visit, BuiltinText.PAY_CODE)
    else:
        walk.emit(AnswerPress(press.callback_id, walk.builtin(BuiltinText.RENEWING, html=False)))
        step = _waited_step(walk, visit)
        if step is not None and has_lapsed(walk, step, visit):
            anew = Go(step.id)
        elif not visit.renewing:
            change_visit(walk, visit, renewing=True)
            walk.emit(RenewPayment(number, visit.payment_id))
    walk.record_of(visit, TimelineKind.PRESSED, index=press.ref.index if press.ref else None)
    if waited:
        walk.heard()
    return anew


def _unhappy(walk: Walk, step: PaymentStep, visit: PaymentVisit, text: BuiltinText) -> Move:
    """Failed or expired: its way on, else a new code offered by itself."""
    way = outcome_way(step, visit.status)
    if way is not None:
        return Go(way)
    offer_new_code(walk, visit, text)
    return STAY


def _just_reminded(walk: Walk, interval: timedelta) -> bool:
    last = walk.state.last_reminded_at
    return last is not None and timedelta(0) <= walk.now - last < interval


def _known(walk: Walk, number: int) -> PaymentVisit | None:
    visit = walk.state.visits.get(number)
    if visit is None:
        walk.problem("unknown_visit", visit=number)
    return visit


def _waited_step(walk: Walk, visit: PaymentVisit) -> PaymentStep | None:
    """The payment step, if the run still waits there in the wait that this visit began."""
    state = walk.state
    if state.status is not Status.WAITING or state.wait != visit.wait or state.step_id != visit.step_id:
        return None
    if state.frames != visit.frames:
        return None
    step = walk.flow.steps.get(visit.step_id)
    return step if isinstance(step, PaymentStep) else None
