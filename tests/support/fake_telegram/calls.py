"""What the fake Bot API was asked, and how it may be told to fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Drop(StrEnum):
    """When the connection is cut: before the call took effect, or after, so that nobody learns of it."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `accepted` says whether it took effect; `number` counts all calls of the server from 1."""

    number: int
    token: str
    method: str
    chat_id: int | None
    parameters: Mapping[str, Any]
    files: Mapping[str, bytes]
    accepted: bool
    message_id: int | None = None

    @property
    def text(self) -> str:
        """The text of a message, or the caption of what carries one."""
        return str(self.parameters.get("text") or self.parameters.get("caption") or "")

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The inline buttons, row after row."""
        markup = self.parameters.get("reply_markup") or {}
        return [button for row in markup.get("inline_keyboard", []) for button in row]

    def button(self, text: str) -> dict[str, Any]:
        """The button with exactly this text."""
        for button in self.buttons:
            if button["text"] == text:
                return button
        raise AssertionError(f"no button {text!r} among {[button['text'] for button in self.buttons]}")


@dataclass(slots=True)
class Fault:
    """How calls fail: the next `times` that match `method`, `chat_id` and `token` (None matches all)."""

    status: int = 200
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    drop: Drop | None = None
    body: bytes | None = None
    times: int = 1
    method: str | None = None
    chat_id: int | None = None
    token: str | None = None

    def matches(self, token: str, method: str, chat_id: int | None) -> bool:
        wanted = ((self.token, token), (self.method, method), (self.chat_id, chat_id))
        return self.times > 0 and all(expected in (None, actual) for expected, actual in wanted)


def refuse(status: int, description: str, **where: Any) -> Fault:
    """An error answer as Telegram words it."""
    return Fault(status=status, description=description, **where)


def blocked(**where: Any) -> Fault:
    """The contact has blocked the bot; until told otherwise."""
    return refuse(403, "Forbidden: bot was blocked by the user", **({"times": 10**9} | where))


def too_many_requests(retry_after: int, **where: Any) -> Fault:
    """The flood limit."""
    description = f"Too Many Requests: retry after {retry_after}"
    return Fault(status=429, description=description, parameters={"retry_after": retry_after}, **where)


def drop_before(**where: Any) -> Fault:
    """The connection is cut and nothing happened."""
    return Fault(drop=Drop.BEFORE, **where)


def drop_after(**where: Any) -> Fault:
    """The message is in the chat, but the answer never comes."""
    return Fault(drop=Drop.AFTER, **where)
