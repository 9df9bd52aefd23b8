"""What PostgreSQL refuses in text and JSON (NUL, lone surrogates, NaN), taken out before it is written; and what a line
of ours does not bear in a stranger's name."""

import json
import math
from typing import Any

import orjson

# Marks that override or isolate a direction of writing, and those that mark one.
_TURNS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))

Json = dict[str, Any] | list[Any] | str | int | float | bool | None


def clean_text(text: str) -> str:
    """The text without NUL, and with U+FFFD for each lone surrogate."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def one_line(text: str) -> str:
    """What a stranger wrote, to stand in a sentence of ours: nothing that breaks its line or turns its direction."""
    return " ".join(text.translate(_TURNS).split())


def clean_json(value: Any) -> Any:
    """The same for every text inside a JSON value; not-a-number and infinity become null."""
    match value:
        case str():
            return clean_text(value)
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {clean_text(str(key)): clean_json(item) for key, item in value.items()}
        case list() | tuple():
            return [clean_json(item) for item in value]
        case _:
            return value


def dump_json(value: Any) -> str:
    """JSON that a jsonb column takes, whatever the strings inside are; ids and moments as their text."""
    try:
        data = orjson.dumps(value)
    except TypeError:
        # Lone surrogates, and whole numbers over 64 bits.
        return json.dumps(clean_json(value), default=str)
    if b"\\u0000" in data:
        return json.dumps(clean_json(value), default=str)
    return data.decode()
