"""A button's callback data: which run, version, step, wait and button it was shown for, in at most 64 bytes."""

import base64
import re
from uuid import UUID

from flows.engine.events import ButtonRef
from telegram_gateway.protocol.limits import CALLBACK_DATA_BYTES

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_UUID_CHARACTERS = 22
_SHAPE = re.compile(
    r"(?P<run>[\w-]{22})(?P<version>[\w-]{22})(?P<ordinal>[0-9a-z]+)\.(?P<wait>[0-9a-z]+)\.(?P<index>[0-9a-z]+)",
    re.ASCII,
)


def encode(ref: ButtonRef) -> str:
    """The data of a button. Raises ValueError where the numbers are negative or do not fit."""
    numbers = ".".join(_base36(number) for number in (ref.ordinal, ref.wait, ref.index))
    data = f"{_uuid_text(ref.run_id)}{_uuid_text(ref.version_id)}{numbers}"
    if len(data) > CALLBACK_DATA_BYTES:
        raise ValueError("callback data is too long")
    return data


def decode(data: str) -> ButtonRef | None:
    """The reference in some callback data; None for data that is not ours, whatever it is."""
    shape = _SHAPE.fullmatch(data) if len(data) <= CALLBACK_DATA_BYTES else None
    if shape is None:
        return None
    ref = ButtonRef(
        run_id=_uuid(shape["run"]),
        version_id=_uuid(shape["version"]),
        ordinal=int(shape["ordinal"], 36),
        wait=int(shape["wait"], 36),
        index=int(shape["index"], 36),
    )
    # One reference has one spelling; others (leading zeros, spare bits) are not ours.
    return ref if encode(ref) == data else None


def _uuid_text(value: UUID) -> str:
    return base64.urlsafe_b64encode(value.bytes).decode()[:_UUID_CHARACTERS]


def _uuid(text: str) -> UUID:
    return UUID(bytes=base64.urlsafe_b64decode(f"{text}=="))


def _base36(number: int) -> str:
    if number < 0:
        raise ValueError("callback data holds no negative numbers")
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits
