"""`delay`: lets time pass, then goes on."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.fields import Finite, Part, Text
from flows.engine.steps.model import StepBase, StepType


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
    until: Text | None = Field(default=None, description='A time of day, "09:00".')
    weekdays: tuple[Weekday, ...] = ()

    @property
    def duration(self) -> timedelta:
        """How long to wait, never over the limit; nothing where no duration is set."""
        given = timedelta(
            seconds=self.seconds or 0, minutes=self.minutes or 0, hours=self.hours or 0, days=self.days or 0
        )
        return min(given, timedelta(seconds=limits.MAX_DELAY_SECONDS))


class DelayStep(StepBase):
    """Waits for a duration."""

    type: Literal[StepType.DELAY] = StepType.DELAY
    config: DelayConfig
