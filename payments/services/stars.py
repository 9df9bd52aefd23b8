"""Payments in Telegram's own Stars: whether one may be made now, and what becomes of one that was made."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from django.utils import timezone

from bots.tenancy import no_scope
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.models import Payment
from payments.services.accounts import note_webhook
from payments.services.transitions import apply_notice

logger = structlog.get_logger(__name__)


class Refusal(StrEnum):
    """Why a checkout is refused; what the buyer reads is the platform's affair."""

    UNKNOWN = "unknown"
    SOMEBODY_ELSES = "somebody_elses"
    PAID_ALREADY = "paid_already"
    OVER = "over"
    OTHER_AMOUNT = "other_amount"


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
        return Money(self.stars, Currency.XTR) if self.currency == Currency.XTR and self.stars > 0 else None


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


def take_payment(paid: StarPayment, *, charge_id: str, at: datetime) -> bool:
    """Telegram has the money of a charge: it is paid, whatever happened meanwhile. False if it names no charge of the
    bot's. Safe to repeat. Locks order, then payment."""
    return _apply(
        paid,
        Notice(
            PaymentStatus.PAID,
            amount=paid.amount,
            received=paid.amount,
            occurred_at=at,
            end_to_end_id=charge_id,
            raw={"telegram_payment_charge_id": charge_id},
        ),
        at=at,
    )


def take_refund(paid: StarPayment, *, charge_id: str, at: datetime) -> bool:
    """Telegram gave the Stars back. False if it names no charge of the bot's. Safe to repeat."""
    notice = Notice(
        PaymentStatus.REFUNDED,
        refunded=paid.amount,
        occurred_at=at,
        end_to_end_id=charge_id,
        raw={"telegram_payment_charge_id": charge_id},
    )
    return _apply(paid, notice, at=at)


def _apply(paid: StarPayment, notice: Notice, *, at: datetime) -> bool:
    payment = _payment_of(paid)
    if payment is None:
        logger.error("star_payment_unknown", bot_id=str(paid.bot_id), key=paid.key[:64])
        return False
    apply_notice(payment.pk, notice, source=EventSource.WEBHOOK)
    note_webhook(payment.account, at=at)
    return True


def _payment_of(said: StarPayment) -> Payment | None:
    """The charge an invoice's payload names, at this bot's own account: another bot's payload means nothing here."""
    with no_scope(reason="Telegram names a bot, and its payment tells the organization"):
        return (
            Payment.unscoped.select_related("order", "account")
            .filter(idempotency_key=said.key, account__stars_of_id=said.bot_id)
            .first()
        )
