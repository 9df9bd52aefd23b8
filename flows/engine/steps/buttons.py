"""`buttons`: a text with inline buttons; waits for a press."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.conditions import ConditionType, Occasion, Stimulus, first_match, same_button
from flows.engine.content import Media
from flows.engine.effects import OutButton, OutMessage, ParseMode, TimelineKind
from flows.engine.events import BUMP_NO_BUTTON, BUMP_YES_BUTTON, Answered, AnswerKind, Pressed
from flows.engine.fields import NotBlank, Part, Several, StepId, Text, Whole
from flows.engine.precedence import unmatched
from flows.engine.speech import button_ref, in_rows, step_message, url_button
from flows.engine.state import BumpOffer, PressedButton
from flows.engine.steps.behaviour import Behaviour, StepEvent
from flows.engine.steps.model import StepBase, StepType
from flows.engine.texts import BuiltinText
from flows.engine.walk import STAY, Go, Move, Walk


class StalePress(StrEnum):
    """What a press from an older step does."""

    NOTICE = "notice"
    FOLLOW = "follow"
    REMOVE = "remove"


class Bump(Part):
    """An extra offered beside the button's product."""

    text: NotBlank = Field(description="What the offer says.")
    price: NotBlank = Field(description='What is added when accepted, "9.90".')


class CustomButton(Part):
    """A button: a callback, or a page when it has a `url`."""

    text: NotBlank = Field(description="Unique among the step's buttons.")
    target_step: StepId | None = Field(default=None, description="Where it leads when no condition matches.")
    url: NotBlank | None = Field(default=None, description="The page it opens; then it leads to no step.")
    price: NotBlank | None = Field(default=None, description='The price as text, "29.90".')
    description: Text | None = Field(default=None, description="What is sold, for the charge.")
    bump: Bump | None = Field(default=None, description="Offered when the button is pressed.")


class ButtonsConfig(Part):
    """The text and the buttons under it."""

    text: NotBlank = Field(description="What stands above the buttons.")
    custom_buttons: Several[CustomButton] = Field(description="The buttons, in their order.")
    per_row: Annotated[Whole, Field(ge=1, le=limits.TELEGRAM_BUTTONS_PER_ROW)] = Field(
        default=1, description="How many buttons stand side by side."
    )
    media: Media | None = Field(default=None, description="Sent with the text as its caption.")
    retry_text: NotBlank | None = Field(default=None, description="Said when a text is on no button.")
    stale_press: StalePress = Field(
        default=StalePress.NOTICE, description="What a press does when the run has gone on: notice, follow or remove."
    )


class ButtonsStep(StepBase):
    """Offers buttons and leaves by the one pressed."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset(
        {ConditionType.BUTTON_CLICK, ConditionType.VARIABLE, ConditionType.TIME_ELAPSED}
    )
    outcomes: ClassVar[frozenset[str]] = frozenset({"next", "retry"})

    type: Literal[StepType.BUTTONS] = StepType.BUTTONS
    config: ButtonsConfig


_BUMP_ANSWERS: Final = {BUMP_YES_BUTTON: BuiltinText.BUMP_YES, BUMP_NO_BUTTON: BuiltinText.BUMP_NO}


class ButtonsBehaviour(Behaviour[ButtonsStep]):
    """Shows its buttons; a press, or a button's exact text, leads on.

    A priced button with a `bump` offers it first; the answer then counts as the press of that button.
    """

    def enter(self, walk: Walk, step: ButtonsStep) -> Move:
        self.say_again(walk, step)
        return STAY

    def accepts(self, walk: Walk, step: ButtonsStep, event: StepEvent) -> bool:
        match event:
            case Answered():
                return True
            case Pressed(ref=ref):
                return ref is not None and self._knows(walk, step, ref.index)
            case _:
                return False

    def resume(self, walk: Walk, step: ButtonsStep, event: StepEvent) -> Move:
        index: int | None = None
        said = event.text if isinstance(event, Answered) and event.kind is AnswerKind.TEXT else ""
        if isinstance(event, Answered) and event.kind is AnswerKind.TEXT:
            index = self._typed(walk, step, event.text)
        elif isinstance(event, Pressed) and event.ref is not None:
            index = event.ref.index
        if index is None:
            return unmatched(walk, step, lambda: self._ask_again(walk, step), said=said)
        walk.record(TimelineKind.PRESSED, index=index)
        return self._press(walk, step, index)

    def carry(self, walk: Walk, step: ButtonsStep) -> bool:
        return True

    def say_again(self, walk: Walk, step: ButtonsStep) -> None:
        if walk.state.offer is not None:
            self._say_offer(walk, step, walk.state.offer.index)
        else:
            self._say(walk, step, step.config.text, with_media=True)

    def follow(self, walk: Walk, step: ButtonsStep, index: int) -> str | None:
        """Where a press from an earlier wait leads, if the button leads anywhere; the price travels with it."""
        way = self._way(walk, step, index) if is_callback(step, index) else None
        if way is not None:
            self._carry(walk, step, index, with_bump=False)
        return way

    def _press(self, walk: Walk, step: ButtonsStep, index: int) -> Move:
        offer, chosen = walk.state.offer, index
        if index in _BUMP_ANSWERS and offer is not None and is_callback(step, offer.index):
            chosen = offer.index
        elif step.config.custom_buttons[index].bump and step.config.custom_buttons[index].price:
            walk.change(offer=BumpOffer(index))
            self._say_offer(walk, step, index)
            return STAY
        way = self._way(walk, step, chosen)
        if way is None:
            return unmatched(walk, step, lambda: self._ask_again(walk, step))
        self._carry(walk, step, chosen, with_bump=index == BUMP_YES_BUTTON)
        walk.reset_attempts(step)
        walk.left_by(walk.state.wait, index)
        return Go(way)

    def _way(self, walk: Walk, step: ButtonsStep, index: int) -> str | None:
        button = step.config.custom_buttons[index]
        stimulus = Stimulus(Occasion.PRESS, button_text=button.text, variables=walk.condition_variables())
        found = first_match(step.ordered_conditions, stimulus)
        return found[1].target_step if found else button.target_step or step.connections.next

    def _carry(self, walk: Walk, step: ButtonsStep, index: int, *, with_bump: bool) -> None:
        button = step.config.custom_buttons[index]
        if button.price is None:
            return
        bump = button.bump if with_bump else None
        walk.change(
            pressed=PressedButton(
                step_id=step.id,
                index=index,
                text=button.text,
                price=button.price,
                description=button.description or "",
                bump_text=bump.text if bump else "",
                bump_price=bump.price if bump else "",
                wait=walk.state.wait,
            )
        )

    def _knows(self, walk: Walk, step: ButtonsStep, index: int) -> bool:
        offer = walk.state.offer
        return is_callback(step, index) or (
            index in _BUMP_ANSWERS and offer is not None and is_callback(step, offer.index)
        )

    def _typed(self, walk: Walk, step: ButtonsStep, text: str) -> int | None:
        """The button whose text this is, as written or as shown."""
        if walk.state.offer is not None:
            for index, answer in _BUMP_ANSWERS.items():
                if same_button(walk.builtin(answer, html=False), text) and self._knows(walk, step, index):
                    return index
        for index, button in enumerate(step.config.custom_buttons):
            shown = (button.text, walk.text(button.text, html=False))
            if is_callback(step, index) and any(same_button(one, text) for one in shown):
                return index
        return None

    def _ask_again(self, walk: Walk, step: ButtonsStep) -> None:
        if step.config.retry_text:
            self._say(walk, step, step.config.retry_text, with_media=False)
        else:
            self.say_again(walk, step)

    def _say(self, walk: Walk, step: ButtonsStep, text: str, *, with_media: bool) -> None:
        media = step.config.media if with_media else None
        walk.say(step_message(walk, text, media=media, buttons=self._keyboard(walk, step)))

    def _keyboard(self, walk: Walk, step: ButtonsStep) -> tuple[tuple[OutButton, ...], ...]:
        buttons = [
            url_button(walk, button.text, button.url)
            if button.url
            else _callback(walk, step, walk.text(button.text, html=False), index)
            for index, button in enumerate(step.config.custom_buttons)
        ]
        return in_rows(buttons, step.config.per_row)

    def _say_offer(self, walk: Walk, step: ButtonsStep, index: int) -> None:
        bump = step.config.custom_buttons[index].bump if is_callback(step, index) else None
        if bump is None:
            return
        answers = [_callback(walk, step, walk.builtin(text, html=False), at) for at, text in _BUMP_ANSWERS.items()]
        walk.say(OutMessage(walk.text(bump.text), ParseMode.HTML, buttons=in_rows(answers, 1)))


def is_callback(step: ButtonsStep, index: int) -> bool:
    """Whether the index names a button of the step that is pressed, not opened."""
    buttons = step.config.custom_buttons
    return 0 <= index < len(buttons) and buttons[index].url is None


def _callback(walk: Walk, step: ButtonsStep, text: str, index: int) -> OutButton:
    return OutButton(text, ref=button_ref(walk, step.id, wait=walk.state.wait, index=index))
