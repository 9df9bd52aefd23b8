"""The value of a variable, as somebody types it beside the test chat."""

import math
from enum import StrEnum

from bots.storable import clean_text
from flows.engine.limits import MAX_VARIABLE_TEXT


class NotAValue(ValueError):
    """What was typed is no value of this kind."""


class ValueKind(StrEnum):
    """What it is typed as. Answers of people are texts, even those that look like numbers."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"


_TRUE = frozenset({"1", "true", "sim", "yes", "s", "y"})


def value_of(text: str, kind: str) -> str | int | float | bool:
    """Raises NotAValue for a number that is none; a decimal comma counts."""
    match kind:
        case ValueKind.NUMBER:
            return _number(text.strip().replace(",", "."))
        case ValueKind.FLAG:
            return text.strip().casefold() in _TRUE
        case _:
            return clean_text(text)[:MAX_VARIABLE_TEXT]


def _number(text: str) -> int | float:
    try:
        return int(text) if text.lstrip("-").isdecimal() and text.isascii() else _finite(float(text))
    except ValueError as error:
        raise NotAValue(text) from error


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise NotAValue(str(number))
    return number
