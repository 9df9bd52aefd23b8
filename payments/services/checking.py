"""“I have paid” and “new code”: what a buyer asks for by pressing a button."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from bots.crashpoints import crash_point, register
from payments.domain.events import EventSource
from payments.domain.states import PaymentStatus
from payments.locking import lock_order, lock_payment, lock_payments_of
from payments.models import ChargeRequest, Order, OrderStatus, Payment
from payments.services.asking import ask_gateway, is_worth_asking
from payments.services.coupons import CouponUsedUp, take_place
from payments.services.creation import supersede
from payments.services.requests import new_charge, save_flow_step
from payments.services.telling import tell_changed, tell_checked, tell_coupon_used_up
from payments.services.transactions import work_for

CHECKED = register("payments.check.asked")
RENEWED = register("payments.renew.committed")

# A buyer presses for the present code, and may have paid one it replaced.
_MOST_ASKED = 3


class Check(StrEnum):
    """`unknown`: the visit has no charge yet."""

    ANSWERED = "answered"
    UNKNOWN = "unknown"


def check_payment(*, organization_id: UUID, run_id: UUID, visit: int, payment_id: UUID | None, key: str) -> Check:
    """Asks the gateway about the visit's charge, and about those it replaced, then tells the run: by `PaymentChanged`
    if the asking moved the charge, else by `PaymentChecked` with the last known state. Safe to repeat."""
    with work_for(organization_id):
        order = _order_of(run_id=run_id, visit=visit, payment_id=payment_id)
        payments = _watched(order) if order else []
    if order is None:
        return Check.UNKNOWN
    answers = {payment.pk: ask_gateway(payment.pk, source=EventSource.PRESS) for payment in payments}
    crash_point(CHECKED)
    with work_for(organization_id):
        order = lock_order(order.pk)
        shown = _shown(order, lock_payments_of(order.pk))
        if shown is None:
            return Check.UNKNOWN
        answer = answers.get(shown.pk)
        if answer is None or not answer.moved:
            asked = answer.asked if answer else shown.state is not PaymentStatus.PENDING
            tell_checked(order, shown, visit=visit, checked=asked, key=key)
    return Check.ANSWERED


@dataclass(frozen=True, slots=True)
class Renewal:
    """The order whose code is to be obtained; None where it is paid or its coupon used up, which the visit was told."""

    order_id: UUID | None


def renew_payment(
    *, organization_id: UUID, run_id: UUID, visit: int, payment_id: UUID | None, key: str
) -> Renewal | None:
    """Puts a fresh charge in place of the order's present one, which stays watched. Safe to repeat.

    None: the visit never had an order. If another visit has opened a charge of the same key meanwhile, this visit takes
    that one over.
    """
    with work_for(organization_id):
        order = _order_of(run_id=run_id, visit=visit, payment_id=payment_id)
        if order is None:
            return None
        taken = _take_over(order, run_id=run_id, visit=visit)
        renewal = Renewal(taken or _renew(order.pk, run_id=run_id, visit=visit, key=key))
    crash_point(RENEWED)
    return renewal


def _take_over(order: Order, *, run_id: UUID, visit: int) -> UUID | None:
    rival = (
        Payment.objects.filter(
            contact_id=order.contact_id,
            charge_key=order.key,
            status=PaymentStatus.PENDING.value,
            superseded=False,
        )
        .exclude(order_id=order.pk)
        .values_list("pk", "order_id")
        .first()
    )
    if rival is None or order.paid_at is not None:
        return None
    other, payment = lock_order(rival[1]), lock_payment(rival[0])
    taken = save_flow_step(other, payment, run_id=run_id, visit=visit, step_id=order.step_id)
    return other.pk if taken else None


def _renew(order_id: UUID, *, run_id: UUID, visit: int, key: str) -> UUID | None:
    order = lock_order(order_id)
    payments = lock_payments_of(order.pk)
    # Who asks for the code is who hears of it.
    order.run_id, order.visit = run_id, visit
    if order.paid_at is not None:
        paid = next((payment for payment in payments if payment.pk == order.paid_by_id), None)
        if paid is not None:
            tell_changed(order, paid, PaymentStatus.PAID, at=paid.paid_at or timezone.now())
        return None
    if not ChargeRequest.objects.filter(key=key).exists():
        ChargeRequest.objects.create(organization_id=order.organization_id, key=key, order=order)
        try:
            take_place(order)
        except CouponUsedUp:
            # Others have bought with the coupon since its code expired: the run asks anew, at the full price.
            tell_coupon_used_up(order, key=key)
            return None
        _replace(order, payments)
    return order.pk


def _replace(order: Order, payments: Sequence[Payment]) -> None:
    now = timezone.now()
    newest = payments[-1]
    for payment in payments:
        if payment.state is PaymentStatus.PENDING and not payment.superseded:
            supersede(payment, now=now)
    Payment.objects.filter(order_id=order.pk).update(superseded=True)
    fresh = new_charge(
        order,
        newest.account,
        attempt=max(payment.attempt for payment in payments) + 1,
        expires_after=timedelta(seconds=newest.expires_seconds),
        payer=newest.payer,
    )
    fresh.save(force_insert=True)
    order.status = OrderStatus.OPEN
    order.save(update_fields=["status", "run_id", "visit"])


def _order_of(*, run_id: UUID, visit: int, payment_id: UUID | None) -> Order | None:
    if payment_id is not None:
        return Order.objects.filter(payments__pk=payment_id).first()
    return Order.objects.filter(run_id=run_id, visit=visit).order_by("-created_at").first()


def _watched(order: Order) -> list[Payment]:
    newest_first = Payment.objects.filter(order_id=order.pk).order_by("superseded", "-id")
    return [payment for payment in newest_first if is_worth_asking(payment)][:_MOST_ASKED]


def _shown(order: Order, payments: Sequence[Payment]) -> Payment | None:
    """The charge that speaks for the order: the one that paid it, else the newest that none has replaced."""
    paid = next((payment for payment in payments if payment.pk == order.paid_by_id), None)
    return paid or next((payment for payment in reversed(payments) if not payment.superseded), None)
