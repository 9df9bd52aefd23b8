"""The scalar types of a definition, strict where JSON is not: a bool is no number, "5" is no number either."""

import math
import re
from datetime import date
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from flows.engine import limits

T = TypeVar("T")

VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_COMMAND: Final = re.compile(r"/?[A-Za-z0-9_]{1,32}", re.ASCII)


class Part(BaseModel):
    """A piece of a definition: immutable, and without fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "must not be empty")
    return text


def _variable_name(name: str) -> str:
    if not VARIABLE_NAME.fullmatch(name):
        raise PydanticCustomError("variable_name", "is not the name of a variable")
    return name


def _time_of_day(text: str) -> str:
    if not CLOCK.fullmatch(text.strip()):
        raise PydanticCustomError("time_of_day", "is not a time of day")
    return text


def _day(text: str) -> str:
    try:
        known = bool(_DAY.fullmatch(text)) and date.fromisoformat(text)
    except ValueError:
        known = False
    if not known:
        raise PydanticCustomError("day", "is not a day")
    return text


def _command(text: str) -> str:
    # Bot API, BotCommand. `/start` begins the flow and leads nowhere else.
    if not _COMMAND.fullmatch(text) or text.lstrip("/").lower() == "start":
        raise PydanticCustomError("command", "is not a command")
    return text


def a_scalar(value: object) -> object:
    """Told in one sentence, not once per member of a union."""
    if value is not None and not isinstance(value, (str, bool, int, float)):
        raise PydanticCustomError("scalar", "must be a text, a number or a bool")
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("finite_number", "must be a finite number")
    return value


def _a_value(value: object) -> object:
    if value is None:
        raise PydanticCustomError("scalar", "must be a text, a number or a bool")
    if isinstance(value, str) and len(value) > limits.MAX_VARIABLE_TEXT:
        raise PydanticCustomError("string_too_long", "is too long", {"max_length": limits.MAX_VARIABLE_TEXT})
    return a_scalar(value)


def _filled(items: tuple[T, ...]) -> tuple[T, ...]:
    # Not `min_length`: pydantic says that of a list whose items are only wrong.
    if not items:
        raise PydanticCustomError("too_short", "needs at least one item", {"min_length": 1})
    return items


Several = Annotated[tuple[T, ...], AfterValidator(_filled), Field(json_schema_extra={"minItems": 1})]
Text = Annotated[str, Strict()]
NotBlank = Annotated[str, Strict(), AfterValidator(_not_blank), Field(json_schema_extra={"minLength": 1})]
StepId = Annotated[
    str, Strict(), Field(max_length=limits.MAX_ID, json_schema_extra={"minLength": 1}), AfterValidator(_not_blank)
]
VariableName = Annotated[
    str,
    Strict(),
    Field(max_length=limits.MAX_NAME, json_schema_extra={"pattern": f"^{VARIABLE_NAME.pattern}$"}),
    AfterValidator(_variable_name),
]
TimeOfDay = Annotated[
    str, Strict(), AfterValidator(_time_of_day), Field(json_schema_extra={"pattern": f"^{CLOCK.pattern}$"})
]
Day = Annotated[str, Strict(), AfterValidator(_day), Field(json_schema_extra={"format": "date"})]
Command = Annotated[
    str, Strict(), AfterValidator(_command), Field(json_schema_extra={"pattern": f"^{_COMMAND.pattern}$"})
]
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Finite = Annotated[float, Strict(), Field(allow_inf_nan=False)]
# What a variable is set to.
Scalar = Annotated[Text | Flag | Whole | Finite, BeforeValidator(_a_value)]
Tag = Annotated[
    str, Strict(), Field(max_length=limits.MAX_TAG, json_schema_extra={"minLength": 1}), AfterValidator(_not_blank)
]
