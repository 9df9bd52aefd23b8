"""Every button leads somewhere, has a text of its own, and there are no more than Telegram takes."""

from collections.abc import Callable, Iterator, Sequence

from flows.engine import limits
from flows.engine.conditions import ButtonClick, Occasion, VariableCondition
from flows.engine.conditions.button_click import button_key
from flows.engine.content import MainButton, RedirectButton, UrlButton
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.buttons import ButtonsStep, CustomButton
from flows.engine.steps.message import MessageStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document

Button = CustomButton | MainButton | RedirectButton | UrlButton


@check
def button_targets(subject: Subject) -> Iterator[Finding]:
    document = subject.document
    yield from _texts(
        None,
        "main_buttons",
        [*_placed("main_buttons", document.main_buttons), *_placed("redirect_buttons", document.redirect_buttons)],
    )
    for step in subject.steps:
        if isinstance(step, MessageStep):
            yield from _texts(step.id, "config.url_buttons", _placed("config.url_buttons", step.config.url_buttons))
        if isinstance(step, ButtonsStep):
            yield from _texts(
                step.id, "config.custom_buttons", _placed("config.custom_buttons", step.config.custom_buttons)
            )
            yield from _ways(subject, step)
    for index, button in enumerate(document.main_buttons):
        if button.url is not None and button.price is not None:
            yield on_document(Code.BUTTON_URL_AND_TARGET, f"main_buttons.{index}.url", text=button.text)


def _placed(field: str, buttons: Sequence[Button]) -> list[tuple[str, Button]]:
    return [(f"{field}.{index}", button) for index, button in enumerate(buttons)]


def _texts(step_id: str | None, field: str, buttons: Sequence[tuple[str, Button]]) -> Iterator[Finding]:
    if len(buttons) > limits.TELEGRAM_BUTTONS:
        values = {"count": len(buttons), "limit": limits.TELEGRAM_BUTTONS}
        yield Finding(Code.TOO_MANY_BUTTONS, step_id, field, values)
    seen: set[str] = set()
    for place, button in buttons:
        key = button_key(button.text)
        if key in seen:
            yield Finding(Code.DUPLICATE_BUTTON, step_id, f"{place}.text", {"text": button.text})
        seen.add(key)


def _ways(subject: Subject, step: ButtonsStep) -> Iterator[Finding]:
    buttons = step.config.custom_buttons
    leads_on = _way_finder(step)
    for index, button in enumerate(buttons):
        field = f"config.custom_buttons.{index}"
        if button.url is not None:
            if button.target_step is not None or button.price is not None:
                yield Finding(Code.BUTTON_URL_AND_TARGET, step.id, f"{field}.url", {"text": button.text})
        elif step.id not in subject.damaged and not leads_on(button):
            yield Finding(Code.BUTTON_LEADS_NOWHERE, step.id, f"{field}.target_step", {"text": button.text})
    timed = any(Occasion.ELAPSED in condition.occasions for condition in step.conditions)
    if all(button.url is not None for button in buttons) and not timed:
        yield Finding(Code.NOTHING_TO_PRESS, step.id, "config.custom_buttons", {})


def _way_finder(step: ButtonsStep) -> Callable[[CustomButton], bool]:
    """Whether a button leads on, by name only: a target that does not exist is a problem of its own."""
    anywhere = step.connections.next is not None or any(isinstance(c, VariableCondition) for c in step.conditions)
    clicked = {button_key(c.button_text) for c in step.conditions if isinstance(c, ButtonClick)}
    return lambda button: anywhere or button.target_step is not None or button_key(button.text) in clicked
