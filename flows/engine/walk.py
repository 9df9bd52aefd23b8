"""One call of `advance` at work: the state as it changes, the effects as they gather. It never outlives the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from flows.engine.conditions import Occasion, Stimulus, TimeElapsed, first_match
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
from flows.engine.state import Departure, State, Status
from flows.engine.steps.model import StepBase
from flows.engine.texts import BuiltinText, builtin_text

if TYPE_CHECKING:
    # The steps' modules import this one, and a compiled flow is made of their models.
    from flows.engine.compile import Flow

MAX_STEPS_PER_WALK: Final = 50


@dataclass(frozen=True, slots=True)
class Stay:
    """The run waits where it stands."""


@dataclass(frozen=True, slots=True)
class Go:
    """The run goes to a step."""

    step_id: str


@dataclass(frozen=True, slots=True)
class End:
    """The run ends here."""


Move = Stay | Go | End
STAY: Final = Stay()
END: Final = End()


class Walk:
    """The changing half of one `advance`; steps read `state` and `now`, and act through its methods."""

    __slots__ = ("_may_have_timers", "_unknown", "effects", "entered", "flow", "now", "state")

    def __init__(self, flow: Flow, state: State, now: datetime) -> None:
        self.flow = flow
        self.state = state
        self.now = now
        self.effects: list[Effect] = []
        self.entered: list[str] = []
        self._unknown: set[str] = set()
        # Only a wait that stood before this walk can have timers: what the walk passes through arms none.
        self._may_have_timers = state.status is Status.WAITING

    # What steps say and ask for

    def emit(self, effect: Effect) -> None:
        self.effects.append(effect)

    def record(self, kind: TimelineKind, step_id: str | None = None, /, **data: object) -> None:
        self.effects.append(Record(kind, step_id or self.state.step_id, data))

    def problem(self, code: str, step_id: str | None = None, /, **data: object) -> None:
        """One expression or value was bad; the run goes on."""
        self.record(TimelineKind.PROBLEM, step_id, code=code, **data)

    def attention(self, reason: AttentionReason) -> None:
        self.effects.append(RaiseAttention(reason))

    def say(self, message: OutMessage) -> None:
        """Say it; an open `ask` goes with the first message that has no keyboard of its own."""
        if message.ask is not None:
            self.change(asking=True)
        elif self.state.asking and not message.buttons:
            self.change(asking=False)
            message = replace(message, unask=True)
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
        return {**self.variables(), "tags": list(contact.tags), "grants": list(contact.grants)}

    # How the run changes

    def change(self, **fields: Any) -> None:
        self.state = replace(self.state, **fields)

    def heard(self) -> None:
        """The contact did something in this wait: silences are counted from now."""
        self.change(last_heard_at=self.now, answered=True)

    def begin_wait(self, step: StepBase) -> None:
        """Entering a step: a new wait, in which no older timer or button counts."""
        self._void_timers()
        if self.state.status is Status.WAITING:
            self.record(TimelineKind.LEFT)
        self.entered.append(step.id)
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
        )
        self.record(TimelineKind.ENTERED)

    def _void_timers(self) -> None:
        if self._may_have_timers:
            self._may_have_timers = False
            self.emit(VoidTimers())

    def left_by(self, wait: int, index: int) -> None:
        self.change(left_by=Departure(wait, index))

    def reset_attempts(self, step: StepBase) -> None:
        prefix = f"{step.id}#"
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

    def close(self) -> None:
        """The team ended the run. What it owes stays owed: nobody served it."""
        self._void_timers()
        self.record(TimelineKind.CLOSED, owed=self.state.owes)
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
        self.change(status=Status.LOST, step_id=None, entered_at=None)

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
