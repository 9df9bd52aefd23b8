"""`variable`: compares what the run knows, by type: numbers as numbers, dates as dates, lists by membership."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Final, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError, core_schema

from flows.engine import limits
from flows.engine.conditions import text_forms
from flows.engine.conditions.base import ConditionBase, ConditionType, Occasion, Stimulus
from flows.engine.fields import Finite, Flag, Text, VariableName, Whole, a_scalar

# Names of lists that conditions see beside the variables.
TAGS: Final = "tags"
GRANTS: Final = "grants"

Value = Text | Flag | Whole | Finite | None


class Operator(StrEnum):
    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    CONTAINS = "contains"
    EXISTS = "exists"


class VariableCondition(ConditionBase):
    """Matches when a variable compares to a value. `tags` and `grants` are lists and count as variables.

    `grants` holds, for each open access, the id of its chat, the id of the step that gave it and what was bought.
    """

    occasions: ClassVar[frozenset[Occasion]] = frozenset({Occasion.ANSWER, Occasion.PRESS, Occasion.ARRIVAL})

    type: Literal[ConditionType.VARIABLE] = ConditionType.VARIABLE
    name: VariableName = Field(description="The variable, `tags` or `grants`.")
    op: Operator = Field(default=Operator.EQ, description="How it compares.")
    value: Value = Field(default=None, validate_default=True, description="What to compare with; none for `exists`.")

    @field_validator("value", mode="before")
    @classmethod
    def _is_a_scalar(cls, value: object) -> object:
        if isinstance(value, str) and len(value) > limits.MAX_CONDITION_VALUE:
            limit = limits.MAX_CONDITION_VALUE
            raise PydanticCustomError("string_too_long", "is too long", {"max_length": limit})
        return a_scalar(value)

    @field_validator("value")
    @classmethod
    def _needs_a_value(cls, value: Value, info: core_schema.ValidationInfo) -> Value:
        op = info.data.get("op")
        if value is None and op is not None and op is not Operator.EXISTS:
            raise PydanticCustomError("value_missing", "a value to compare with is needed")
        return value

    def _holds(self, stimulus: Stimulus) -> bool:
        return compare(stimulus.variables.get(self.name), self.op, self.value)


def compare(actual: object, op: Operator, expected: Value) -> bool:
    """Whether `actual op expected`; a missing variable equals nothing and compares with nothing."""
    match op:
        case Operator.EXISTS:
            return actual is not None and actual != "" and actual != [] and actual != ()
        case Operator.EQ:
            return _equal(actual, expected)
        case Operator.NE:
            return not _equal(actual, expected)
        case Operator.CONTAINS:
            return _contains(actual, expected)
        case Operator.GT | Operator.LT | Operator.GE | Operator.LE:
            return _ordered(actual, op, expected)


def _equal(actual: object, expected: object) -> bool:
    if actual is None or expected is None:
        return False
    if isinstance(actual, bool) or isinstance(expected, bool):
        return _as_bool(actual) is not None and _as_bool(actual) == _as_bool(expected)
    numbers = _as_number(actual), _as_number(expected)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] == numbers[1]
    return (
        isinstance(actual, str) and isinstance(expected, str) and text_forms.clean(actual) == text_forms.clean(expected)
    )


def _contains(actual: object, expected: object) -> bool:
    if isinstance(actual, (list, tuple, set, frozenset)):
        return any(_equal(item, expected) for item in actual)
    if not isinstance(actual, str) or expected is None or isinstance(expected, bool):
        return False
    sought = text_forms.fold(str(expected))
    return bool(sought) and sought in text_forms.fold(actual)


def _ordered(actual: object, op: Operator, expected: object) -> bool:
    numbers = _as_number(actual), _as_number(expected)
    if numbers[0] is not None and numbers[1] is not None:
        return _stands(numbers[0], op, numbers[1])
    dates = _as_date(actual), _as_date(expected)
    if dates[0] is not None and dates[1] is not None:
        return _stands(dates[0].toordinal(), op, dates[1].toordinal())
    return False


def _stands(left: Decimal | int, op: Operator, right: Decimal | int) -> bool:
    match op:
        case Operator.GT:
            return left > right
        case Operator.LT:
            return left < right
        case Operator.GE:
            return left >= right
        case _:
            return left <= right


def _as_bool(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def _as_number(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return Decimal(value) if Decimal(value).is_finite() else None
    if isinstance(value, float):
        return Decimal(repr(value)) if Decimal(value).is_finite() else None
    return text_forms.parse_number(value) if isinstance(value, str) else None


def _as_date(value: object) -> date | None:
    return text_forms.parse_date(value) if isinstance(value, str) else None
