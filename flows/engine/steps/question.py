"""`question`: asks, and waits for an answer that fits."""

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from flows.engine.conditions import ConditionType
from flows.engine.content import Media
from flows.engine.effects import KeepAnswer, OutMessage
from flows.engine.events import Answered, AnswerKind
from flows.engine.fields import NotBlank, Part, Several, Text, VariableName, Whole
from flows.engine.precedence import take_answer
from flows.engine.speech import step_message
from flows.engine.steps.behaviour import Behaviour, StepEvent
from flows.engine.steps.model import StepBase, StepType, Write
from flows.engine.texts import BuiltinText
from flows.engine.walk import STAY, Move, Walk


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
    """What is asked, and what counts as an answer."""

    text: NotBlank = Field(description="The question.")
    save_as: VariableName | None = Field(default=None, description="The variable an accepted answer is kept in.")
    accepts: Several[Accepts] = Field(default=(Accepts.TEXT,), description="The kinds of answer that are taken.")
    retry_text: NotBlank | None = Field(default=None, description="Said when the answer does not fit.")
    media: Media | None = Field(default=None, description="Sent with the question as its caption.")
    purpose: Text | None = Field(default=None, description="Why this is asked, for the privacy record.")
    retention_days: Annotated[Whole, Field(ge=1, le=3_650)] | None = Field(
        default=None, description="After so many days the answer is erased."
    )


class QuestionStep(StepBase):
    """Asks for an answer and leaves by the first matching condition."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset(
        {ConditionType.TEXT_VALIDATION, ConditionType.VARIABLE, ConditionType.TIME_ELAPSED}
    )
    outcomes: ClassVar[frozenset[str]] = frozenset({"next", "retry"})

    type: Literal[StepType.QUESTION] = StepType.QUESTION
    config: QuestionConfig

    def writes(self) -> tuple[Write, ...]:
        return (Write(self.config.save_as, "config.save_as"),) if self.config.save_as else ()


class QuestionBehaviour(Behaviour[QuestionStep]):
    """Asks, and takes what its config accepts."""

    def enter(self, walk: Walk, step: QuestionStep) -> Move:
        self.say_again(walk, step)
        return STAY

    def accepts(self, walk: Walk, step: QuestionStep, event: StepEvent) -> bool:
        return isinstance(event, Answered)

    def resume(self, walk: Walk, step: QuestionStep, event: StepEvent) -> Move:
        if not isinstance(event, Answered):
            return STAY
        return take_answer(
            walk,
            step,
            event,
            accepts=step.config.accepts,
            save_as=step.config.save_as,
            ask_again=lambda: self._ask_again(walk, step),
            keeping=_keeping(step),
        )

    def carry(self, walk: Walk, step: QuestionStep) -> bool:
        return True

    def say_again(self, walk: Walk, step: QuestionStep) -> None:
        self._say(walk, step, step_message(walk, step.config.text, media=step.config.media))

    def _ask_again(self, walk: Walk, step: QuestionStep) -> None:
        if step.config.retry_text:
            self._say(walk, step, step_message(walk, step.config.retry_text))
        else:
            self.say_again(walk, step)

    def _say(self, walk: Walk, step: QuestionStep, message: OutMessage) -> None:
        kind = asked(step)
        if kind is not None:
            message = replace(message, ask=kind, ask_label=walk.builtin(_LABELS[kind], html=False))
        walk.say(message)


# A contact before a place: one keyboard asks for one thing.
_LABELS: Final = {AnswerKind.CONTACT: BuiltinText.SHARE_CONTACT, AnswerKind.LOCATION: BuiltinText.SHARE_LOCATION}


def asked(step: QuestionStep) -> AnswerKind | None:
    """What the chat offers to share with one press."""
    accepted: Collection[str] = step.config.accepts
    return next((kind for kind in _LABELS if kind in accepted), None)


def _keeping(step: QuestionStep) -> KeepAnswer | None:
    """What is to be noted of an answer: nothing where it is asked for no stated purpose and kept for no stated time."""
    purpose, days = (step.config.purpose or "").strip(), step.config.retention_days
    return KeepAnswer(step.id, accepted=False, purpose=purpose, retention_days=days) if purpose or days else None
