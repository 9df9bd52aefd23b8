"""The id of a file in Telegram's answer to the message that carried it (Bot API, "Message")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flows.engine.effects import OutMediaType

# Where Telegram made something else of it, the more telling first: an animation is also there as a document.
_LOOKED_FOR: Final = (
    OutMediaType.ANIMATION,
    OutMediaType.VIDEO,
    OutMediaType.AUDIO,
    OutMediaType.VOICE,
    OutMediaType.PHOTO,
    OutMediaType.DOCUMENT,
)
_UNIQUE_ID_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that Telegram has: what it is there, and the id by which the same bot sends it again."""

    kind: OutMediaType
    file_id: str
    file_unique_id: str


def sent_file(answer: Mapping[str, Any], kind: OutMediaType) -> SentFile | None:
    """The file in a sent message: as the kind that was asked for, else as whatever it became; None without any."""
    for one in (kind, *_LOOKED_FOR):
        value = answer.get(one.value)
        if isinstance(value, Sequence) and not isinstance(value, str) and value:
            # A photo is a list of sizes, the largest last.
            value = value[-1]
        if isinstance(value, Mapping) and isinstance(value.get("file_id"), str) and value["file_id"]:
            return SentFile(one, value["file_id"], str(value.get("file_unique_id") or "")[:_UNIQUE_ID_LENGTH])
    return None
