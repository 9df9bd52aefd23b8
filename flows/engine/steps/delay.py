"""`delay`: lets time pass, then goes on."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.conditions import ConditionType
from flows.engine.effects import ArmTimer, AttentionReason
from flows.engine.events import Answered, TimerFired, TimerKind
from flows.engine.facts import local_time
from flows.engine.fields import CLOCK, Finite, Part, TimeOfDay
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
    """Exactly one of the durations or `until`."""

    seconds: _Amount | None = None
    minutes: _Amount | None = None
    hours: _Amount | None = None
    days: _Amount | None = None
    until: TimeOfDay | None = Field(default=None, description='A time of day, "09:00", on the organization\'s clock.')
    weekdays: tuple[Weekday, ...] = Field(default=(), description="Only on these days; else on any.")

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


class DelayBehaviour(Behaviour[DelayStep]):
    """Arms its timer and waits for nothing else; what is written meanwhile is for the team."""

    def enter(self, walk: Walk, step: DelayStep) -> Move:
        due_at = _due_at(step.config, walk.now, walk.state.facts.time_zone)
        walk.emit(ArmTimer(TimerKind.DELAY, due_at, walk.state.wait))
        return STAY

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


def _due_at(config: DelayConfig, now: datetime, zone: str) -> datetime:
    """After the duration, or at the next such time of day; then on the next of the allowed weekdays."""
    at = CLOCK.fullmatch(config.until.strip()) if config.until else None
    start = local_time(later(now, config.duration), zone)
    if at is not None:
        clock = time(int(at[1]), int(at[2]))
        today = datetime.combine(start.date(), clock, tzinfo=start.tzinfo)
        start = today if today > start else later(today, timedelta(days=1))
    allowed = set(config.weekdays) or set(_WEEK)
    days = next(days for days in range(len(_WEEK)) if _WEEK[(start.weekday() + days) % len(_WEEK)] in allowed)
    return later(start, timedelta(days=days)).astimezone(UTC)
