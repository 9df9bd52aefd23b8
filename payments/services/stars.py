"""Payments in Telegram's own Stars: whether one may be made now, and what becomes of one that was made."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from django.utils import timezone

from bots.tenancy import no_scope
from payments.domain.events import EventKind, EventSource
from payments.domain.money import MAX_MINOR, Currency, Money
from payments.domain.states import UNPAID, Alarm, Notice, PaymentStatus
from payments.locking import lock_order, lock_payment
from payments.models import Payment
from payments.services.accounts import note_webhook
from payments.services.ledger import write_event
from payments.services.transactions import work_for
from payments.services.transitions import apply_notice

logger = structlog.get_logger(__name__)


class Refusal(StrEnum):
    """Why a checkout is refused; what the buyer reads is the platform's affair."""

    UNKNOWN = "unknown"
    SOMEBODY_ELSES = "somebody_elses"
    PAID_ALREADY = "paid_already"
    OVER = "over"
    OTHER_AMOUNT = "other_amount"


class Taken(StrEnum):
    """What became of Telegram's word that Stars moved. All but `done` is for the team to look at."""

    DONE = "done"
    UNKNOWN = "unknown charge"
    OTHER_CURRENCY = "not in Stars"


@dataclass(frozen=True, slots=True)
class StarPayment:
    """What Telegram tells of a payment, or asks before one. `key` is what the invoice carried."""

    bot_id: UUID
    telegram_user_id: int
    key: str
    currency: str
    stars: int

    @property
    def amount(self) -> Money | None:
        """None where it is no amount of Stars."""
        if self.currency != Currency.XTR or not 0 < self.stars <= MAX_MINOR:
            return None
        return Money(self.stars, Currency.XTR)


def judge_checkout(asked: StarPayment) -> Refusal | None:
    """Whether this payment may be made now: the charge is open, this buyer's, and of this amount. None: it may.

    Reads only; what is paid in the moment after it is served all the same."""
    payment = _payment_of(asked)
    if payment is None:
        return Refusal.UNKNOWN
    if payment.order.telegram_user_id != asked.telegram_user_id:
        return Refusal.SOMEBODY_ELSES
    if payment.order.paid_at is not None:
        return Refusal.PAID_ALREADY
    if payment.superseded or payment.state is not PaymentStatus.PENDING or payment.expires_at <= timezone.now():
        return Refusal.OVER
    if asked.amount != payment.amount:
        return Refusal.OTHER_AMOUNT
    return None


def take_payment(paid: StarPayment, *, charge_id: str, at: datetime) -> Taken:
    """Telegram has the money of a charge: it is paid, whatever happened meanwhile; and paid twice, where it was paid
    before under another id. Safe to repeat. Locks order, then payment."""
    payment, amount = _payment_of(paid), paid.amount
    if payment is None or amount is None:
        return _put_aside(paid, payment)
    with work_for(payment.organization_id):
        lock_order(payment.order_id)
        row = lock_payment(payment.pk)
        again = row.state not in UNPAID and row.end_to_end_id not in ("", charge_id)
        notice = Notice(
            PaymentStatus.PAID,
            amount=amount,
            received=amount + amount if again else amount,
            occurred_at=at,
            end_to_end_id=charge_id,
            raw={"telegram_payment_charge_id": charge_id},
        )
        apply_notice(payment.pk, notice, source=EventSource.WEBHOOK)
    note_webhook(payment.account, at=at)
    return Taken.DONE


def take_refund(given_back: StarPayment, *, charge_id: str, at: datetime) -> Taken:
    """Telegram gave the Stars of one payment back; of a charge that was paid twice the other one is still here. Safe to
    repeat. Locks order, then payment."""
    payment, amount = _payment_of(given_back), given_back.amount
    if payment is None or amount is None:
        return _put_aside(given_back, payment)
    with work_for(payment.organization_id):
        lock_order(payment.order_id)
        row = lock_payment(payment.pk)
        if row.end_to_end_id in ("", charge_id):
            notice = Notice(
                PaymentStatus.REFUNDED,
                refunded=amount,
                occurred_at=at,
                end_to_end_id=charge_id,
                raw={"telegram_payment_charge_id": charge_id},
            )
            apply_notice(payment.pk, notice, source=EventSource.WEBHOOK)
        else:
            _note_other_refund(row, charge_id)
    note_webhook(payment.account, at=at)
    return Taken.DONE


def _note_other_refund(row: Payment, charge_id: str) -> None:
    """The second payment of one charge went back, as it should; of any other we never heard."""
    write_event(
        row,
        key=f"other_refund:{hashlib.sha256(charge_id.encode()).hexdigest()[:40]}",
        kind=EventKind.REFUSED,
        source=EventSource.WEBHOOK,
        alarm=None if row.overpaid else Alarm.CONTRADICTION,
        note="another payment of this invoice was given back",
        raw={"telegram_payment_charge_id": charge_id},
    )


def _put_aside(said: StarPayment, payment: Payment | None) -> Taken:
    """Money that is not this charge's pays nothing, and is never dropped either."""
    why = Taken.UNKNOWN if payment is None else Taken.OTHER_CURRENCY
    logger.error("star_payment_put_aside", bot_id=str(said.bot_id), key=said.key[:64], reason=why.value)
    return why


def _payment_of(said: StarPayment) -> Payment | None:
    """The charge an invoice's payload names, at this bot's own account: another bot's payload means nothing here."""
    with no_scope(reason="Telegram names a bot, and its payment tells the organization"):
        return (
            Payment.unscoped.select_related("order", "account")
            .filter(idempotency_key=said.key, account__stars_of_id=said.bot_id)
            .first()
        )
