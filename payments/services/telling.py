"""What a run is told about its charge: one inbox row each, in the caller's transaction.

The order says which run and visit hold the sale; a charge that was adopted or renewed may remember older ones.
"""

from datetime import datetime

from flows.engine.coupons import Refusal
from flows.engine.events import (
    ChargeFailed,
    ChargeReady,
    CouponRefused,
    Event,
    MoneyTold,
    MoneyWord,
    PaymentChanged,
    PaymentChecked,
)
from flows.engine.events import PaymentStatus as SeenStatus
from flows.ports import InboxSource
from flows.services import post_event
from payments.domain.money import Money
from payments.domain.states import PaymentStatus
from payments.models import Order, Payment


def tell_ready(order: Order, payment: Payment) -> None:
    """The code is there. Told once to each visit that holds the charge."""
    _tell(
        order,
        ChargeReady(
            visit=order.visit,
            payment_id=payment.pk,
            br_code=payment.br_code,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            expires_at=payment.expires_at,
            page_url=payment.page_url or None,
            legal_text=payment.legal_text or None,
        ),
        external_id=f"charge:{payment.pk}:ready:{order.run_id}:{order.visit}",
    )


def tell_failed(order: Order, payment: Payment, *, code: str, retrying: bool) -> None:
    """No gateway made the charge; while it is still tried, said once per visit."""
    word = "waiting" if retrying else "failed"
    _tell(
        order,
        ChargeFailed(visit=order.visit, code=code, retrying=retrying),
        external_id=f"charge:{payment.pk}:{word}:{order.run_id}:{order.visit}",
    )


def tell_coupon_used_up(order: Order, *, key: str) -> None:
    """No new code at this price: every sale that the order's coupon allows is taken."""
    event = CouponRefused(visit=order.visit, coupon=order.coupon, code=Refusal.USED_UP.value)
    _tell(order, event, external_id=f"coupon:{key}")


def tell_changed(order: Order, payment: Payment, status: PaymentStatus, *, at: datetime) -> None:
    """The charge moved. The key names the move and the visit, so a visit that adopts a paid order is told once too."""
    _tell(
        order,
        PaymentChanged(
            visit=order.visit,
            payment_id=payment.pk,
            order_id=order.pk,
            status=SeenStatus(status.value),
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            at=at,
        ),
        external_id=f"payment:{payment.pk}:{status}:{payment.revision}:{order.run_id}:{order.visit}",
    )


def tell_checked(order: Order, payment: Payment, *, visit: int, checked: bool, key: str) -> None:
    """The answer to one “I have paid” press."""
    _tell(
        order,
        PaymentChecked(visit=visit, payment_id=payment.pk, status=SeenStatus(payment.state.value), checked=checked),
        external_id=f"check:{key}",
    )


def tell_money(order: Order, word: MoneyWord, *, key: str, amount: Money | None = None) -> None:
    """What no run waits for, said to the person who bought; once per key. `amount`: how much money is meant."""
    post_event(
        organization_id=order.organization_id,
        bot_id=order.bot_id,
        telegram_user_id=order.telegram_user_id,
        event=MoneyTold(word, amount.minor, amount.currency.value) if amount else MoneyTold(word),
        source=InboxSource.PAYMENT,
        external_id=f"money:{key}",
    )


def _tell(order: Order, event: Event, *, external_id: str) -> None:
    post_event(
        organization_id=order.organization_id,
        bot_id=order.bot_id,
        telegram_user_id=order.telegram_user_id,
        event=event,
        source=InboxSource.PAYMENT,
        external_id=external_id,
        run_id=order.run_id,
    )
