"""A conversation held in memory: the same routing and the same engine as the drain's, with a clock of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from flows.engine.advance import advance
from flows.engine.chat import Chat, Ending
from flows.engine.compile import Flow
from flows.engine.effects import (
    AnswerPress,
    ArmTimer,
    CallHttp,
    CheckPayment,
    Effect,
    GrantAccess,
    KeepAnswer,
    LinkSaid,
    OrderServed,
    OutMessage,
    RaiseAttention,
    RecallAccess,
    Record,
    RemoveKeyboard,
    RenewPayment,
    RequestPayment,
    Say,
    SetContact,
    VoidTimers,
)
from flows.engine.events import AccessReady, AccessRecalled, Event, PaymentStatus, RecalledAccess, TimerFired, TimerKind
from flows.engine.routing import route
from flows.engine.state import Facts, State, Status, new_state
from flows.engine.testing.books import Books, Charge, answer_to

CARRIED_OUT: Final[frozenset[type[Effect]]] = frozenset(
    {
        Say,
        AnswerPress,
        RemoveKeyboard,
        RaiseAttention,
        SetContact,
        ArmTimer,
        VoidTimers,
        RequestPayment,
        CheckPayment,
        RenewPayment,
        GrantAccess,
        OrderServed,
        RecallAccess,
        CallHttp,
    }
)
# What only the team or the records see.
NOT_SEEN: Final[frozenset[type[Effect]]] = frozenset({Record, KeepAnswer, LinkSaid})

_RUN: Final = 0xA << 64
# The way into a chat comes at once, and leads nowhere.
_GRANT: Final = UUID(int=0xE << 64)
_LINK: Final = "https://t.me/+"
# How often outside answers may bring forth new questions before the player gives up: a flow asks a handful.
_MOST_ANSWERS: Final = 100


@dataclass(slots=True)
class PlayedRun:
    """A run as it changes."""

    id: UUID
    flow: Flow
    state: State
    ending: Ending | None = None


@dataclass(slots=True)
class ArmedTimer:
    """A wait with its due time; `number` keeps those of one moment in the order they were armed."""

    number: int
    run_id: UUID
    kind: TimerKind
    wait: int
    visit: int | None
    due_at: datetime


@dataclass(slots=True)
class Spoken:
    """A message of the bot, counted from 1 over the whole chat."""

    number: int
    message: OutMessage
    keyboard: bool = True


@dataclass(slots=True)
class Brought:
    """What came of the last thing that was done."""

    replies: list[Spoken] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    attention: list[str] = field(default_factory=list)
    ignored: str | None = None


class PlayedChat(Chat[PlayedRun]):
    """One conversation with one flow. `charges_at_once`: a charge has its code as soon as it is asked for."""

    def __init__(
        self,
        flow: Flow,
        *,
        facts: Facts,
        now: datetime,
        welcome: Flow | None = None,
        enabled: bool = True,
        seed: int = 1,
        charges_at_once: bool = True,
        variables: Mapping[str, object] | None = None,
    ) -> None:
        self._flows = {one.version_id: one for one in (flow, welcome) if one is not None}
        self._flow = flow
        self._welcome = welcome
        self._facts = facts
        self._now = now
        self._stack: list[UUID] = []
        self._enabled = enabled
        self._seed = seed
        self._first_variables = dict(variables or {})
        self._charges_at_once = charges_at_once
        self._seen = False
        self._runs: dict[UUID, PlayedRun] = {}
        self._pending: list[tuple[UUID | None, Event]] = []
        self._given: list[RecalledAccess] = []
        self.timers: list[ArmedTimer] = []
        self.calls: list[tuple[UUID, CallHttp]] = []
        self.spoken: list[Spoken] = []
        self.books = Books()
        self.brought = Brought()
        self._armed = 0
        self._presses = 0

    # What is known

    @property
    def now(self) -> datetime:
        return self._now

    @property
    def facts(self) -> Facts:
        return self._facts

    @property
    def stack(self) -> list[UUID]:
        return self._stack

    @property
    def welcome_message(self) -> str:
        return self._flow.document.welcome_message

    @property
    def closed_to_new(self) -> bool:
        return False

    @property
    def startable_version_id(self) -> UUID | None:
        return self._flow.version_id if self._enabled else None

    @property
    def pinned_version_id(self) -> UUID | None:
        return None

    @property
    def welcome_version_id(self) -> UUID | None:
        return self._welcome.version_id if self._welcome else None

    @property
    def flow_to_begin(self) -> Flow | None:
        return self._flow if self._enabled else None

    @property
    def newest(self) -> PlayedRun | None:
        """The run on top, else the one begun last."""
        return self.top or next(reversed(self._runs.values()), None)

    def run(self, run_id: UUID) -> PlayedRun | None:
        return self._runs.get(run_id)

    # What is done to it

    def take(self, event: Event, run_id: UUID | None = None) -> None:
        """One event, and the answers of the outside that follow from it at once."""
        self._pending.append((run_id, event))
        for _ in range(_MOST_ANSWERS):
            if not self._pending:
                return
            named, next_event = self._pending.pop(0)
            ignored = route(self, next_event, run_id=named)
            if next_event is event:
                self.brought.ignored = ignored
        self._pending.clear()

    def begin_at(self, step_event: Event) -> None:
        """Begins a run by another event than `Start`: the team's, at a step."""
        run = self.begin(self._flow.version_id)
        self.take(step_event, run.id)

    def listen(self) -> None:
        """What comes from now on is what the next thing that is done brings."""
        self.brought = Brought()

    def next_press(self) -> str:
        """The id of a press, which no other has."""
        self._presses += 1
        return f"press-{self._presses}"

    def pass_to(self, moment: datetime) -> None:
        self._now = max(self._now, moment)

    def due_timer(self) -> ArmedTimer | None:
        """The timer that fires first; those of covered runs wait until theirs is on top."""
        on_top = self._stack[-1] if self._stack else None
        live = [one for one in self.timers if one.run_id == on_top]
        return min(live, key=lambda one: (one.due_at, one.number), default=None)

    def fire(self, timer: ArmedTimer) -> None:
        self.timers.remove(timer)
        self.take(TimerFired(timer.kind, timer.wait, timer.visit), timer.run_id)

    def tell(self, charge: Charge) -> None:
        """Its run hears how a charge stands now; what was bought with it is given at the same moment."""
        if charge.status is PaymentStatus.PAID and charge.deliver is not None:
            self._given.append(RecalledAccess(charge.run_id, charge.deliver))
        self.take(charge.told_changed(self.now), charge.run_id)

    def answer_request(self, charge: Charge) -> None:
        """Its run gets the code, or hears that it is paid already."""
        self.take(answer_to(charge, self.now), charge.run_id)

    # What routing does

    def note_event(self) -> bool:
        was_first, self._seen = not self._seen, True
        return was_first

    def begin(self, version_id: UUID, *, restarts: int = 0) -> PlayedRun:
        run_id = UUID(int=_RUN | len(self._runs) + 1)
        state = new_state(
            run_id=run_id, version_id=version_id, facts=self.facts, seed=self._seed, now=self.now, restarts=restarts
        )
        if not self._runs and self._first_variables:
            state = replace(state, variables=self._first_variables)
        run = PlayedRun(run_id, self._flows[version_id], state)
        self._runs[run_id] = run
        self._stack.append(run_id)
        return run

    def advance(self, run: PlayedRun, event: Event) -> tuple[Effect, ...]:
        before = run.state.with_facts(self.facts)
        state, effects = advance(run.flow, before, event, self.now)
        if state is not before:
            run.state = state
        return effects

    def finish(self, run: PlayedRun, ending: Ending, *, failure: str = "") -> None:
        run.ending = ending
        if run.id in self._stack:
            self._stack.remove(run.id)

    def close(self, run: PlayedRun) -> None:
        if run.state.status is not Status.ENDED:
            run.state = replace(run.state, status=Status.ENDED, revision=run.state.revision + 1)
        self._void(run.id, None)
        self.finish(run, Ending.CLOSED)

    def reopen(self, run: PlayedRun) -> None:
        if run.id in self._stack:
            self._stack.remove(run.id)
        self._stack.append(run.id)
        run.ending = None

    def hold(self, run: PlayedRun, timer: TimerFired) -> None:
        self._arm(run.id, timer.kind, timer.wait, timer.visit, self.now)

    def needs_team(self, reason: str) -> None:
        self.brought.attention.append(reason)

    def carry_out(self, run: PlayedRun | None, effects: Sequence[Effect]) -> None:
        for effect in effects:
            self._carry_out(run, effect)

    def _carry_out(self, run: PlayedRun | None, effect: Effect) -> None:
        match effect:
            case Say(message=message):
                said = Spoken(len(self.spoken) + 1, message)
                self.spoken.append(said)
                self.brought.replies.append(said)
            case AnswerPress(text=text):
                if text:
                    self.brought.notices.append(text)
            case RemoveKeyboard(message_id=message_id):
                for one in self.spoken:
                    one.keyboard = one.keyboard and one.number != message_id
            case RaiseAttention(reason=reason):
                self.brought.attention.append(reason.value)
            case OrderServed(order_id=order_id):
                self.books.serve(order_id)
            case SetContact():
                self._set_contact(effect)
            case RecallAccess():
                self._pending.append((run.id if run else None, AccessRecalled(tuple(reversed(self._given)))))
            case _:
                # What the rest asks for is of a run, or nothing that a conversation would show.
                if run is not None:
                    self._carry_out_of_run(run, effect)

    def _carry_out_of_run(self, run: PlayedRun, effect: Effect) -> None:
        match effect:
            case ArmTimer():
                self._arm(run.id, effect.kind, effect.wait, effect.visit, effect.due_at)
            case VoidTimers(kind=kind):
                self._void(run.id, kind)
            case RequestPayment():
                charge = self.books.request(run.id, run.flow.version_id, effect, self.now)
                if self._charges_at_once or charge.ready or not charge.is_open:
                    self._pending.append((run.id, answer_to(charge, self.now)))
            case CallHttp():
                self.calls.append((run.id, effect))
            case GrantAccess(content=content, link_for=wait):
                self._given.append(RecalledAccess(run.id, content))
                if wait is not None:
                    self._pending.append((run.id, AccessReady(effect.visit, _GRANT, _LINK, wait)))
            case CheckPayment(visit=visit):
                held = self.books.held_by(run.id, visit)
                if held is not None:
                    self._pending.append((run.id, held.told_checked()))
            case RenewPayment(visit=visit):
                held = self.books.held_by(run.id, visit)
                if held is not None:
                    self.books.renew(held, self.now)
                    if self._charges_at_once:
                        self._pending.append((run.id, answer_to(held, self.now)))
            case _:
                return

    def _set_contact(self, effect: SetContact) -> None:
        contact = self._facts.contact
        kept = {name: value for name, value in contact.variables.items() if name not in effect.cleared}
        tags = dict.fromkeys((*contact.tags, *effect.add_tags))
        self._facts = replace(
            self._facts,
            contact=replace(
                contact,
                variables={**kept, **effect.variables},
                tags=tuple(tag for tag in tags if tag not in effect.remove_tags),
            ),
        )

    def _arm(self, run_id: UUID, kind: TimerKind, wait: int, visit: int | None, due_at: datetime) -> None:
        self._armed += 1
        self.timers.append(ArmedTimer(self._armed, run_id, kind, wait, visit, due_at))

    def _void(self, run_id: UUID, kind: TimerKind | None) -> None:
        self.timers = [one for one in self.timers if one.run_id != run_id or kind not in (None, one.kind)]


def next_due(chat: PlayedChat) -> datetime | None:
    """When something happens by itself next: a timer, or a code that ends."""
    timer, expiring = chat.due_timer(), chat.books.next_expiry()
    moments = ([timer.due_at] if timer else []) + ([expiring.expires_at] if expiring else [])
    return min(moments, default=None)
