"""What all conditions share: their fields, the stimulus they are asked about, and the order of asking."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, TypeVar

from pydantic import Field

from flows.engine import limits
from flows.engine.fields import Part, StepId, Whole


class ConditionType(StrEnum):
    TEXT_VALIDATION = "text_validation"
    BUTTON_CLICK = "button_click"
    PAYMENT_STATUS = "payment_status"
    TIME_ELAPSED = "time_elapsed"
    VARIABLE = "variable"


class Occasion(StrEnum):
    """The kind of event a condition is asked about."""

    ANSWER = "answer"
    PRESS = "press"
    PAYMENT = "payment"
    ELAPSED = "elapsed"
    ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One event as conditions see it.

    `text` is what the person wrote; `wordless` says that the answer was a photo, a place or the like. `button_text` is
    the text, in the definition, of the button really pressed. `quiet` is how long nothing came. `variables` also hold
    `tags` and `grants` as lists of names.
    """

    occasion: Occasion
    text: str = ""
    wordless: bool = False
    button_text: str | None = None
    payment_status: str | None = None
    quiet: timedelta = timedelta(0)
    variables: Mapping[str, object] = field(default_factory=dict)


class ConditionBase(Part):
    """Fields common to all condition types."""

    occasions: ClassVar[frozenset[Occasion]]

    target_step: StepId = Field(description="The step to go to when this condition matches.")
    order: Annotated[Whole, Field(ge=-limits.MAX_ORDER, le=limits.MAX_ORDER)] = Field(
        default=0, description="Lower is asked first; equals are asked in the order of the list."
    )
    max_attempts: Annotated[Whole, Field(ge=1, le=limits.MAX_ATTEMPTS)] | None = Field(
        default=None, description="After so many unmatched answers `fallback_step` is taken."
    )
    fallback_step: StepId | None = Field(default=None, description="Where to go when the attempts are used up.")

    def matches(self, stimulus: Stimulus) -> bool:
        """Whether this condition holds for the event. Total: any text, any variables, never raises."""
        return stimulus.occasion in self.occasions and self._holds(stimulus)

    @abstractmethod
    def _holds(self, stimulus: Stimulus) -> bool: ...


C = TypeVar("C", bound=ConditionBase)


def in_order(conditions: Sequence[C]) -> tuple[tuple[int, C], ...]:
    """The conditions with their place in the list, in the order they are asked."""
    return tuple(sorted(enumerate(conditions), key=lambda placed: (placed[1].order, placed[0])))
