"""`buttons`: a text with inline buttons; waits for a press."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.conditions import ConditionType
from flows.engine.content import Media
from flows.engine.fields import NotBlank, Part, Several, StepId, Text, Whole
from flows.engine.steps.model import StepBase, StepType


class StalePress(StrEnum):
    """What a press from an older step does."""

    NOTICE = "notice"
    FOLLOW = "follow"
    REMOVE = "remove"


class Bump(Part):
    """An extra offered beside the button's product."""

    text: NotBlank
    price: NotBlank


class CustomButton(Part):
    """A button: a callback, or a page when it has a `url`."""

    text: NotBlank
    target_step: StepId | None = None
    url: NotBlank | None = None
    price: NotBlank | None = Field(default=None, description='The price as text, "29.90".')
    description: Text | None = None
    bump: Bump | None = None


class ButtonsConfig(Part):
    text: NotBlank
    custom_buttons: Several[CustomButton]
    per_row: Annotated[Whole, Field(ge=1, le=limits.TELEGRAM_BUTTONS_PER_ROW)] = 1
    media: Media | None = None
    retry_text: NotBlank | None = None
    stale_press: StalePress = StalePress.NOTICE


class ButtonsStep(StepBase):
    """Offers buttons and leaves by the one pressed."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset(
        {ConditionType.BUTTON_CLICK, ConditionType.VARIABLE, ConditionType.TIME_ELAPSED}
    )
    outcomes: ClassVar[frozenset[str]] = frozenset({"next", "retry"})

    type: Literal[StepType.BUTTONS] = StepType.BUTTONS
    config: ButtonsConfig
