"""The states of a payment, the table of moves between them, and the one function that judges a notice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from payments.domain.money import Money
from payments.domain.rules import Matter, MoneyCase, MoneyPolicy, Rules


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
    REFUND_FAILED = "refund_failed"


S = PaymentStatus
UNPAID = frozenset({S.PENDING, S.FAILED, S.EXPIRED})
# Money came, and some of it may still be here.
SETTLED = frozenset({S.PAID, S.PARTIALLY_REFUNDED, S.DISPUTED, S.REFUNDED})
# Some of it is, and nobody else asks for it.
STILL_HERE = frozenset({S.PAID, S.PARTIALLY_REFUNDED})

# Every legal move and no other; a refund in parts may go on, and so it may while the rest is disputed. What is disputed
# after a part went back returns, won, to where it was. An unpaid charge that is found partly refunded or disputed was
# paid in between: it goes through `paid`. One found wholly refunded does not: the money is gone again, nothing is
# served, somebody is told.
PATHS: Mapping[tuple[PaymentStatus, PaymentStatus], tuple[PaymentStatus, ...]] = {
    (S.PENDING, S.PAID): (S.PAID,),
    (S.PENDING, S.FAILED): (S.FAILED,),
    (S.PENDING, S.EXPIRED): (S.EXPIRED,),
    (S.FAILED, S.PAID): (S.PAID,),
    (S.EXPIRED, S.PAID): (S.PAID,),
    (S.PAID, S.PARTIALLY_REFUNDED): (S.PARTIALLY_REFUNDED,),
    (S.PAID, S.REFUNDED): (S.REFUNDED,),
    (S.PAID, S.DISPUTED): (S.DISPUTED,),
    (S.PARTIALLY_REFUNDED, S.PARTIALLY_REFUNDED): (S.PARTIALLY_REFUNDED,),
    (S.PARTIALLY_REFUNDED, S.REFUNDED): (S.REFUNDED,),
    (S.PARTIALLY_REFUNDED, S.DISPUTED): (S.DISPUTED,),
    (S.DISPUTED, S.PAID): (S.PAID,),
    (S.DISPUTED, S.PARTIALLY_REFUNDED): (S.PARTIALLY_REFUNDED,),
    (S.DISPUTED, S.DISPUTED): (S.DISPUTED,),
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
    `dispute_until`: until when a dispute can be answered, where the gateway tells. `accepted`: somebody of the seller's
    has decided that less than the amount is enough.
    """

    status: PaymentStatus
    amount: Money | None = None
    received: Money | None = None
    refunded: Money | None = None
    fee: Money | None = None
    occurred_at: datetime | None = None
    end_to_end_id: str = ""
    dispute_won: bool = False
    dispute_until: datetime | None = None
    accepted: bool = False
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Current:
    """What a judgement needs to know of the payment: its row, read under its lock."""

    status: PaymentStatus
    amount: Money
    expires_at: datetime | None = None
    order_paid_by_another: bool = False
    refunded_minor: int = 0
    rules: Rules = field(default_factory=Rules)

    @property
    def amount_minor(self) -> int:
        return self.amount.minor


@dataclass(frozen=True, slots=True)
class Decision:
    """The judgement. `path` is empty unless the payment moves; flags are only ever set, never taken back. `matter`:
    the money is not as expected, and a rule of the seller's says what becomes of it."""

    outcome: Outcome
    path: tuple[PaymentStatus, ...] = ()
    late: bool = False
    overpaid: bool = False
    alarm: Alarm | None = None
    matter: Matter | None = None

    @property
    def pays(self) -> bool:
        """Whether money arrives by this move (a dispute won brings none: it was here before)."""
        return PaymentStatus.PAID in self.path

    @property
    def withheld(self) -> bool:
        """Whether the money that arrives does not pay the order: the seller's rules for late money say so."""
        return self.pays and self.matter is not None and self.matter.withholds


_NOTHING_NEW = Decision(Outcome.SAME)


def transition(current: Current, notice: Notice) -> Decision:
    """Judges one notice. Total and deterministic; never backwards; money that matches the charge is never refused."""
    if _other_currency(current, notice):
        return Decision(Outcome.REFUSED, alarm=Alarm.OTHER_CURRENCY)
    if notice.status is current.status:
        return _same(current, notice)
    path = PATHS.get((current.status, notice.status))
    if path is None:
        return Decision(Outcome.REFUSED, alarm=_why_not(current, notice))
    if current.status is S.DISPUTED and notice.status in (S.PAID, S.PARTIALLY_REFUNDED):
        return _of_disputed(current, notice)
    if S.PAID in path and current.status in UNPAID:
        return _arrival(current, notice, path)
    return Decision(Outcome.MOVED, path, alarm=_alarm_of_arriving_at(notice.status, current))


def _of_disputed(current: Current, notice: Notice) -> Decision:
    """Only a dispute said to be won is over; what went back before it or meanwhile stays gone either way."""
    if not notice.dispute_won and _more_went_back(current, notice):
        return Decision(Outcome.MOVED, (S.DISPUTED,))
    if not notice.dispute_won:
        # `paid` merely comes late. A part said to have gone back, and none that is new, is for somebody to see.
        return Decision(Outcome.REFUSED, alarm=_why_not(current, notice))
    in_part = current.refunded_minor > 0 or notice.status is S.PARTIALLY_REFUNDED
    return Decision(Outcome.MOVED, (S.PARTIALLY_REFUNDED if in_part else S.PAID,))


def _more_went_back(current: Current, notice: Notice) -> bool:
    return notice.refunded is not None and notice.refunded.minor > current.refunded_minor


def _arrival(current: Current, notice: Notice, path: tuple[PaymentStatus, ...]) -> Decision:
    """Money for a charge that was not paid: is it enough, in time, and the first of its order?"""
    if notice.amount is not None and notice.amount != current.amount:
        return Decision(Outcome.REFUSED, alarm=_amount_alarm(notice.amount, current.amount))
    received = current.amount if notice.received is None else notice.received
    overpaid = current.order_paid_by_another or received > current.amount
    late = current.status is not S.PENDING or _after_expiry(current, notice)
    # What has been refunded in part or is disputed already is the bank's matter, not the seller's rules'.
    plain = path == (S.PAID,)
    matter = _matter(current, received, late=late, accepted=notice.accepted) if plain else None
    if received < current.amount and not notice.accepted and (matter is None or matter.withholds):
        return Decision(Outcome.REFUSED, alarm=Alarm.AMOUNT_TOO_SMALL, matter=matter)
    alarm = Alarm.OVERPAID if overpaid else Alarm.LATE if late else None
    if received < current.amount:
        alarm = Alarm.AMOUNT_TOO_SMALL
    if path[-1] is S.DISPUTED:
        alarm = Alarm.DISPUTED
    return Decision(Outcome.MOVED, path, late=late, overpaid=overpaid, alarm=alarm, matter=matter)


def _matter(current: Current, received: Money, *, late: bool, accepted: bool) -> Matter | None:
    """The one thing to decide about money that arrives. Money for what is paid already has nothing to serve, so its
    lateness does not matter; of a late surplus the lateness matters first, unless late money is simply served."""
    rules, surplus = current.rules, received.minor - current.amount_minor
    if received.minor <= 0:
        return None
    if current.order_paid_by_another:
        return Matter(MoneyCase.DOUBLE, received, rules.double)
    if surplus < 0:
        return None if accepted else Matter(MoneyCase.SMALLER, received, rules.smaller)
    if late and not accepted and (surplus == 0 or rules.late is not MoneyPolicy.DELIVER):
        return Matter(MoneyCase.LATE, received, rules.late)
    if surplus > 0:
        # Twice the amount before anybody heard of it once: paid twice.
        case = MoneyCase.LARGER if surplus % current.amount_minor else MoneyCase.DOUBLE
        return Matter(case, Money(surplus, received.currency), rules.policy_for(case))
    return None


def _same(current: Current, notice: Notice) -> Decision:
    """A repeat; but a paid charge that was paid once more is overpaid, and a refund in parts may have gone on."""
    if notice.status in (S.PARTIALLY_REFUNDED, S.DISPUTED):
        return Decision(Outcome.MOVED, (notice.status,)) if _more_went_back(current, notice) else _NOTHING_NEW
    received = notice.received
    if notice.status is not S.PAID or received is None or received <= current.amount:
        return _NOTHING_NEW
    surplus = Money(received.minor - current.amount_minor, received.currency)
    matter = Matter(MoneyCase.DOUBLE, surplus, current.rules.double)
    return Decision(Outcome.SAME, overpaid=True, alarm=Alarm.OVERPAID, matter=matter)


def _other_currency(current: Current, notice: Notice) -> bool:
    told = (notice.amount, notice.received, notice.refunded)
    said = [money for money in told if money is not None]
    return any(money.currency is not current.amount.currency for money in said)


def _amount_alarm(said: Money, ours: Money) -> Alarm:
    return Alarm.AMOUNT_TOO_SMALL if said < ours else Alarm.OVERPAID


def _after_expiry(current: Current, notice: Notice) -> bool:
    return current.expires_at is not None and notice.occurred_at is not None and notice.occurred_at > current.expires_at


def _why_not(current: Current, notice: Notice) -> Alarm | None:
    """A stale `pending`, `failed` or `expired` after money came is everyday; money that we cannot follow is not."""
    match current.status, notice.status:
        case S.REFUNDED, status if status in SETTLED:
            return Alarm.BACKWARDS
        case S.DISPUTED, S.PARTIALLY_REFUNDED:
            return Alarm.CONTRADICTION
        case _:
            return None


def _alarm_of_arriving_at(status: PaymentStatus, current: Current) -> Alarm | None:
    if status is S.DISPUTED:
        return Alarm.DISPUTED
    if status is S.REFUNDED and current.status in UNPAID:
        return Alarm.REFUNDED_UNSEEN
    return None
