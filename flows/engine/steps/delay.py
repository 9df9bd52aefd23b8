"""`delay`: lets time pass, then goes on."""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.conditions import ConditionType
from flows.engine.effects import ArmTimer, AttentionReason
from flows.engine.events import Answered, TimerFired, TimerKind
from flows.engine.facts import time_zone
from flows.engine.fields import CLOCK, Finite, Flag, Part, TimeOfDay
from flows.engine.state import Facts
from flows.engine.steps.behaviour import Behaviour, StepEvent
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import STAY, Go, Move, Walk, later


class Weekday(StrEnum):
    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


DURATION_UNITS: Final = ("seconds", "minutes", "hours", "days")

_Amount = Annotated[Finite, Field(gt=0, le=limits.MAX_DELAY_SECONDS)]


class DelayConfig(Part):
    """Exactly one of the durations or `until`, all on the organization's clock."""

    seconds: _Amount | None = None
    minutes: _Amount | None = None
    hours: _Amount | None = None
    days: _Amount | None = None
    until: TimeOfDay | None = Field(default=None, description='A time of day, "09:00", on the organization\'s clock.')
    weekdays: tuple[Weekday, ...] = Field(default=(), description="Only on these days; else on any.")
    avoid_quiet_hours: Flag = Field(
        default=False, description="Not within the organization's quiet hours: then at their end."
    )

    @property
    def duration(self) -> timedelta:
        """How long to wait, never over the limit; nothing where no duration is set."""
        given = timedelta(
            seconds=self.seconds or 0, minutes=self.minutes or 0, hours=self.hours or 0, days=self.days or 0
        )
        return min(given, timedelta(seconds=limits.MAX_DELAY_SECONDS))


class DelayStep(StepBase):
    """Waits for a duration."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset({ConditionType.TIME_ELAPSED})

    type: Literal[StepType.DELAY] = StepType.DELAY
    config: DelayConfig


_WEEK: Final = tuple(Weekday)
# Today's time may be over, and a clock may be put forward over the next one.
_LONGEST_LOOK: Final = 9


class DelayBehaviour(Behaviour[DelayStep]):
    """Arms its timer and waits for nothing else; what is written meanwhile is for the team."""

    def enter(self, walk: Walk, step: DelayStep) -> Move:
        _arm(walk, step)
        return STAY

    def carry(self, walk: Walk, step: DelayStep) -> bool:
        _arm(walk, step)
        return True

    def accepts(self, walk: Walk, step: DelayStep, event: StepEvent) -> bool:
        match event:
            case Answered():
                return True
            case TimerFired(kind=kind):
                return kind is TimerKind.DELAY
            case _:
                return False

    def resume(self, walk: Walk, step: DelayStep, event: StepEvent) -> Move:
        if isinstance(event, Answered):
            walk.attention(AttentionReason.TEXT_WHILE_WAITING)
            return STAY
        return Go(step.connections.next) if step.connections.next else STAY


def _arm(walk: Walk, step: DelayStep) -> None:
    due_at = _due_at(step.config, walk.now, walk.state.facts)
    walk.emit(ArmTimer(TimerKind.DELAY, due_at, walk.state.wait))


def _due_at(config: DelayConfig, now: datetime, facts: Facts) -> datetime:
    """After the duration, or at the next such time of day; on one of the weekdays; out of the quiet hours."""
    zone, quiet = time_zone(facts.time_zone), facts.quiet_hours if config.avoid_quiet_hours else None
    days = frozenset(config.weekdays or _WEEK)
    at = CLOCK.fullmatch(config.until.strip()) if config.until else None
    start = later(now, config.duration).astimezone(UTC)
    try:
        due = _next_at(start, time(int(at[1]), int(at[2])), zone, days) if at else _on_a_day(start, zone, days)
        if quiet is not None and quiet.hold(due.astimezone(zone).time()):
            due = _next_at(due, quiet.ends, zone, days)
    except (OverflowError, ValueError):
        # The calendar ends before that.
        return start
    return due


def _on_a_day(start: datetime, zone: tzinfo, days: Collection[Weekday]) -> datetime:
    """The same time of day on the first of these weekdays, today included."""
    local = start.astimezone(zone)
    return start if _WEEK[local.weekday()] in days else _next_at(start, local.time(), zone, days)


def _next_at(start: datetime, clock: time, zone: tzinfo, days: Collection[Weekday]) -> datetime:
    """The next moment after `start` at which that clock shows this time on one of these weekdays.

    In the hour that comes twice the first that is still to come; a time that the clock skips is later by as much.
    """
    today = start.astimezone(zone).date()
    for ahead in range(_LONGEST_LOOK):
        day = today + timedelta(days=ahead)
        if _WEEK[day.weekday()] not in days:
            continue
        shown = datetime.combine(day, clock, tzinfo=zone)
        for moment in (shown.astimezone(UTC), shown.replace(fold=1).astimezone(UTC)):
            if moment > start:
                return moment
    return start
