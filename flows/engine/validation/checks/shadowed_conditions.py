"""A condition that never comes to its turn, because an earlier one always matches where it would (a warning)."""

from collections.abc import Iterator

from flows.engine.conditions import (
    ButtonClick,
    ConditionBase,
    PaymentStatusCondition,
    TextValidation,
    TimeElapsed,
    Validation,
    VariableCondition,
)
from flows.engine.conditions.button_click import button_key
from flows.engine.conditions.text_forms import fold
from flows.engine.definition import StepBase
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def shadowed_conditions(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if len(step.conditions) < 2:
            continue
        for index, earlier in _shadowed(step):
            yield on_step(Code.SHADOWED_CONDITION, step, f"conditions.{index}", earlier=earlier + 1)


def _shadowed(step: StepBase) -> Iterator[tuple[int, int]]:
    """Each shadowed condition's place with that of the one before it."""
    seen: dict[object, int] = {}
    anything: int | None = None
    silences = [(c.minutes, c.order, i) for i, c in enumerate(step.conditions) if isinstance(c, TimeElapsed)]
    shortest = min(silences)[2] if silences else None
    for index, condition in step.ordered_conditions:
        if isinstance(condition, TimeElapsed):
            # The shortest silence comes first whatever the order, and the run has left by then.
            if shortest is not None and index != shortest:
                yield index, shortest
            continue
        if isinstance(condition, TextValidation) and anything is not None:
            yield index, anything
            continue
        what = _what(condition)
        if what in seen:
            yield index, seen[what]
        seen.setdefault(what, index)
        if isinstance(condition, TextValidation) and condition.validation is Validation.ANY:
            anything = index


def _what(condition: ConditionBase) -> object:
    """Equal for two conditions that match the same events."""
    match condition:
        case ButtonClick():
            return (condition.type, button_key(condition.button_text))
        case PaymentStatusCondition():
            return (condition.type, condition.status)
        case VariableCondition():
            return (condition.type, condition.name, condition.op, repr(condition.value))
        case TextValidation():
            value = condition.value or ""
            if condition.validation is not Validation.REGEX:
                value = fold(value, ignore_case=condition.ignore_case, ignore_accents=condition.ignore_accents)
            return (condition.type, condition.validation, value, condition.ignore_case, condition.ignore_accents)
        case _:
            return id(condition)
