"""What a run knows between two events: everything `advance` may look at besides the flow and the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Final
from uuid import UUID

from flows.engine.events import AnswerKind, PaymentStatus


class Status(StrEnum):
    """Where a run stands. `lost`: its step is missing from its version; the runner restarts the flow (SPEC 2.3)."""

    NEW = "new"
    WAITING = "waiting"
    ENDED = "ended"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """The contact as texts and conditions may see them."""

    chat_id: int = 0
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    variables: Mapping[str, object] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BotFacts:
    """The bot as texts may see it, the organization it belongs to, and where its support is found."""

    name: str = ""
    username: str = ""
    organization_name: str = ""
    support_contact: str = ""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When the organization leaves people alone, on its own clock; over midnight where they begin after they end."""

    begins: time
    ends: time

    def hold(self, at: time) -> bool:
        """Whether this time of day is within them."""
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True, slots=True)
class Facts:
    """What the runner refreshes before every walk. Never stored with the run.

    `texts` are the bot's edits of built-in texts by code; `main_buttons` the bot's own, for a missing price.
    """

    contact: ContactFacts = ContactFacts()
    bot: BotFacts = BotFacts()
    locale: str = "pt-br"
    time_zone: str = "America/Sao_Paulo"
    texts: Mapping[str, str] = field(default_factory=dict)
    main_buttons: tuple[Mapping[str, object], ...] = ()
    quiet_hours: QuietHours | None = None


NO_FACTS: Final = Facts()


@dataclass(frozen=True, slots=True)
class PressedButton:
    """The last pressed button with a price: it travels to the payment step (SPEC 2.4). Prices are as written; `wait` is
    the one in which it was pressed. Its bump is sold once."""

    step_id: str
    index: int
    text: str
    price: str
    description: str = ""
    bump_text: str = ""
    bump_price: str = ""
    wait: int = 0


@dataclass(frozen=True, slots=True)
class BumpOffer:
    """A bump that was offered in this wait: the press of button `index` waits for a yes or a no."""

    index: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A subflow that a run is inside: its embedded version, and the step of the flow around it that runs it."""

    version_id: UUID
    step_id: str


@dataclass(frozen=True, slots=True)
class PaymentVisit:
    """One entry into a payment step and the charge it led to. `wait` is the wait that entry began; `frames` are the
    subflows it was made in, to which its paid exit returns. `promise` is the access that a version left behind had
    for it, where the present one has no such step."""

    step_id: str
    wait: int
    requested_at: datetime
    amount_minor: int
    currency: str
    description: str = ""
    button_index: int | None = None
    pressed_wait: int | None = None
    payment_id: UUID | None = None
    order_id: UUID | None = None
    status: PaymentStatus = PaymentStatus.PENDING
    br_code: str = ""
    page_url: str | None = None
    legal_text: str | None = None
    expires_at: datetime | None = None
    taken_paid: bool = False
    left_pending: bool = False
    served: bool = False
    renewing: bool = False
    frames: tuple[Frame, ...] = ()
    promise: Mapping[str, object] | None = None
    coupon: str = ""
    discount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Departure:
    """The press by which a wait was left: a second one gets only a short notice."""

    wait: int
    index: int


@dataclass(frozen=True, slots=True)
class Moved:
    """The run left a version for a newer one in this wait. `carried`: the next wait is that wait gone on."""

    version_id: UUID
    wait: int
    carried: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """One run. `wait` counts its waits; `attempts` is keyed `"<step>#<condition index>"`, within a subflow with its
    version before that. `frames` are the subflows the run is inside, outermost first; `step_id` is of the innermost.

    `parked` says why the present wait cannot end by itself: the team must act.
    `trusted` names the variables whose value no contact could have had a hand in: only those may decide a price.
    `asking` is the keyboard of `OutMessage.ask` that may still be open in the chat.
    `coupons_heard` says which codes were used or refused aloud; `coupons_gone` which cannot be had, keyed as attempts
    are.
    """

    run_id: UUID
    version_id: UUID
    started_at: datetime
    status: Status = Status.NEW
    revision: int = 0
    step_id: str | None = None
    entered_at: datetime | None = None
    wait: int = 0
    next_visit: int = 1
    current_visit: int | None = None
    attempts: Mapping[str, int] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)
    trusted: tuple[str, ...] = ()
    pressed: PressedButton | None = None
    offer: BumpOffer | None = None
    visits: Mapping[int, PaymentVisit] = field(default_factory=dict)
    left_by: Departure | None = None
    last_input: str = ""
    start_payload: str = ""
    seed: int = 0
    last_heard_at: datetime | None = None
    last_said_again_at: datetime | None = None
    last_reminded_at: datetime | None = None
    restarts: int = 0
    failure: str | None = None
    parked: str = ""
    answered: bool = False
    asking: AnswerKind | None = None
    frames: tuple[Frame, ...] = ()
    moves: tuple[Moved, ...] = ()
    coupons_heard: tuple[str, ...] = ()
    coupons_gone: tuple[str, ...] = ()
    facts: Facts = NO_FACTS

    def shown_before_move(self, wait: int) -> bool:
        """Whether what was shown in this wait is of a version left behind: its wait alone tells what it was."""
        return bool(self.moves) and wait <= self.moves[-1].wait

    def wait_now(self, wait: int) -> int:
        """The wait that this one has become: another number where it was carried into a newer version."""
        for moved in self.moves:
            if moved.carried and moved.wait == wait:
                wait += 1
        return wait

    @property
    def place(self) -> str | None:
        """The step of the run's own version where it stands; inside subflows, the one that runs the outermost."""
        return self.frames[0].step_id if self.frames else self.step_id

    @property
    def owes(self) -> bool:
        """Paid and not yet served: `/start` leaves such a run on top."""
        return any(visit.taken_paid and not visit.served for visit in self.visits.values())

    def with_facts(self, facts: Facts) -> State:
        """The same run with refreshed facts."""
        return replace(self, facts=facts)


def new_state(
    *,
    run_id: UUID,
    version_id: UUID,
    facts: Facts,
    seed: int,
    now: datetime,
    payload: str | None = None,
    restarts: int = 0,
) -> State:
    """A run that has not begun; `Start` enters its version's start step."""
    return State(
        run_id=run_id,
        version_id=version_id,
        started_at=now,
        seed=seed,
        start_payload=payload or "",
        restarts=restarts,
        facts=facts,
    )
