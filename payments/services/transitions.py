"""The one function through which a payment changes state, whoever brings the news."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from django.utils import timezone

from bots.crashpoints import crash_point, register
from payments import metrics
from payments.domain.events import EventKind, EventSource
from payments.domain.ledger import GAVE_BACK, fold
from payments.domain.money import Money
from payments.domain.polling import next_poll
from payments.domain.states import (
    UNPAID,
    Alarm,
    Current,
    Decision,
    Notice,
    Outcome,
    PaymentStatus,
    transition,
)
from payments.locking import lock_order, lock_payment
from payments.models import Order, OrderStatus, Payment, PaymentEvent
from payments.services.coupons import give_place_back, take_place_late
from payments.services.grants import give_what_is_owed
from payments.services.ledger import write_event
from payments.services.matters import note_matter, settle_waiting
from payments.services.notices import tell_sale_paid
from payments.services.rules import rules_of
from payments.services.taking import follow_money
from payments.services.telling import tell_changed
from payments.services.transactions import work_for

logger = structlog.get_logger(__name__)

LOCKED = register("payments.transition.locked")
MOVED = register("payments.transition.moved")
GRANTED = register("payments.transition.granted")
TOLD = register("payments.transition.told")
COMMITTED = register("payments.transition.committed")


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a notice, and the state in which it left the payment."""

    decision: Decision
    status: PaymentStatus

    @property
    def moved(self) -> bool:
        return self.decision.outcome is Outcome.MOVED


def apply_notice(payment_id: UUID, notice: Notice, *, source: EventSource) -> Applied:
    """Judges a notice under the locks of order and payment and writes all that follows from it in one transaction:
    the ledger's lines, both rows, the grants, and the inbox rows that tell the run.

    Exactly one of any number of notices that come at once pays; a repeat changes nothing. `Payment.DoesNotExist`.
    """
    organization_id, order_id = Payment.unscoped.values_list("organization_id", "order_id").get(pk=payment_id)
    with work_for(organization_id):
        order = lock_order(order_id)
        payment = lock_payment(payment_id)
        crash_point(LOCKED)
        notice = _in_our_time(payment, notice)
        decision = transition(_current(order, payment), notice)
        _write(order, payment, notice, decision, source=source)
        applied = Applied(decision, payment.state)
    crash_point(COMMITTED)
    _log(payment, decision, source)
    return applied


def _in_our_time(payment: Payment, notice: Notice) -> Notice:
    """A gateway's clock may be wrong, or in another zone than it says: money came after its charge was wanted and
    before we heard of it, so that no clock of theirs makes it late which came while the code was good."""
    if notice.occurred_at is None:
        return notice
    return replace(notice, occurred_at=max(payment.created_at, min(notice.occurred_at, timezone.now())))


def _current(order: Order, payment: Payment) -> Current:
    return Current(
        status=payment.state,
        amount=payment.amount,
        expires_at=payment.expires_at if payment.charged_at else None,
        order_paid_by_another=order.paid_by_id is not None and order.paid_by_id != payment.pk,
        refunded_minor=payment.refunded_minor,
        rules=rules_of(payment.bot_id).rules,
    )


def _write(order: Order, payment: Payment, notice: Notice, decision: Decision, *, source: EventSource) -> None:
    now = timezone.now()
    if decision.outcome is not Outcome.REFUSED:
        _keep_fee(payment, notice, source=source)
        _keep_deadline(payment, notice, source=source)
    match decision.outcome:
        case Outcome.MOVED:
            for number, status in enumerate(decision.path):
                first = number == 0
                step = decision if first else replace(decision, late=False, overpaid=False, matter=None)
                _move(order, payment, status, notice, step, source=source, now=now)
        case Outcome.SAME:
            if decision.overpaid and notice.received is not None:
                _more_came(order, payment, notice, notice.received, decision, source=source)
        case Outcome.REFUSED:
            # An everyday stale notice leaves no line; one that somebody should look at leaves one, once.
            if decision.alarm is not None:
                write_event(
                    payment,
                    key=f"refused:{decision.alarm}:{notice.status}:{notice.received or notice.amount}",
                    kind=EventKind.REFUSED,
                    source=source,
                    alarm=decision.alarm,
                    note=f"{notice.status}: {notice.received or notice.amount}",
                    raw=notice.raw,
                )
    if decision.matter is not None and decision.outcome is not Outcome.SAME:
        note_matter(order, payment, decision.matter, source=source)


def _more_came(
    order: Order, payment: Payment, notice: Notice, received: Money, decision: Decision, *, source: EventSource
) -> None:
    """A paid charge was paid again, and again: each time what is new of it, and nothing of what was booked."""
    lines = (event.line for event in PaymentEvent.objects.filter(payment_id=payment.pk).order_by("id"))
    more = received.minor - fold(lines).received_minor
    if more <= 0:
        return
    payment.overpaid = True
    payment.save(update_fields=["overpaid"])
    write_event(
        payment,
        key=f"overpaid:{received.minor}",
        kind=EventKind.FLAGGED,
        source=source,
        overpaid=True,
        alarm=decision.alarm,
        amount_minor=received.minor,
        raw=notice.raw,
    )
    if decision.matter is not None:
        note_matter(order, payment, replace(decision.matter, amount=Money(more, received.currency)), source=source)


def _move(
    order: Order,
    payment: Payment,
    status: PaymentStatus,
    notice: Notice,
    decision: Decision,
    *,
    source: EventSource,
    now: datetime,
) -> None:
    """One legal move: the payment's row and line, then what it means for the order and the run."""
    before = payment.state
    arrives = status is PaymentStatus.PAID and before in UNPAID
    payment.status = status.value
    payment.revision += 1
    payment.late = payment.late or decision.late
    payment.overpaid = payment.overpaid or decision.overpaid
    payment.end_to_end_id = payment.end_to_end_id or notice.end_to_end_id
    if arrives:
        payment.paid_at = notice.occurred_at or now
    if status in GAVE_BACK:
        payment.refunded_minor = _gone(status, payment, notice)
    payment.next_poll_at = _next_question(payment, now)
    payment.save()
    write_event(
        payment,
        key=f"{payment.revision}:{status}",
        kind=EventKind.MOVED,
        source=source,
        from_status=before,
        amount_minor=_amount_of(status, arrives, payment, notice),
        late=decision.late,
        overpaid=decision.overpaid,
        alarm=decision.alarm,
        note=_until(payment) if status is PaymentStatus.DISPUTED else "",
        raw=notice.raw,
    )
    crash_point(MOVED)
    withheld = arrives and decision.withheld
    if arrives and not withheld:
        settle_waiting(payment)
        pay_order(order, payment, now=now)
    elif not arrives:
        _follow(order, payment)
    # A charge that could not be made is told as that (`ChargeFailed`), and not twice.
    unmade = source is EventSource.CREATE and status is PaymentStatus.FAILED
    if _concerns_run(order, payment) and not (withheld or unmade):
        tell_changed(order, payment, status, at=payment.paid_at if arrives and payment.paid_at else now)
    crash_point(TOLD)


def _keep_fee(payment: Payment, notice: Notice, *, source: EventSource) -> None:
    """What the gateway keeps, as soon and as often as it tells; the row is saved here, for there may be no move."""
    if notice.fee is None or notice.fee.minor == payment.fee_minor:
        return
    payment.fee_minor = notice.fee.minor
    payment.save(update_fields=["fee_minor"])
    write_event(
        payment,
        key=f"fee:{notice.fee.minor}",
        kind=EventKind.FEE,
        source=source,
        amount_minor=notice.fee.minor,
        raw=notice.raw,
    )


def _keep_deadline(payment: Payment, notice: Notice, *, source: EventSource) -> None:
    """Until when a dispute can be answered. One that opens says it with its move; one that says it later, or otherwise,
    has a line of its own, and the team is told again."""
    if notice.status is not PaymentStatus.DISPUTED or notice.dispute_until in (None, payment.dispute_until):
        return
    payment.dispute_until = notice.dispute_until
    payment.save(update_fields=["dispute_until"])
    if payment.state is PaymentStatus.DISPUTED:
        write_event(
            payment,
            key=f"dispute_until:{notice.dispute_until}",
            kind=EventKind.FLAGGED,
            source=source,
            alarm=Alarm.DISPUTED,
            note=_until(payment),
            raw=notice.raw,
        )


def _until(payment: Payment) -> str:
    return f"until {payment.dispute_until.isoformat()}" if payment.dispute_until else ""


def pay_order(order: Order, payment: Payment, *, now: datetime) -> None:
    """The first charge that is paid pays the order; the others stay watched, and a second one is only flagged. The
    caller holds the locks of both."""
    if order.paid_at is not None:
        return
    order.paid_at = payment.paid_at or now
    order.paid_by_id = payment.pk
    order.status = OrderStatus.PAID
    order.save()
    Payment.objects.filter(order_id=order.pk, status=PaymentStatus.PENDING.value).exclude(pk=payment.pk).update(
        superseded=True
    )
    give_what_is_owed(order)
    tell_sale_paid(order)
    take_place_late(order)
    crash_point(GRANTED)


def _follow(order: Order, payment: Payment) -> None:
    """The order stands as the charge that paid it does, or, unpaid, as its newest."""
    if order.paid_by_id == payment.pk:
        order.status = OrderStatus(payment.status)
        order.save(update_fields=["status"])
        follow_money(order, revision=payment.revision)
    elif order.paid_by_id is None and not payment.superseded:
        # A refund of a charge never seen as paid stands beside failed and expired: there is no money.
        order.status = OrderStatus(payment.status)
        order.save(update_fields=["status"])
    give_place_back(order)


def _concerns_run(order: Order, payment: Payment) -> bool:
    """A superseded charge that fails or expires, or a second one that is paid, is not the run's business."""
    return order.paid_by_id == payment.pk or (order.paid_by_id is None and not payment.superseded)


def _next_question(payment: Payment, now: datetime) -> datetime | None:
    exists = payment.provider_id or payment.creation_unknown
    if payment.state not in UNPAID or not exists:
        return None
    return next_poll(created_at=payment.created_at, expires_at=payment.expires_at, now=now)


def _amount_of(status: PaymentStatus, arrives: bool, payment: Payment, notice: Notice) -> int:
    if arrives:
        return notice.received.minor if notice.received else payment.amount_minor
    return payment.refunded_minor if status in GAVE_BACK else 0


def _gone(status: PaymentStatus, payment: Payment, notice: Notice) -> int:
    """What went back in all, by now: never less than was known. Untold, a refund is of all, a part what it was."""
    known = payment.refunded_minor
    if notice.refunded is not None:
        return max(known, notice.refunded.minor)
    untold = 0 if status is PaymentStatus.DISPUTED else payment.amount_minor
    return max(known, untold) if status is PaymentStatus.REFUNDED else known or untold


def _log(payment: Payment, decision: Decision, source: EventSource) -> None:
    if decision.alarm is not None:
        metrics.ALARMS.labels(decision.alarm.value).inc()
    if decision.outcome is Outcome.MOVED:
        metrics.MOVES.labels(payment.status, source.value).inc()
        logger.info(
            "payment_moved",
            organization_id=str(payment.organization_id),
            payment_id=str(payment.pk),
            status=payment.status,
            source=source.value,
        )
    if decision.alarm not in (None, Alarm.LATE):
        logger.warning(
            "payment_alarm",
            organization_id=str(payment.organization_id),
            payment_id=str(payment.pk),
            alarm=decision.alarm,
            source=source.value,
        )
