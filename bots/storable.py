"""What PostgreSQL refuses in text and JSON (NUL, lone surrogates, NaN), taken out before it is written."""

import json
import math
from typing import Any

import orjson

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
