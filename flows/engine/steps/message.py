"""`message`: says a text, one media, or both; waits only where it has conditions."""

from typing import ClassVar, Literal

from pydantic import Field

from flows.engine.conditions import ConditionType
from flows.engine.content import Media, ParseMode, UrlButton
from flows.engine.fields import Flag, NotBlank, Part
from flows.engine.steps.model import StepBase, StepType


class MessageConfig(Part):
    text: NotBlank | None = Field(default=None, description="Text, or the caption of the media.")
    media: Media | None = None
    parse_mode: ParseMode = ParseMode.HTML
    link_preview: Flag = True
    protect_content: Flag = False
    url_buttons: tuple[UrlButton, ...] = ()


class MessageStep(StepBase):
    """Says something and goes on."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset(
        {ConditionType.TEXT_VALIDATION, ConditionType.VARIABLE, ConditionType.TIME_ELAPSED}
    )
    outcomes: ClassVar[frozenset[str]] = frozenset({"next", "retry"})

    type: Literal[StepType.MESSAGE] = StepType.MESSAGE
    config: MessageConfig

    @property
    def waits(self) -> bool:
        return bool(self.conditions)
