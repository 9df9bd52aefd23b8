"""The scalar types of a definition, strict where JSON is not: a bool is no number, "5" is no number either."""

import re
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict
from pydantic_core import PydanticCustomError

from flows.engine import limits

T = TypeVar("T")

VARIABLE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")


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


def _filled(items: tuple[T, ...]) -> tuple[T, ...]:
    # Not `min_length`: pydantic says that of a list whose items are only wrong.
    if not items:
        raise PydanticCustomError("too_short", "needs at least one item", {"min_length": 1})
    return items


Several = Annotated[tuple[T, ...], AfterValidator(_filled), Field(json_schema_extra={"minItems": 1})]
Text = Annotated[str, Strict()]
NotBlank = Annotated[str, Strict(), AfterValidator(_not_blank)]
StepId = Annotated[str, Strict(), AfterValidator(_not_blank), Field(max_length=limits.MAX_ID)]
VariableName = Annotated[str, Strict(), AfterValidator(_variable_name), Field(max_length=limits.MAX_NAME)]
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Finite = Annotated[float, Strict(), Field(allow_inf_nan=False)]
