"""Icons and words of money: sales, charges, ledger lines, accounts."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from bots.web.looks import Look, Tone
from payments.domain.events import EventKind
from payments.domain.states import PaymentStatus
from payments.models import (
    STILL_OWED,
    DeliveryState,
    GatewayAccount,
    Grant,
    Order,
    OrderStatus,
    Payment,
    PaymentEvent,
    RefundState,
)
from payments.selectors import GrantState, LeavingWhy, LinkFate, SaleFlag

_PAID = Look("circle-check", _("Paid"), Tone.GO)
_FAILED = Look("circle-x", _("Failed"), Tone.BROKEN)
_EXPIRED = Look("timer-reset", _("Expired"))
# Where money went back nobody need act: amber is for what needs the team.
_REFUNDED = Look("undo-2", _("Refunded"))
_PARTLY = Look("undo-2", _("Partly refunded"))
_DISPUTED = Look("triangle-alert", _("Disputed"), Tone.BROKEN)
_WAITING = Look("hourglass", _("Waiting for payment"))

ORDER_STATUS: Mapping[str, Look] = {
    OrderStatus.OPEN: _WAITING,
    OrderStatus.PAID: _PAID,
    OrderStatus.FAILED: _FAILED,
    OrderStatus.EXPIRED: _EXPIRED,
    OrderStatus.REFUNDED: _REFUNDED,
    OrderStatus.PARTIALLY_REFUNDED: _PARTLY,
    OrderStatus.DISPUTED: _DISPUTED,
}
PAYMENT_STATUS: Mapping[str, Look] = {
    PaymentStatus.PENDING: _WAITING,
    PaymentStatus.PAID: _PAID,
    PaymentStatus.FAILED: _FAILED,
    PaymentStatus.EXPIRED: _EXPIRED,
    PaymentStatus.REFUNDED: _REFUNDED,
    PaymentStatus.PARTIALLY_REFUNDED: _PARTLY,
    PaymentStatus.DISPUTED: _DISPUTED,
}
EVENT_KIND: Mapping[str, Look] = {
    EventKind.CREATED: Look("qr-code", _("Charge made"), Tone.MONEY),
    EventKind.CREATION_FAILED: Look("circle-x", _("Charge could not be made"), Tone.BROKEN),
    EventKind.ADOPTED: Look("repeat", _("Taken over by a new visit")),
    EventKind.SUPERSEDED: Look("refresh-cw", _("Replaced by a new code")),
    EventKind.MOVED: Look("banknote", _("State changed")),
    EventKind.FLAGGED: Look("flag", _("Flagged"), Tone.NEEDS),
    EventKind.REFUSED: Look("ban", _("Notice refused"), Tone.NEEDS),
    EventKind.FEE: Look("receipt", _("Gateway's fee")),
    EventKind.REFUND: Look("undo-2", _("Refund"), Tone.NEEDS),
    EventKind.DECIDED: Look("flag", _("Decided by your rules or your team")),
}
LATE = Look("clock", _("Paid late"), Tone.NEEDS)
OVERPAID = Look("triangle-alert", _("Paid more than once, or too much"), Tone.NEEDS)
UNKNOWN = Look("circle-help", _("Creation unknown: being checked"), Tone.NEEDS)
NOT_SERVED = Look("triangle-alert", _("Paid, not yet served"), Tone.NEEDS)
UNDECIDED = Look("flag", _("Waits for your decision"), Tone.NEEDS)
REPLACED = Look("refresh-cw", _("Replaced by a new code"))
REFUND_STATE: Mapping[str, Look] = {
    RefundState.ASKED: Look("hourglass", _("On its way")),
    RefundState.BY_HAND: Look("hand", _("To be sent by hand"), Tone.NEEDS),
    RefundState.DONE: Look("circle-check", _("Given back"), Tone.GO),
    RefundState.FAILED: Look("circle-x", _("Could not be given back"), Tone.BROKEN),
    RefundState.CANCELED: Look("ban", _("Canceled")),
}

GRANT_STATE: Mapping[GrantState, Look] = {
    GrantState.OPEN: Look("circle-check", _("Open"), Tone.GO),
    GrantState.ENDED: Look("timer", _("Over")),
    GrantState.TAKEN_BACK: Look("ban", _("Taken back"), Tone.NEEDS),
}
SALE_FLAG: Mapping[SaleFlag, Look] = {
    SaleFlag.NOT_SERVED: Look("triangle-alert", _("Paid and not inside"), Tone.BROKEN),
    SaleFlag.LATE: Look("clock", _("Paid late"), Tone.NEEDS),
    SaleFlag.OVERPAID: Look("copy", _("Paid twice or too much"), Tone.NEEDS),
    SaleFlag.ALARM: Look("flag", _("With an alarm"), Tone.NEEDS),
}
LINK_FATE: Mapping[LinkFate, Look] = {
    LinkFate.CHAT_LOST: Look("unlink", _("The bot may not invite there now"), Tone.BROKEN),
    LinkFate.BLOCKED: Look("ban", _("Blocked the bot"), Tone.BROKEN),
    LinkFate.COMING: Look("hourglass", _("Link on its way")),
    LinkFate.FAILED: Look("circle-x", _("The last link did not arrive"), Tone.BROKEN),
    LinkFate.UNUSED: Look("link", _("Link sent, not used"), Tone.NEEDS),
    LinkFate.NONE: Look("hourglass", _("No link yet"), Tone.NEEDS),
}
LEAVING_WHY: Mapping[LeavingWhy, Look] = {
    LeavingWhy.ENDS: Look("timer", _("The time is over")),
    LeavingWhy.REFUND: Look("undo-2", _("The payment was given back"), Tone.NEEDS),
    LeavingWhy.DISPUTE: Look("triangle-alert", _("The payment is disputed"), Tone.BROKEN),
    LeavingWhy.TAKEN_BACK: Look("ban", _("Taken back by the team"), Tone.NEEDS),
    LeavingWhy.NONE: Look("circle-help", _("Has no access any more")),
}
DELIVERY_STATE: Mapping[str, Look] = {
    DeliveryState.NEW: Look("hourglass", _("Waiting")),
    DeliveryState.UNMATCHED: Look("circle-help", _("Charge unknown so far"), Tone.NEEDS),
    DeliveryState.DONE: Look("circle-check", _("Done"), Tone.GO),
    DeliveryState.FORGED: Look("ban", _("Signature wrong"), Tone.BROKEN),
    DeliveryState.UNREADABLE: Look("circle-x", _("Unreadable"), Tone.BROKEN),
    DeliveryState.SET_ASIDE: Look("triangle-alert", _("Set aside"), Tone.BROKEN),
}


def grant_state(grant: Grant, now: datetime) -> GrantState:
    """Where an access stands; one that begins later counts as open."""
    if grant.revoked_at is not None:
        return GrantState.TAKEN_BACK
    return GrantState.ENDED if grant.ends_at is not None and grant.ends_at <= now else GrantState.OPEN


def order_look(order: Order, *, undecided: bool = False) -> Look:
    """Where a sale stands; a paid one that was not served asks for attention, and so does one whose money is not spent
    yet because a member must say on what."""
    if undecided and order.paid_at is None:
        return UNDECIDED
    if order.status in STILL_OWED and order.served_at is None:
        return NOT_SERVED
    return ORDER_STATUS[order.status]


def event_look(event: PaymentEvent) -> Look:
    """A ledger line: moves look like the state they lead to."""
    if event.kind == EventKind.MOVED:
        return PAYMENT_STATUS[event.to_status]
    return EVENT_KIND[event.kind]


def flags_of(payments: Sequence[Payment]) -> list[Look]:
    """What is unusual about a sale's charges."""
    flags = {"late": LATE, "overpaid": OVERPAID, "creation_unknown": UNKNOWN}
    return [look for name, look in flags.items() if any(getattr(payment, name) for payment in payments)]


def account_look(account: GatewayAccount) -> Look:
    """Whether an account makes charges now."""
    if not account.active:
        return Look("circle-pause", _("Off"))
    if account.failing_since:
        return Look("circle-x", _("Failing"), Tone.BROKEN)
    return Look("circle-check", _("Working"), Tone.GO)
