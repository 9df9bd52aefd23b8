"""The states of a payment, the table of moves between them, and the one function that judges a notice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from payments.domain.money import Money


class PaymentStatus(StrEnum):
    """Where a charge stands."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    DISPUTED = "disputed"


class Outcome(StrEnum):
    """What a notice came to."""

    MOVED = "moved"
    SAME = "same"
    REFUSED = "refused"


class Alarm(StrEnum):
    """What somebody should look at; kept with the event, shown to owner and staff."""

    LATE = "late"
    OVERPAID = "overpaid"
    AMOUNT_TOO_SMALL = "amount_too_small"
    OTHER_CURRENCY = "other_currency"
    REFUNDED_UNSEEN = "refunded_unseen"
    DISPUTED = "disputed"
    BACKWARDS = "backwards"
    CONTRADICTION = "contradiction"


S = PaymentStatus
UNPAID = frozenset({S.PENDING, S.FAILED, S.EXPIRED})
# Money came, and some of it may still be here.
SETTLED = frozenset({S.PAID, S.PARTIALLY_REFUNDED, S.DISPUTED, S.REFUNDED})

# Every legal move and no other. An unpaid charge that is found partly refunded or disputed was paid in between: it
# goes through `paid`. One found wholly refunded does not: the money is gone again, nothing is served, somebody is told.
PATHS: Mapping[tuple[PaymentStatus, PaymentStatus], tuple[PaymentStatus, ...]] = {
    (S.PENDING, S.PAID): (S.PAID,),
    (S.PENDING, S.FAILED): (S.FAILED,),
    (S.PENDING, S.EXPIRED): (S.EXPIRED,),
    (S.FAILED, S.PAID): (S.PAID,),
    (S.EXPIRED, S.PAID): (S.PAID,),
    (S.PAID, S.PARTIALLY_REFUNDED): (S.PARTIALLY_REFUNDED,),
    (S.PAID, S.REFUNDED): (S.REFUNDED,),
    (S.PAID, S.DISPUTED): (S.DISPUTED,),
    (S.PARTIALLY_REFUNDED, S.REFUNDED): (S.REFUNDED,),
    (S.DISPUTED, S.PAID): (S.PAID,),
    (S.DISPUTED, S.REFUNDED): (S.REFUNDED,),
    **{(unpaid, S.PARTIALLY_REFUNDED): (S.PAID, S.PARTIALLY_REFUNDED) for unpaid in UNPAID},
    **{(unpaid, S.DISPUTED): (S.PAID, S.DISPUTED) for unpaid in UNPAID},
    **{(unpaid, S.REFUNDED): (S.REFUNDED,) for unpaid in UNPAID},
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What some source says of a charge. `received` is what really came in, `refunded` what was given back in all,
    `fee` what the gateway kept of it; None when the source does not tell.

    `dispute_won` must be said aloud: a `paid` that merely comes late, after a dispute was opened, wins nothing.
    """

    status: PaymentStatus
    amount: Money | None = None
    received: Money | None = None
    refunded: Money | None = None
    fee: Money | None = None
    occurred_at: datetime | None = None
    end_to_end_id: str = ""
    dispute_won: bool = False
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Current:
    """What a judgement needs to know of the payment: its row, read under its lock."""

    status: PaymentStatus
    amount: Money
    expires_at: datetime | None = None
    order_paid_by_another: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The judgement. `path` is empty unless the payment moves; flags are only ever set, never taken back."""

    outcome: Outcome
    path: tuple[PaymentStatus, ...] = ()
    late: bool = False
    overpaid: bool = False
    alarm: Alarm | None = None

    @property
    def pays(self) -> bool:
        """Whether money arrives by this move (a dispute won brings none: it was here before)."""
        return PaymentStatus.PAID in self.path


def transition(current: Current, notice: Notice) -> Decision:
    """Judges one notice. Total and deterministic; never backwards; money that matches the charge is never refused."""
    if _other_currency(current, notice):
        return Decision(Outcome.REFUSED, alarm=Alarm.OTHER_CURRENCY)
    if notice.status is current.status:
        return _same(current, notice)
    path = PATHS.get((current.status, notice.status))
    if path is None:
        return Decision(Outcome.REFUSED, alarm=_why_not(current, notice))
    if current.status is S.DISPUTED and notice.status is S.PAID and not notice.dispute_won:
        return Decision(Outcome.REFUSED)
    if S.PAID in path and current.status in UNPAID:
        return _arrival(current, notice, path)
    return Decision(Outcome.MOVED, path, alarm=_alarm_of_arriving_at(notice.status, current))


def _arrival(current: Current, notice: Notice, path: tuple[PaymentStatus, ...]) -> Decision:
    """Money for a charge that was not paid: is it enough, in time, and the first of its order?"""
    if notice.amount is not None and notice.amount != current.amount:
        return Decision(Outcome.REFUSED, alarm=_amount_alarm(notice.amount, current.amount))
    received = notice.received
    if received is not None and received < current.amount:
        return Decision(Outcome.REFUSED, alarm=Alarm.AMOUNT_TOO_SMALL)
    overpaid = current.order_paid_by_another or (received is not None and received > current.amount)
    late = current.status is not S.PENDING or _after_expiry(current, notice)
    alarm = Alarm.OVERPAID if overpaid else Alarm.LATE if late else None
    if path[-1] is S.DISPUTED:
        alarm = Alarm.DISPUTED
    return Decision(Outcome.MOVED, path, late=late, overpaid=overpaid, alarm=alarm)


def _same(current: Current, notice: Notice) -> Decision:
    """A repeat; but a paid charge that was paid once more is overpaid from now on."""
    again = notice.status is S.PAID and notice.received is not None and notice.received > current.amount
    return Decision(Outcome.SAME, overpaid=again, alarm=Alarm.OVERPAID if again else None)


def _other_currency(current: Current, notice: Notice) -> bool:
    told = (notice.amount, notice.received, notice.refunded)
    said = [money for money in told if money is not None]
    return any(money.currency is not current.amount.currency for money in said)


def _amount_alarm(said: Money, ours: Money) -> Alarm:
    return Alarm.AMOUNT_TOO_SMALL if said < ours else Alarm.OVERPAID


def _after_expiry(current: Current, notice: Notice) -> bool:
    return current.expires_at is not None and notice.occurred_at is not None and notice.occurred_at > current.expires_at


def _why_not(current: Current, notice: Notice) -> Alarm | None:
    """A stale `pending`, `failed` or `expired` after money came is everyday; money after a refund is not."""
    return Alarm.BACKWARDS if current.status is S.REFUNDED and notice.status in SETTLED else None


def _alarm_of_arriving_at(status: PaymentStatus, current: Current) -> Alarm | None:
    if status is S.DISPUTED:
        return Alarm.DISPUTED
    if status is S.REFUNDED and current.status in UNPAID:
        return Alarm.REFUNDED_UNSEEN
    return None
