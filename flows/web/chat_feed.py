"""The transcript of a test chat as bubbles: what the stored Bot API calls would have shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString

from flows.models import Direction, Message
from flows.web.telegram_html import safe_html

MEDIA = {
    "sendPhoto": "photo",
    "sendVideo": "video",
    "sendAudio": "audio",
    "sendVoice": "voice",
    "sendDocument": "document",
    "sendAnimation": "animation",
}


class BubbleKind(StrEnum):
    """Who speaks: the contact, by words or by a press; the bot; or a notice that answers a press."""

    MINE = "mine"
    PRESS = "press"
    THEIRS = "theirs"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Key:
    """One button under a message: it presses, opens a page or copies."""

    text: str
    press: str = ""
    url: str = ""
    copy: str = ""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as the chat shows it."""

    id: str
    kind: BubbleKind
    at: datetime
    text: SafeString
    message_id: int | None = None
    media_kind: str = ""
    media_url: str = ""
    keys: tuple[tuple[Key, ...], ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether the page shows it by itself: our own QR codes, which are kept inside the call."""
        return self.media_url.startswith("data:image/")


def bubbles_of(messages: Iterable[Message]) -> list[Bubble]:
    """Bubbles in the order of the chat; a keyboard taken off later is not shown."""
    bubbles: list[Bubble] = []
    for message in messages:
        if message.direction == Direction.IN:
            kind = BubbleKind.PRESS if "pressed" in message.payload else BubbleKind.MINE
            if message.text:
                bubbles.append(Bubble(str(message.id), kind, message.at, escape(message.text)))
            continue
        for position, call in enumerate(message.payload.get("calls") or ()):
            _take_in(bubbles, message, position, call)
    return bubbles


def _take_in(bubbles: list[Bubble], message: Message, position: int, call: Mapping[str, Any]) -> None:
    parameters: Mapping[str, Any] = call.get("params") or {}
    method = call.get("method")
    bubble_id = f"{message.id}-{position}"
    if method == "answerCallbackQuery":
        if parameters.get("text"):
            text = escape(str(parameters["text"]))
            bubbles.append(Bubble(bubble_id, BubbleKind.NOTICE, message.at, text))
    elif method == "editMessageReplyMarkup":
        edited = parameters.get("message_id")
        bubbles[:] = [
            replace(bubble, keys=_keys(parameters)) if bubble.message_id == edited and edited is not None else bubble
            for bubble in bubbles
        ]
    elif method == "sendMessage" or method in MEDIA:
        kind = MEDIA.get(str(method), "")
        bubbles.append(
            Bubble(
                id=bubble_id,
                kind=BubbleKind.THEIRS,
                at=message.at,
                text=_text(parameters),
                message_id=message.telegram_message_id,
                media_kind=kind,
                media_url=_address(parameters.get(kind)) if kind else "",
                keys=_keys(parameters),
            )
        )


def _text(parameters: Mapping[str, Any]) -> SafeString:
    text = str(parameters.get("text") or parameters.get("caption") or "")
    return safe_html(text) if parameters.get("parse_mode") == "HTML" else escape(text)


def _address(value: object) -> str:
    """Only what the page may load by itself (an uploaded picture) or link to; a file id shows as a name."""
    text = str(value or "")
    return text if text.startswith(("data:image/", "https://", "http://")) else ""


def _keys(parameters: Mapping[str, Any]) -> tuple[tuple[Key, ...], ...]:
    rows = (parameters.get("reply_markup") or {}).get("inline_keyboard") or ()
    return tuple(tuple(_key(button) for button in row) for row in rows)


def _key(button: Mapping[str, Any]) -> Key:
    return Key(
        text=str(button.get("text", "")),
        press=str(button.get("callback_data") or ""),
        url=str(button.get("url") or ""),
        copy=str((button.get("copy_text") or {}).get("text") or ""),
    )
