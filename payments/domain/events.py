"""The kinds of things a payment's ledger tells, and who told them."""

from dataclasses import dataclass
from enum import StrEnum

from payments.domain.states import PaymentStatus


class EventSource(StrEnum):
    """Who brought the news."""

    CREATE = "create"
    WEBHOOK = "webhook"
    POLL = "poll"
    PRESS = "press"
    EXPIRY = "expiry"
    ADMIN = "admin"
    OPERATOR = "operator"


class EventKind(StrEnum):
    """What a ledger line says: the charge was made, it moved, it was flagged, a notice was refused, what the gateway
    keeps of it became known, something about giving it back, or what was decided about it."""

    CREATED = "created"
    CREATION_FAILED = "creation_failed"
    ADOPTED = "adopted"
    SUPERSEDED = "superseded"
    MOVED = "moved"
    FLAGGED = "flagged"
    REFUSED = "refused"
    FEE = "fee"
    REFUND = "refund"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of a payment's history, as the fold reads it; amounts in minor units of the payment's currency."""

    kind: EventKind
    from_status: PaymentStatus
    to_status: PaymentStatus
    amount_minor: int = 0
    late: bool = False
    overpaid: bool = False
