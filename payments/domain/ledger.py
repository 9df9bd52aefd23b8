"""Folds a payment's lines into where it stands: totals are told from all events, never incremented."""

from collections.abc import Iterable
from dataclasses import dataclass

from payments.domain.events import EventKind, LedgerLine
from payments.domain.states import PATHS, UNPAID, PaymentStatus

# Moves whose amount says what went back in all.
GAVE_BACK = frozenset({PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.DISPUTED})


class BrokenLedger(ValueError):
    """Lines that no sequence of legal moves could have written."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Status, flags and sums in minor units."""

    status: PaymentStatus = PaymentStatus.PENDING
    late: bool = False
    overpaid: bool = False
    received_minor: int = 0
    refunded_minor: int = 0
    fee_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What is left for the seller."""
        return self.received_minor - self.refunded_minor - self.fee_minor


def fold(lines: Iterable[LedgerLine]) -> Standing:
    """Where the lines lead. Raises `BrokenLedger` if one does not begin where the last one ended, or is no legal move.

    A move's `amount_minor` is what that move brought in (`paid` out of an unpaid state) or gave back in all (refunds,
    and disputes of what was given back in part); the last fee told is the fee.
    """
    standing = Standing()
    for line in lines:
        late, overpaid = standing.late or line.late, standing.overpaid or line.overpaid
        received, refunded, status = standing.received_minor, standing.refunded_minor, standing.status
        fee = standing.fee_minor
        if line.kind is EventKind.MOVED:
            if line.from_status is not status or (status, line.to_status) not in PATHS:
                raise BrokenLedger(f"{status} cannot become {line.to_status} by a line from {line.from_status}")
            if line.to_status is PaymentStatus.PAID and status in UNPAID:
                received = line.amount_minor
            if line.to_status in GAVE_BACK:
                refunded = max(refunded, line.amount_minor)
                # What went back had come, though nobody was told of it: all of it, or a second payment.
                received = max(received, refunded)
            status = line.to_status
        elif line.kind is EventKind.FLAGGED:
            received = max(received, line.amount_minor)
        elif line.kind is EventKind.FEE:
            fee = line.amount_minor
        standing = Standing(status, late, overpaid, received, refunded, fee)
    return standing
