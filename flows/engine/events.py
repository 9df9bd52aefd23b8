"""Everything that can move a run: what the runner hands to `advance`.

Events are values. Each names what it belongs to (a wait, a visit of a payment step, a pressed button), so that a
late one is recognised instead of believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID


class AnswerKind(StrEnum):
    """What a person's message holds; the values a question's `accepts` may name, and `other` for all else."""

    TEXT = "text"
    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    CONTACT = "contact"
    LOCATION = "location"
    OTHER = "other"


class TimerKind(StrEnum):
    """Why a timer was armed."""

    PENDING = "pending"
    ELAPSED = "elapsed"
    DELAY = "delay"
    ANSWER = "answer"


class PaymentStatus(StrEnum):
    """A charge's state as a run sees it."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    DISPUTED = "disputed"


# Button indexes of our own, above any index a definition can have (Telegram takes 100 buttons a message).
PAID_BUTTON: Final = 1000
NEW_CODE_BUTTON: Final = 1001
BUMP_YES_BUTTON: Final = 1002
BUMP_NO_BUTTON: Final = 1003

# What the *Começar* button carries instead of a reference.
BEGIN_DATA: Final = "start"


@dataclass(frozen=True, slots=True)
class ButtonRef:
    """Where a button was shown: the run, its version, the step by ordinal, the wait, the button by index."""

    run_id: UUID
    version_id: UUID
    ordinal: int
    wait: int
    index: int


@dataclass(frozen=True, slots=True)
class Start:
    """A run begins (status `new`), or, on a run that stands already, is asked to say its step again.

    `step_id`: where a trigger of the flow's own begins it; else it begins at the start step.
    """

    payload: str | None = None
    command: bool = True
    step_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A person's message. `text` is the text or caption; `data` holds what the kind carries (file_id, phone...)."""

    kind: AnswerKind
    text: str
    message_id: int | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press of an inline button. `ref` is None for data that is not ours; `raw` is the data as it came."""

    callback_id: str
    message_id: int | None
    ref: ButtonRef | None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer is due; `wait` is the wait that armed it."""

    kind: TimerKind
    wait: int
    visit: int | None = None


@dataclass(frozen=True, slots=True)
class ChargeReady:
    """A charge can be paid: the code to copy, the page, or both."""

    visit: int
    payment_id: UUID
    br_code: str
    amount_minor: int
    currency: str
    expires_at: datetime | None = None
    page_url: str | None = None
    legal_text: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeFailed:
    """No gateway made the charge. `retrying`: it is still tried, and a `ChargeReady` may follow by itself."""

    visit: int
    code: str
    retrying: bool


@dataclass(frozen=True, slots=True)
class CouponRefused:
    """No charge was made with the coupon of this visit: every sale it allows is taken (`used_up`), or no gateway takes
    what it leaves to pay (`does_not_fit`)."""

    visit: int
    coupon: str
    code: str


@dataclass(frozen=True, slots=True)
class PaymentChanged:
    """A charge of this run changed state; `paid` is never refused."""

    visit: int
    payment_id: UUID
    order_id: UUID
    status: PaymentStatus
    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentChecked:
    """The answer to an "I have paid" press. `checked` is False when the last known state had to do."""

    visit: int
    payment_id: UUID
    status: PaymentStatus
    checked: bool


@dataclass(frozen=True, slots=True)
class AccessReady:
    """A place in a chat has its link; `wait` is the wait that asked for it, 0 where none did."""

    visit: int | None
    grant_id: UUID
    link: str
    wait: int = 0


@dataclass(frozen=True, slots=True)
class RecalledAccess:
    """An access that is still open: its content as the definition wrote it, and the run that gave it."""

    run_id: UUID
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AccessRecalled:
    """The answer to `RecallAccess`: everything the person still has, newest first. It is about no run."""

    accesses: tuple[RecalledAccess, ...]


class MoneyWord(StrEnum):
    """What is to be said of money where no run says it. `served`: nothing to the person, only the team should look."""

    ACCESS_REFUNDED = "access_refunded"
    ACCESS_DISPUTED = "access_disputed"
    ACCESS_RETURNED = "access_returned"
    GIVEN_BACK = "given_back"
    CREDITED = "credited"
    UNUSUAL = "unusual"
    SERVED = "served"
    ACCESS_ENDS_IN_DAYS = "access_ends_in_days"
    ACCESS_ENDS_TOMORROW = "access_ends_tomorrow"
    ACCESS_ENDED = "access_ended"
    ACCESS_CLOSED = "access_closed"
    # The bot lost its group: whoever waits for a way in is told, and gets it when the bot is back.
    ACCESS_WAITS = "access_waits"


@dataclass(frozen=True, slots=True)
class MoneyTold:
    """Something happened to a person's money or access that no run waits for. It is about no run. `amount_minor`: how
    much of it, where that is said."""

    word: MoneyWord
    amount_minor: int = 0
    currency: str = ""


class HttpOutcome(StrEnum):
    """What became of an `http` step's call; all but `ok` leave by `retry`."""

    OK = "ok"
    # It answered, but not with a 2xx.
    STATUS = "status"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    CONNECTION_LOST = "connection_lost"
    ADDRESS_REFUSED = "address_refused"
    UNSENDABLE = "unsendable"
    # Not asked: it has answered nothing lately.
    HELD_OFF = "held_off"
    # The worker was lost in the middle, and the call must not be made twice.
    UNKNOWN = "unknown"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class HttpAnswered:
    """What came of the call that this wait asked for. `values` holds what the answer has of the step's `save`."""

    wait: int
    outcome: HttpOutcome
    status: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    milliseconds: int | None = None


@dataclass(frozen=True, slots=True)
class Resumed:
    """The run that covered this one has ended: it is on top again and says its step again."""


@dataclass(frozen=True, slots=True)
class OperatorResumed:
    """A member of the team sends the run on: to `step_id`, or (None) back to work at the step where it stands."""

    step_id: str | None = None


@dataclass(frozen=True, slots=True)
class OperatorClosed:
    """A member of the team ends the run, after a last word if there is one.

    `despite_owing`: even one that is paid and not served; without it such a run stays as it is.
    """

    message: str | None = None
    despite_owing: bool = False


@dataclass(frozen=True, slots=True)
class VariablesSet:
    """Whoever tries a flow out writes and clears variables by hand, of the run or (`contact.`) of its contact. Only a
    test chat may: the runtime refuses it anywhere else."""

    variables: Mapping[str, object] = field(default_factory=dict)
    cleared: tuple[str, ...] = ()


class Fate(StrEnum):
    """What becomes of whoever waits at a step when a newer version is published."""

    MOVE = "move"
    CARRY = "carry"
    END = "end"


@dataclass(frozen=True, slots=True)
class StepChoice:
    """They go to `step_id` of the newer version; go on in it where they are, without hearing it again; or end, after a
    last `message`."""

    fate: Fate
    step_id: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class VersionMoved:
    """A newer version was published, and with it chosen, by step, what becomes of whoever waits there.

    Who left the step meanwhile is judged by where they are then; a step without a choice keeps its version. `covered`,
    which routing sets: another run is on top.
    """

    version_id: UUID
    number: int
    choices: Mapping[str, StepChoice]
    covered: bool = False


Event = (
    Start
    | Answered
    | Pressed
    | TimerFired
    | ChargeReady
    | ChargeFailed
    | CouponRefused
    | PaymentChanged
    | PaymentChecked
    | AccessReady
    | AccessRecalled
    | MoneyTold
    | HttpAnswered
    | Resumed
    | OperatorResumed
    | OperatorClosed
    | VariablesSet
    | VersionMoved
)

EVENT_TYPES: Final[tuple[type[Event], ...]] = (
    Start,
    Answered,
    Pressed,
    TimerFired,
    ChargeReady,
    ChargeFailed,
    CouponRefused,
    PaymentChanged,
    PaymentChecked,
    AccessReady,
    AccessRecalled,
    MoneyTold,
    HttpAnswered,
    Resumed,
    OperatorResumed,
    OperatorClosed,
    VariablesSet,
    VersionMoved,
)


def names_a_charge(event: Event) -> bool:
    """Is the event about a charge of the run it names? The runner then hands it to that run, ended or covered."""
    match event:
        case ChargeReady() | ChargeFailed() | CouponRefused() | PaymentChanged() | PaymentChecked():
            return True
        case Pressed(ref=ButtonRef(index=index)):
            return index in (PAID_BUTTON, NEW_CODE_BUTTON)
        case _:
            return False
