"""What the engine asks for: values that the runner writes as rows, in the order given.

The runner keys each effect `"<run>:<revision>:<n>"` by its place, so a repeated transaction makes the same keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from flows.engine.events import AnswerKind, ButtonRef, TimerKind


class ParseMode(StrEnum):
    """How a message's text is read."""

    HTML = "html"
    NONE = "none"


class OutMediaType(StrEnum):
    """Media kinds a message can carry."""

    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    ANIMATION = "animation"


@dataclass(frozen=True, slots=True)
class OutMedia:
    """One medium, by exactly one of its addresses."""

    type: OutMediaType
    url: str | None = None
    asset: str | None = None
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutButton:
    """One inline button: it presses (`ref`), opens (`url`), copies (`copy_text`) or begins (`begin`)."""

    text: str
    ref: ButtonRef | None = None
    url: str | None = None
    copy_text: str | None = None
    begin: bool = False


@dataclass(frozen=True, slots=True)
class OutMessage:
    """One message, free of any platform's words. `text` is the caption where there is a medium or a QR code.

    `text` is already escaped for `parse_mode`; `qr` is the BR code to draw as a QR image. `ask` (a contact or a
    location) offers to share the sender's own with one press of a key that says `ask_label`; `unask` takes such an
    offer, made before, away.
    """

    text: str | None
    parse_mode: ParseMode = ParseMode.NONE
    media: OutMedia | None = None
    buttons: tuple[tuple[OutButton, ...], ...] = ()
    link_preview: bool = True
    protect_content: bool = False
    qr: str | None = None
    ask: AnswerKind | None = None
    ask_label: str | None = None
    unask: AnswerKind | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order."""

    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CouponUse:
    """The coupon of an order: its code as the seller wrote it, what it takes off, and how many sales may use it."""

    code: str
    discount_minor: int
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Send a message to the contact."""

    message: OutMessage


@dataclass(frozen=True, slots=True)
class AnswerPress:
    """Answer a press; every press gets exactly one."""

    callback_id: str
    text: str | None = None
    alert: bool = False


@dataclass(frozen=True, slots=True)
class RemoveKeyboard:
    """Take the buttons off a message sent before."""

    message_id: int


@dataclass(frozen=True, slots=True)
class RequestPayment:
    """Make an order and its charge for this visit of a payment step.

    `deliver` is what the order is owed on payment (the config of `access`, as JSON); `payer` holds rendered values.
    `version_id` names the subflow's version that the step is of; None: the run's own. `amount_minor` is the sum of the
    items less what `coupon` takes off; answered by `CouponRefused` where that cannot be had.
    """

    visit: int
    step_id: str
    button_index: int | None
    amount_minor: int
    currency: str
    description: str
    account_id: str | None
    expires_minutes: float
    deliver: Mapping[str, object] | None
    payer: Mapping[str, str]
    items: tuple[Item, ...]
    version_id: UUID | None = None
    coupon: CouponUse | None = None


@dataclass(frozen=True, slots=True)
class CheckPayment:
    """Ask the gateway whether the visit's charge is paid; answered by `PaymentChecked`, or `PaymentChanged` if paid."""

    visit: int
    payment_id: UUID | None
    callback_id: str | None


@dataclass(frozen=True, slots=True)
class RenewPayment:
    """Make a fresh charge for the visit's order; answered by `ChargeReady`, `ChargeFailed` or `CouponRefused`."""

    visit: int
    payment_id: UUID | None


@dataclass(frozen=True, slots=True)
class GrantAccess:
    """Note that the contact was given this content by an `access` or `deliver` step.

    `order_id` is the paid order it serves; without one it counts per (run, visit). `link_for` is the wait in which the
    link to the content's chat is said, answered by `AccessReady`: 0 where nobody waits, None where no link is wanted.
    """

    visit: int
    order_id: UUID | None
    content: Mapping[str, object]
    step_id: str
    link_for: int | None = None


@dataclass(frozen=True, slots=True)
class OrderServed:
    """The paid order reached its delivery: an access, a deliver, the payment's own `deliver` or the run's end."""

    order_id: UUID


@dataclass(frozen=True, slots=True)
class LinkSaid:
    """The way into the chat of an access was said in this very walk."""

    grant_id: UUID


@dataclass(frozen=True, slots=True)
class RecallAccess:
    """Look up every access the contact still has; answered by `AccessRecalled`."""


@dataclass(frozen=True, slots=True)
class SetContact:
    """Change what is known of the contact for good: variables by their names without scope, and tags.

    Only what changes is named, so that what others write at the same time stays.
    """

    variables: Mapping[str, object] = field(default_factory=dict)
    cleared: tuple[str, ...] = ()
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeepAnswer:
    """Note where the answer that was just heard is kept: for which purpose, and for how many days (None: no end).

    `variable` is what it was saved as, if it was accepted and saved.
    """

    step_id: str
    accepted: bool
    variable: str | None = None
    purpose: str = ""
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class CallHttp:
    """Call a URL; answered by `HttpAnswered` of the same wait. All is filled in; `save` says which variable takes
    which path of the JSON answer. `repeatable`: it may be made again where nobody knows whether it arrived."""

    wait: int
    step_id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    timeout_seconds: float
    repeatable: bool
    save: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ArmTimer:
    """Make a timer row; it comes back as `TimerFired` with the same kind, wait and visit."""

    kind: TimerKind
    due_at: datetime
    wait: int
    visit: int | None = None


@dataclass(frozen=True, slots=True)
class VoidTimers:
    """Void this run's armed timers: those of one kind, or (None) all."""

    kind: TimerKind | None = None


class TimelineKind(StrEnum):
    """What a timeline entry tells; the documented list of `event_type` in `flow_event` logs."""

    STARTED = "started"
    ENTERED = "entered"
    LEFT = "left"
    BRANCHED = "branched"
    SPLIT = "split"
    ANSWERED = "answered"
    UNMATCHED = "unmatched"
    PRESSED = "pressed"
    STALE_PRESS = "stale_press"
    TIMER_FIRED = "timer_fired"
    CHARGE_REQUESTED = "charge_requested"
    CHARGE_READY = "charge_ready"
    CHARGE_FAILED = "charge_failed"
    COUPON_USED = "coupon_used"
    COUPON_REFUSED = "coupon_refused"
    PAYMENT_CHECKED = "payment_checked"
    PAYMENT_CHANGED = "payment_changed"
    PAID = "paid"
    DELIVERED = "delivered"
    LINK_READY = "link_ready"
    LINK_LATE = "link_late"
    HTTP_ANSWERED = "http_answered"
    HTTP_FAILED = "http_failed"
    HANDED_OFF = "handed_off"
    SAID_AGAIN = "said_again"
    RESUMED = "resumed"
    PROBLEM = "problem"
    STEP_MISSING = "step_missing"
    FAILED = "failed"
    ENDED = "ended"
    CLOSED = "closed"
    VERSION_MOVED = "version_moved"
    VERSION_KEPT = "version_kept"
    VARIABLES_SET = "variables_set"


@dataclass(frozen=True, slots=True)
class Record:
    """Write a timeline entry. Data holds codes, ids and amounts; never what a person wrote."""

    kind: TimelineKind
    step_id: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)


class AttentionReason(StrEnum):
    """Why the team should look."""

    TEXT_WHILE_WAITING = "text_while_waiting"
    NO_AMOUNT = "no_amount"
    CHARGE_FAILED = "charge_failed"
    RUN_FAILED = "run_failed"
    STEP_MISSING = "step_missing"
    PAID_WITHOUT_STEP = "paid_without_step"
    PAYMENT_SUPPORT = "payment_support"
    CLOSE_REFUSED = "close_refused"
    HTTP_FAILED = "http_failed"
    HANDOFF = "handoff"
    MONEY_UNUSUAL = "money_unusual"


@dataclass(frozen=True, slots=True)
class RaiseAttention:
    """Put the conversation on the team's unread list."""

    reason: AttentionReason


Effect = (
    Say
    | AnswerPress
    | RemoveKeyboard
    | RequestPayment
    | CheckPayment
    | RenewPayment
    | GrantAccess
    | KeepAnswer
    | OrderServed
    | LinkSaid
    | CallHttp
    | RecallAccess
    | SetContact
    | ArmTimer
    | VoidTimers
    | Record
    | RaiseAttention
)

EFFECT_TYPES: Final[tuple[type[Effect], ...]] = (
    Say,
    AnswerPress,
    RemoveKeyboard,
    RequestPayment,
    CheckPayment,
    RenewPayment,
    GrantAccess,
    KeepAnswer,
    OrderServed,
    LinkSaid,
    CallHttp,
    RecallAccess,
    SetContact,
    ArmTimer,
    VoidTimers,
    Record,
    RaiseAttention,
)
