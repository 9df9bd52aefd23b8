"""`question`: asks, and waits for an answer that fits."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from flows.engine.conditions import ConditionType
from flows.engine.content import Media
from flows.engine.fields import NotBlank, Part, Several, Text, VariableName, Whole
from flows.engine.steps.model import StepBase, StepType


class Accepts(StrEnum):
    TEXT = "text"
    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    CONTACT = "contact"
    LOCATION = "location"


class QuestionConfig(Part):
    text: NotBlank
    save_as: VariableName | None = Field(default=None, description="The variable an accepted answer is kept in.")
    accepts: Several[Accepts] = (Accepts.TEXT,)
    retry_text: NotBlank | None = Field(default=None, description="Said when the answer does not fit.")
    media: Media | None = None
    purpose: Text | None = Field(default=None, description="Why this is asked, for the privacy record.")
    retention_days: Annotated[Whole, Field(ge=1, le=3_650)] | None = None


class QuestionStep(StepBase):
    """Asks for an answer and leaves by the first matching condition."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset(
        {ConditionType.TEXT_VALIDATION, ConditionType.VARIABLE, ConditionType.TIME_ELAPSED}
    )
    outcomes: ClassVar[frozenset[str]] = frozenset({"next", "retry"})

    type: Literal[StepType.QUESTION] = StepType.QUESTION
    config: QuestionConfig
