"""One call of `advance` at work: the state as it changes, the effects as they gather. It never outlives the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flows.engine.conditions import GRANTS, TAGS, Occasion, Stimulus, TimeElapsed, first_match
from flows.engine.effects import (
    ArmTimer,
    AttentionReason,
    Effect,
    OrderServed,
    OutMessage,
    ParseMode,
    RaiseAttention,
    Record,
    Say,
    TimelineKind,
    VoidTimers,
)
from flows.engine.events import TimerKind
from flows.engine.expressions import TRUSTED_VARIABLES, Escape, escape_html, escape_nothing, escape_url, render
from flows.engine.facts import all_variables
from flows.engine.state import Departure, Frame, Moved, PaymentVisit, State, Status
from flows.engine.steps.model import StepBase
from flows.engine.texts import BuiltinText, builtin_text

if TYPE_CHECKING:
    # The steps' modules import this one, and a compiled flow is made of their models.
    from flows.engine.compile import Flow

MAX_STEPS_PER_WALK: Final = 50
# A run remembers so many versions that it left; the buttons of earlier ones are stale.
MAX_MOVES: Final = 20
_Frames = tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Stay:
    """The run waits where it stands."""


@dataclass(frozen=True, slots=True)
class Go:
    """The run goes to a step: of the flow it is in, or of the one inside these subflows."""

    step_id: str
    frames: _Frames | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """The run goes into a subflow; None where its version is not embedded."""

    version_id: UUID | None


@dataclass(frozen=True, slots=True)
class End:
    """The flow ends here: the run, or the subflow it is inside."""


Move = Stay | Go | Call | End
STAY: Final = Stay()
END: Final = End()


class Walk:
    """The changing half of one `advance`; steps read `state` and `now`, and act through its methods.

    `root` is the run's own version; `flow` the one it is in now, which is another inside a subflow.
    """

    __slots__ = ("_may_have_timers", "_seen", "_unknown", "effects", "entered", "now", "root", "state")

    def __init__(self, flow: Flow, state: State, now: datetime) -> None:
        self.root = flow
        self.state = state
        self.now = now
        self.effects: list[Effect] = []
        # The way walked, as the owner reads it, and what may not be entered again.
        self.entered: list[str] = []
        self._seen: set[tuple[UUID, str]] = set()
        self._unknown: set[str] = set()
        # Only a wait that stood before this walk can have timers: what the walk passes through arms none.
        self._may_have_timers = state.status is Status.WAITING

    @property
    def flow(self) -> Flow:
        """The version that the present step is of."""
        return self.root.within(self.state.frames)

    # What steps say and ask for

    def emit(self, effect: Effect) -> None:
        self.effects.append(effect)

    def record(self, kind: TimelineKind, step_id: str | None = None, /, **data: object) -> None:
        self._record(kind, step_id or self.state.step_id, self.state.frames, data)

    def record_of(self, visit: PaymentVisit, kind: TimelineKind, /, **data: object) -> None:
        """An entry of the step that made the visit, wherever the run is."""
        self._record(kind, visit.step_id, visit.frames, data)

    def _record(self, kind: TimelineKind, step_id: str | None, frames: _Frames, data: dict[str, object]) -> None:
        if frames:
            data["subflow"] = str(frames[-1].version_id)
        self.effects.append(Record(kind, step_id, data))

    def problem(self, code: str, step_id: str | None = None, /, **data: object) -> None:
        """One expression or value was bad; the run goes on."""
        self.record(TimelineKind.PROBLEM, step_id, code=code, **data)

    def attention(self, reason: AttentionReason) -> None:
        self.effects.append(RaiseAttention(reason))

    def say(self, message: OutMessage) -> None:
        """Say it; an open `ask` goes with the first message that has no keyboard of its own."""
        if message.ask is not None:
            self.change(asking=message.ask)
        elif self.state.asking is not None and not message.buttons:
            message = replace(message, unask=self.state.asking)
            self.change(asking=None)
        self.effects.append(Say(message))

    def say_builtin(self, code: BuiltinText) -> None:
        self.say(OutMessage(self.builtin(code), ParseMode.HTML))

    def builtin(self, code: BuiltinText, *, html: bool = True) -> str:
        """A built-in text in the bot's words, rendered."""
        facts = self.state.facts
        return self.text(builtin_text(code, locale=facts.locale, edits=facts.texts), html=html)

    def text(self, template: str, *, html: bool = True) -> str:
        """The template with its variables, each escaped for where it lands; an unknown one is noted once."""
        return self._rendered(template, escape_html if html else escape_nothing)

    def url(self, template: str) -> str:
        """A URL with its variables, none of which can leave its part of the path or query."""
        return self._rendered(template, escape_url)

    def escaped(self, template: str, escape: Escape) -> str:
        """The template with its variables, each escaped so."""
        return self._rendered(template, escape)

    def _rendered(self, template: str, escape: Escape) -> str:
        if "{{" not in template:
            return template
        rendered = render(template, self.variables(), escape)
        for name in rendered.unknown:
            if name not in self._unknown:
                self._unknown.add(name)
                self.problem("unknown_variable", name=name)
        return rendered.text

    def trusted_text(self, template: str) -> str:
        """A price with its variables: only those that no contact can write (SPEC 1.3)."""
        known = self.variables()
        trusted = TRUSTED_VARIABLES.union(self.state.trusted) & known.keys()
        return render(template, {name: known[name] for name in trusted}, escape_nothing).text

    def variables(self) -> Mapping[str, object]:
        return all_variables(self.state, self.now)

    def condition_variables(self) -> Mapping[str, object]:
        """The variables as conditions see them: tags and active grants count too."""
        contact = self.state.facts.contact
        return {**self.variables(), TAGS: list(contact.tags), GRANTS: list(contact.grants)}

    # How the run changes

    def change(self, **fields: Any) -> None:
        self.state = replace(self.state, **fields)

    def heard(self) -> None:
        """The contact did something in this wait: silences are counted from now."""
        self.change(last_heard_at=self.now, answered=True)

    def begin_wait(self, step: StepBase) -> None:
        """Entering a step: a new wait, in which no older timer or button counts."""
        self._void_timers()
        self._leave()
        self.entered.append(self._named(step.id))
        self._seen.add((self.flow.version_id, step.id))
        self.change(
            status=Status.WAITING,
            step_id=step.id,
            entered_at=self.now,
            wait=self.state.wait + 1,
            last_heard_at=None,
            last_said_again_at=None,
            last_reminded_at=None,
            offer=None,
            failure=None,
            parked="",
        )
        self.record(TimelineKind.ENTERED)

    def move_onto(self, flow: Flow, *, carried: bool) -> None:
        """From here on the run is in another version; what was shown before is known by its wait."""
        moved = Moved(self.root.version_id, self.state.wait, carried)
        self.root = flow
        self.change(version_id=flow.version_id, moves=(*self.state.moves, moved)[-MAX_MOVES:])

    def carry_wait(self) -> None:
        """The present wait goes on as a new one: its timers are void, what was said, heard and asked for counts on."""
        self._void_timers()
        before = self.state.wait
        carried = {n: replace(one, wait=before + 1) for n, one in self.state.visits.items() if one.wait == before}
        self.change(wait=before + 1, entered_at=self.now, last_heard_at=None, visits={**self.state.visits, **carried})

    def guard(self, step_id: str) -> BuiltinText | None:
        """What forbids entering this step in this walk: 50 were entered, or this one was (SPEC 2.1)."""
        if (self.flow.version_id, step_id) in self._seen:
            return BuiltinText.LOOP
        return BuiltinText.TOO_LONG if len(self.entered) >= MAX_STEPS_PER_WALK else None

    def stop(self, step_id: str, code: BuiltinText) -> None:
        """The flow cannot go on to this step: a guard forbids it."""
        self.entered.append(self._named(step_id))
        self.fail(code)

    def _named(self, step_id: str) -> str:
        return "/".join([*(frame.step_id for frame in self.state.frames), step_id])

    def _leave(self) -> None:
        # Without a step the run has just gone into a subflow: the step that runs it is not left before that ends.
        if self.state.status is Status.WAITING and self.state.step_id is not None:
            self.record(TimelineKind.LEFT)

    # Subflows

    def descend(self, version_id: UUID) -> str | None:
        """Into a subflow, from the step that runs it; where it starts, or None where there is no such thing."""
        frame = Frame(version_id, self.state.step_id or "")
        self.change(frames=(*self.state.frames, frame), step_id=None)
        return self.flow.start_step_id

    def ascend(self) -> StepBase | None:
        """Out of the innermost subflow, to the step that ran it; None where that is missing."""
        self._leave()
        *around, frame = self.state.frames
        self.change(frames=tuple(around), step_id=frame.step_id)
        return self.flow.steps.get(frame.step_id)

    def go_within(self, frames: _Frames) -> None:
        """To these subflows from wherever the run is, leaving those that it is no longer in."""
        present = self.state.frames
        if frames == present:
            return
        shared = next((n for n, pair in enumerate(zip(present, frames, strict=False)) if pair[0] != pair[1]), None)
        depth = min(len(present), len(frames)) if shared is None else shared
        while len(self.state.frames) > depth:
            self.ascend()
        if frames != self.state.frames:
            self._leave()
            self.change(frames=frames, step_id=None)

    def frames_of(self, version_id: UUID) -> _Frames | None:
        """The subflows down to this version, if the run is in it or inside a subflow of it."""
        depths = range(len(self.state.frames), -1, -1)
        outwards = (self.state.frames[:depth] for depth in depths)
        return next((frames for frames in outwards if self.root.within(frames).version_id == version_id), None)

    def triggered(self, find: Callable[[Flow, str], str | None], said: str) -> Go | None:
        """Where a trigger of the flow leads: of the subflow the run is inside, else of those around it."""
        for depth in range(len(self.state.frames), -1, -1):
            frames = self.state.frames[:depth]
            step_id = find(self.root.within(frames), said)
            if step_id is not None:
                return Go(step_id, frames)
        return None

    def _void_timers(self) -> None:
        if self._may_have_timers:
            self._may_have_timers = False
            self.emit(VoidTimers())

    def left_by(self, wait: int, index: int) -> None:
        self.change(left_by=Departure(wait, index))

    def attempt_key(self, step: StepBase, place: int | str) -> str:
        """Under what a condition's attempts are counted: subflows may have steps of the same id."""
        within = f"{self.flow.version_id}/" if self.state.frames else ""
        return f"{within}{step.id}#{place}"

    def reset_attempts(self, step: StepBase) -> None:
        prefix = self.attempt_key(step, "")
        kept = {key: count for key, count in self.state.attempts.items() if not key.startswith(prefix)}
        if len(kept) != len(self.state.attempts):
            self.change(attempts=kept)

    def serve_orders(self) -> None:
        """What was paid has reached its delivery: every order still owed is served, each once."""
        owed = {number: one for number, one in sorted(self.state.visits.items()) if one.taken_paid and not one.served}
        if owed:
            self.change(visits={**self.state.visits, **{n: replace(one, served=True) for n, one in owed.items()}})
        for order_id in dict.fromkeys(one.order_id for one in owed.values() if one.order_id is not None):
            self.emit(OrderServed(order_id))

    def end(self) -> None:
        """The run is over; whatever it owed counts as served."""
        self.serve_orders()
        self._void_timers()
        self.record(TimelineKind.ENDED)
        self.change(status=Status.ENDED)

    def park(self, reason: str) -> None:
        """The present wait cannot end by itself: the run stands until the team acts, or what it waits for comes."""
        self.change(parked=reason)

    def close(self, **data: object) -> None:
        """The team ended the run. What it owes stays owed: nobody served it."""
        self._void_timers()
        self.record(TimelineKind.CLOSED, owed=self.state.owes, **data)
        self.change(status=Status.ENDED)

    def fail(self, code: BuiltinText) -> None:
        """The flow cannot go on: the contact is told, the owner sees the path."""
        self._void_timers()
        self.say_builtin(code)
        self.record(TimelineKind.FAILED, code=str(code), path=list(self.entered))
        self.attention(AttentionReason.RUN_FAILED)
        self.change(status=Status.FAILED, failure=str(code))

    def lose(self, missing: str | None) -> None:
        """The step to work at is not in this version: the runner restarts the flow (SPEC 2.3)."""
        self._void_timers()
        self.record(TimelineKind.STEP_MISSING, missing=missing or "")
        self.attention(AttentionReason.STEP_MISSING)
        self.change(status=Status.LOST, step_id=None, entered_at=None, frames=())

    # Silences

    def silence(self) -> timedelta:
        """How long nothing came: since the later of entering and the contact's last message in the step."""
        since = self.state.last_heard_at or self.state.entered_at or self.now
        return max(self.now - since, timedelta(0))

    def elapsed_match(self, step: StepBase) -> str | None:
        found = first_match(step.ordered_conditions, Stimulus(Occasion.ELAPSED, quiet=self.silence()))
        return found[1].target_step if found else None

    def arm_silence(self, step: StepBase, *, again: bool = False) -> None:
        """Arm the earliest `time_elapsed` of the step; `again` voids the one armed before."""
        durations = [one.duration for _, one in step.ordered_conditions if isinstance(one, TimeElapsed)]
        if not durations:
            return
        if again:
            self.emit(VoidTimers(TimerKind.ELAPSED))
        due_at = later(self.now, min(durations) - self.silence())
        self.emit(ArmTimer(TimerKind.ELAPSED, due_at, self.state.wait))


def later(moment: datetime, by: timedelta) -> datetime:
    """`moment + by`, or `moment` where the calendar ends before that."""
    try:
        return moment + by
    except OverflowError:
        return moment
