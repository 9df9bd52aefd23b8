"""Where in a JSON answer a value stands: names and places with dots, `data.items[0].price`. Small on purpose."""

import re
from typing import Final

from flows.engine import limits

JsonPath = tuple[str | int, ...]

_PART: Final = re.compile(r"\[([0-9]{1,6})\]|(?:^|\.)([^.\[\]\s]+)")
_ROOT: Final = re.compile(r"\$(?=[.\[]|$)")
MISSING: Final = object()


def parse_path(text: str) -> JsonPath | None:
    """The parts of a path, `()` for the whole answer (`$`); None where it is no path. A number after a dot is a place
    where a list stands, and a name where an object does."""
    text = text.strip()
    found, at, parts = _ROOT.match(text), 0, []
    if found is not None:
        text = text[1:].removeprefix(".")
        if not text:
            return ()
    if text.startswith("."):
        return None
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            return None
        parts.append(int(part.group(1)) if part.group(1) is not None else part.group(2))
        at = part.end()
    return tuple(parts) or None


def value_at(data: object, path: JsonPath) -> object:
    """What stands there, as a variable can hold it: a text, a number, a bool, a list of those. `MISSING` where there is
    nothing, null, or an object. Never raises, whatever the data."""
    for part in path:
        data = _step_into(data, part)
        if data is MISSING:
            return MISSING
    return _plain(data)


def _step_into(data: object, part: str | int) -> object:
    if isinstance(data, dict):
        return data.get(str(part), MISSING)
    if isinstance(data, list):
        place = part if isinstance(part, int) else int(part) if part.isascii() and part.isdecimal() else len(data)
        return data[place] if place < len(data) else MISSING
    return MISSING


def _plain(value: object) -> object:
    # One over each cap, so that whoever keeps it sees that something was cut.
    if isinstance(value, str):
        return value[: limits.MAX_VARIABLE_TEXT + 1]
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, list):
        return [_plain(item) for item in value[: limits.MAX_VARIABLE_ITEMS + 1] if isinstance(item, (str, int, float))]
    return MISSING
