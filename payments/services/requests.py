"""A run asks for money: the order and its charge are found or made, and committed before any gateway is called."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.models import Channel
from bots.storable import clean_json, clean_text
from flows.engine.effects import RequestPayment
from flows.topics import Envelope
from payments.domain.charge_key import charge_key
from payments.domain.events import EventKind, EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import PaymentStatus
from payments.locking import lock_order, lock_payment
from payments.models import STILL_OWED, ChargeRequest, GatewayAccount, Order, Payment
from payments.services.coupons import take_place
from payments.services.ledger import write_event
from payments.services.telling import tell_changed
from payments.services.transactions import work_for

BEFORE_COMMIT = register("payments.request.before_commit")
COMMITTED = register("payments.request.committed")

# Another handler of the same contact may open, pay or close the charge between our look and our lock.
_LOOKS = 5
_LONGEST_CODE = timedelta(days=365)


class Standing(StrEnum):
    """How the wish found its sale."""

    OPEN = "open"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run asks for, with all that must be known to find or make its sale. `key` is the effect's own."""

    key: str
    envelope: Envelope
    effect: RequestPayment
    flow_id: UUID | None

    @property
    def amount(self) -> Money:
        return Money(self.effect.amount_minor, Currency(self.effect.currency))

    @property
    def charge_key(self) -> str:
        return charge_key(
            flow_id=self.flow_id,
            step_id=self.effect.step_id,
            button_index=self.effect.button_index,
            amount=self.amount,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """The sale a wish led to."""

    order_id: UUID
    standing: Standing


class KeepsChanging(RuntimeError):
    """The charge changed hands at every look: tried again by the outbox."""


def open_order(wish: Wish, *, account: GatewayAccount) -> Found:
    """Finds or makes the sale of a wish, in this order: what the same wish made before; the open charge of the same
    key, which this visit takes over; a paid sale of the same key that was never served, which makes this visit be told
    at once; a new one.

    Commits before it returns. Locks order, then payment, then the coupon's counter. Safe to repeat with the same wish.
    `CouponUsedUp`: nothing is made.
    """
    for _look in range(_LOOKS):
        # The same wish, or another with the same charge key, may be faster: a unique key refuses us and we look again.
        with suppress(IntegrityError):
            found = _find_or_make(wish, account)
            if found is not None:
                return found
    raise KeepsChanging


def _find_or_make(wish: Wish, account: GatewayAccount) -> Found | None:
    """None where the charge that was seen open was no longer so under its lock."""
    with work_for(wish.envelope.organization_id):
        found = _repeat_of(wish)
        if found is None:
            seen = _open_charge_of(wish)
            found = _adopt(wish, *seen) if seen else _take_unserved(wish) or _make(wish, account)
        crash_point(BEFORE_COMMIT)
    crash_point(COMMITTED)
    return found


def save_flow_step(order: Order, payment: Payment, *, run_id: UUID, visit: int, step_id: str) -> bool:
    """Hands an open charge to a new visit. Conditional: a charge that is no longer pending is not touched, and the
    answer is False. The caller holds the locks of both rows."""
    changed = Payment.objects.filter(pk=payment.pk, status=PaymentStatus.PENDING.value, superseded=False).update(
        run_id=run_id, visit=visit, flow_step_id=step_id
    )
    if not changed:
        return False
    order.run_id, order.visit, order.step_id = run_id, visit, step_id
    order.save(update_fields=["run_id", "visit", "step_id"])
    return True


def _repeat_of(wish: Wish) -> Found | None:
    order = Order.objects.filter(requests__key=wish.key).first()
    return None if order is None else Found(order.pk, _standing_of(order))


def _open_charge_of(wish: Wish) -> tuple[UUID, UUID] | None:
    """The open charge of the same key and its order, as seen without a lock."""
    return (
        Payment.objects.filter(
            contact_id=wish.envelope.contact_id,
            charge_key=wish.charge_key,
            status=PaymentStatus.PENDING.value,
            superseded=False,
        )
        .values_list("pk", "order_id")
        .first()
    )


def _adopt(wish: Wish, payment_id: UUID, order_id: UUID) -> Found | None:
    order, payment = lock_order(order_id), lock_payment(payment_id)
    envelope, effect = wish.envelope, wish.effect
    if not save_flow_step(order, payment, run_id=envelope.run_id, visit=effect.visit, step_id=effect.step_id):
        return None
    write_event(
        payment,
        key=f"adopted:{wish.key}",
        kind=EventKind.ADOPTED,
        source=EventSource.CREATE,
        note=f"{envelope.run_id}:{effect.visit}",
    )
    _remember(wish, order)
    return Found(order.pk, Standing.OPEN)


def _take_unserved(wish: Wish) -> Found | None:
    """Paid, never served: the new visit is told `paid` at once, and from now on it is the one to be served."""
    unserved = Order.objects.filter(
        contact_id=wish.envelope.contact_id,
        key=wish.charge_key,
        status__in=STILL_OWED,
        paid_at__isnull=False,
        served_at__isnull=True,
    )
    order_id = unserved.order_by("-paid_at").values_list("pk", flat=True).first()
    if order_id is None:
        return None
    order = lock_order(order_id)
    if order.served_at is not None or order.status not in STILL_OWED or order.paid_by_id is None:
        return None
    payment = lock_payment(order.paid_by_id)
    order.run_id, order.visit, order.step_id = wish.envelope.run_id, wish.effect.visit, wish.effect.step_id
    order.save(update_fields=["run_id", "visit", "step_id"])
    tell_changed(order, payment, PaymentStatus.PAID, at=payment.paid_at or timezone.now())
    _remember(wish, order)
    return Found(order.pk, Standing.PAID)


def _make(wish: Wish, account: GatewayAccount) -> Found:
    envelope, effect, amount = wish.envelope, wish.effect, wish.amount
    order = Order(
        organization_id=envelope.organization_id,
        bot_id=envelope.bot_id,
        contact_id=envelope.contact_id,
        telegram_user_id=envelope.telegram_user_id,
        is_test=envelope.channel == Channel.SIMULATOR,
        flow_id=wish.flow_id,
        version_id=envelope.version_id,
        run_id=envelope.run_id,
        visit=effect.visit,
        step_id=effect.step_id,
        key=wish.charge_key,
        items=[{"name": clean_text(item.name), "amount_minor": item.amount_minor} for item in effect.items],
        description=clean_text(effect.description)[:250],
        amount_minor=amount.minor,
        currency=amount.currency.value,
        coupon=clean_text(effect.coupon.code) if effect.coupon else "",
        discount_minor=effect.coupon.discount_minor if effect.coupon else 0,
        coupon_limit=effect.coupon.limit if effect.coupon else None,
        owed=clean_json(dict(effect.deliver)) if effect.deliver else None,
    )
    payment = new_charge(order, account, attempt=1, expires_after=_expiry(effect), payer=effect.payer)
    order.save(force_insert=True)
    payment.save(force_insert=True)
    _remember(wish, order)
    take_place(order)
    return Found(order.pk, Standing.OPEN)


def new_charge(
    order: Order, account: GatewayAccount, *, attempt: int, expires_after: timedelta, payer: object
) -> Payment:
    """A charge of an order, not saved. Its key belongs to the attempt and is never used with other parameters."""
    return Payment(
        organization_id=order.organization_id,
        order_id=order.pk,
        account_id=account.pk,
        bot_id=order.bot_id,
        contact_id=order.contact_id,
        run_id=order.run_id,
        flow_step_id=order.step_id,
        visit=order.visit,
        charge_key=order.key,
        attempt=attempt,
        idempotency_key=f"{order.pk}:{attempt}",
        amount_minor=order.amount_minor,
        currency=order.currency,
        payer=clean_json(dict(payer)) if isinstance(payer, dict) else {},
        expires_seconds=int(expires_after.total_seconds()),
        expires_at=timezone.now() + expires_after,
    )


def _remember(wish: Wish, order: Order) -> None:
    ChargeRequest.objects.create(organization_id=order.organization_id, key=wish.key, order=order)


def _standing_of(order: Order) -> Standing:
    return Standing.OPEN if order.paid_at is None else Standing.PAID


def _expiry(effect: RequestPayment) -> timedelta:
    """At least a minute, at most a year, whatever the definition said."""
    return min(max(timedelta(minutes=effect.expires_minutes), timedelta(minutes=1)), _LONGEST_CODE)
