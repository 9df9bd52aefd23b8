"""`message`: says a text, one media, or both; waits only where it has conditions."""

from typing import ClassVar, Literal

from pydantic import Field

from flows.engine.conditions import ConditionType
from flows.engine.content import Media, ParseMode, UrlButton
from flows.engine.events import Answered, AnswerKind
from flows.engine.fields import Flag, NotBlank, Part
from flows.engine.precedence import take_answer
from flows.engine.speech import in_rows, step_message, url_button
from flows.engine.steps.behaviour import Behaviour, StepEvent
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import END, STAY, Go, Move, Walk


class MessageConfig(Part):
    """What is said: a text, a media, or both."""

    text: NotBlank | None = Field(default=None, description="Text, or the caption of the media.")
    media: Media | None = Field(default=None, description="One photo, video, audio, voice, document or animation.")
    parse_mode: ParseMode = Field(
        default=ParseMode.HTML, description="How the text is read: Telegram's HTML, or as it is."
    )
    link_preview: Flag = Field(default=True, description="Show a preview of the first link.")
    protect_content: Flag = Field(default=False, description="Keep it from being forwarded or saved.")
    url_buttons: tuple[UrlButton, ...] = Field(default=(), description="Buttons that open pages.")


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


class MessageBehaviour(Behaviour[MessageStep]):
    """Says its message; with conditions it waits for an answer as a question does."""

    def enter(self, walk: Walk, step: MessageStep) -> Move:
        self.say_again(walk, step)
        if step.waits:
            return STAY
        return Go(step.connections.next) if step.connections.next else END

    def accepts(self, walk: Walk, step: MessageStep, event: StepEvent) -> bool:
        return isinstance(event, Answered) and step.waits

    def resume(self, walk: Walk, step: MessageStep, event: StepEvent) -> Move:
        if not isinstance(event, Answered):
            return STAY
        return take_answer(
            walk,
            step,
            event,
            accepts=(AnswerKind.TEXT,),
            save_as=None,
            ask_again=lambda: self.say_again(walk, step),
        )

    def carry(self, walk: Walk, step: MessageStep) -> bool:
        return True

    def say_again(self, walk: Walk, step: MessageStep) -> None:
        config = step.config
        buttons = [url_button(walk, button.text, button.url) for button in config.url_buttons]
        walk.say(
            step_message(
                walk,
                config.text,
                media=config.media,
                parse_mode=config.parse_mode,
                buttons=in_rows(buttons, 1),
                link_preview=config.link_preview,
                protect_content=config.protect_content,
            )
        )
