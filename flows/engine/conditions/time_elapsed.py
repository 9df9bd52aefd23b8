"""`time_elapsed`: nothing came from the contact for so many minutes."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.conditions.base import ConditionBase, ConditionType, Occasion, Stimulus
from flows.engine.fields import Finite


class TimeElapsed(ConditionBase):
    """Matches a silence, counted from the later of entering the step and the contact's last message in it."""

    occasions: ClassVar[frozenset[Occasion]] = frozenset({Occasion.ELAPSED})

    type: Literal[ConditionType.TIME_ELAPSED] = ConditionType.TIME_ELAPSED
    minutes: Annotated[Finite, Field(ge=1, le=limits.MAX_MINUTES)] = Field(
        default=5, description="Minutes of silence; fractions are allowed."
    )

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def _holds(self, stimulus: Stimulus) -> bool:
        return stimulus.quiet >= self.duration
