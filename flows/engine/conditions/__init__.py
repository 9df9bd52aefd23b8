"""Conditions, one module per type; the union of them all, and the question asked of a step's conditions."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field

from flows.engine.conditions.base import ConditionBase, ConditionType, Occasion, Stimulus, in_order
from flows.engine.conditions.button_click import ButtonClick, same_button
from flows.engine.conditions.payment_status import AwaitedStatus, PaymentStatusCondition
from flows.engine.conditions.text_validation import TextValidation, Validation
from flows.engine.conditions.time_elapsed import TimeElapsed
from flows.engine.conditions.variable import GRANTS, TAGS, Operator, VariableCondition

Condition = Annotated[
    TextValidation | ButtonClick | PaymentStatusCondition | TimeElapsed | VariableCondition,
    Field(discriminator="type"),
]

CONDITION_MODELS: Final[dict[ConditionType, type[ConditionBase]]] = {
    ConditionType.TEXT_VALIDATION: TextValidation,
    ConditionType.BUTTON_CLICK: ButtonClick,
    ConditionType.PAYMENT_STATUS: PaymentStatusCondition,
    ConditionType.TIME_ELAPSED: TimeElapsed,
    ConditionType.VARIABLE: VariableCondition,
}


def first_match(
    conditions: Iterable[tuple[int, ConditionBase]], stimulus: Stimulus
) -> tuple[int, ConditionBase] | None:
    """The first of the conditions, already in order, that matches, with its place in the step's list."""
    return next((placed for placed in conditions if placed[1].matches(stimulus)), None)


__all__ = [
    "CONDITION_MODELS",
    "GRANTS",
    "TAGS",
    "AwaitedStatus",
    "ButtonClick",
    "Condition",
    "ConditionBase",
    "ConditionType",
    "Occasion",
    "Operator",
    "PaymentStatusCondition",
    "Stimulus",
    "TextValidation",
    "TimeElapsed",
    "Validation",
    "VariableCondition",
    "first_match",
    "in_order",
    "same_button",
]
