"""A `button_click` names a button of its own step that can be pressed."""

from collections.abc import Iterator

from flows.engine.conditions import ButtonClick
from flows.engine.conditions.button_click import button_key
from flows.engine.definition import StepBase
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def button_conditions(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        texts = _pressable(step)
        for index, condition in enumerate(step.conditions):
            if isinstance(condition, ButtonClick) and button_key(condition.button_text) not in texts:
                field = f"conditions.{index}.button_text"
                yield on_step(Code.UNKNOWN_BUTTON, step, field, text=condition.button_text)


def _pressable(step: StepBase) -> frozenset[str]:
    # Telegram tells a bot nothing of a press that opens a page.
    if not isinstance(step, ButtonsStep):
        return frozenset()
    return frozenset(button_key(button.text) for button in step.config.custom_buttons if button.url is None)
