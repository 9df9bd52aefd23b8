"""The transcript of a test chat as bubbles: what the stored Bot API calls would have shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

from flows.engine.content import MediaType
from flows.engine.events import AnswerKind
from flows.engine.media import SHOWN_BY_BROWSERS
from flows.models import Asset, Direction, Message
from flows.web.looks import MEDIA_ICONS
from flows.web.telegram_html import safe_html

MEDIA = {
    "sendPhoto": "photo",
    "sendVideo": "video",
    "sendAudio": "audio",
    "sendVoice": "voice",
    "sendDocument": "document",
    "sendAnimation": "animation",
}


# Before the id of an uploaded file in a call that was kept.
ASSET_PREFIX = "asset:"
NO_ASSETS: Mapping[str, Asset] = {}


class BubbleKind(StrEnum):
    """Who speaks: the contact, by words or by a press; the bot; or a notice that answers a press. `unsent`: what the
    bot said to somebody who blocks it."""

    MINE = "mine"
    PRESS = "press"
    THEIRS = "theirs"
    NOTICE = "notice"
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class Key:
    """One button under a message: it presses, opens a page, copies, or shares a contact or a place."""

    text: str
    press: str = ""
    url: str = ""
    copy: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as the chat shows it."""

    id: str
    kind: BubbleKind
    at: datetime
    text: SafeString
    message_id: int | None = None
    medium: "Medium | None" = None
    keys: tuple[tuple[Key, ...], ...] = ()
    # Below the field people write in, while it is open.
    offer: Key | None = None


class Shown(StrEnum):
    """How the page shows a medium: by itself only what comes from us."""

    PICTURE = "picture"
    FILM = "film"
    SOUND = "sound"
    LINK = "link"


SHOWN_AS = {"image": Shown.PICTURE, "video": Shown.FILM, "audio": Shown.SOUND}


@dataclass(frozen=True, slots=True)
class Medium:
    """A photo, film, sound or file of a message. Without an address only its name is shown."""

    shown: Shown
    name: str
    icon: str
    url: str = ""


def asset_ids(messages: Iterable[Message]) -> set[str]:
    """The uploaded files that these messages carry."""
    values = (
        str((call.get("params") or {}).get(MEDIA.get(str(call.get("method")), ""), ""))
        for message in messages
        for call in message.payload.get("calls") or ()
    )
    return {value.removeprefix(ASSET_PREFIX) for value in values if value.startswith(ASSET_PREFIX)}


def bubbles_of(messages: Iterable[Message], assets: Mapping[str, Asset] = NO_ASSETS) -> list[Bubble]:
    """Bubbles in the order of the chat; a keyboard taken off later is not shown. `assets` are the uploaded files that
    may be shown, by id."""
    bubbles: list[Bubble] = []
    for message in messages:
        if message.direction == Direction.IN:
            kind = BubbleKind.PRESS if "pressed" in message.payload else BubbleKind.MINE
            sent = str(message.payload.get("kind") or "")
            medium = Medium(Shown.LINK, sent, MEDIA_ICONS[MediaType(sent)]) if sent in set(MediaType) else None
            if message.text or medium:
                bubbles.append(Bubble(str(message.id), kind, message.at, escape(message.text), medium=medium))
            if sent in (AnswerKind.CONTACT, AnswerKind.LOCATION):
                # Telegram folds the keyboard away once it was used.
                _close_offers(bubbles)
            continue
        if message.payload.get("unsent") and message.text:
            bubbles.append(Bubble(str(message.id), BubbleKind.UNSENT, message.at, escape(message.text)))
        for position, call in enumerate(message.payload.get("calls") or ()):
            _take_in(bubbles, message, position, call, assets)
    return bubbles


def _take_in(
    bubbles: list[Bubble], message: Message, position: int, call: Mapping[str, Any], assets: Mapping[str, Asset]
) -> None:
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
        markup: Mapping[str, Any] = parameters.get("reply_markup") or {}
        if "keyboard" in markup or "remove_keyboard" in markup:
            _close_offers(bubbles)
        bubbles.append(
            Bubble(
                id=bubble_id,
                kind=BubbleKind.THEIRS,
                at=message.at,
                text=_text(parameters),
                message_id=message.telegram_message_id,
                medium=_medium(kind, str(parameters.get(kind) or ""), assets) if kind else None,
                keys=_keys(parameters),
                offer=_offer(markup),
            )
        )


def _close_offers(bubbles: list[Bubble]) -> None:
    bubbles[:] = [replace(bubble, offer=None) if bubble.offer else bubble for bubble in bubbles]


def _offer(markup: Mapping[str, Any]) -> Key | None:
    """The one key of Telegram's own keyboard that our messages show (Bot API, KeyboardButton)."""
    for row in markup.get("keyboard") or ():
        for button in row:
            share = "contact" if button.get("request_contact") else "location" if button.get("request_location") else ""
            if share:
                return Key(text=str(button.get("text", "")), share=share)
    return None


def _text(parameters: Mapping[str, Any]) -> SafeString:
    text = str(parameters.get("text") or parameters.get("caption") or "")
    return safe_html(text) if parameters.get("parse_mode") == "HTML" else escape(text)


def _medium(kind: str, value: str, assets: Mapping[str, Asset]) -> Medium:
    """Only what the page may load by itself (a QR code inside the call, a file of ours) or link to; a file id shows as
    a name."""
    icon = MEDIA_ICONS[MediaType(kind)]
    if value.startswith("data:image/"):
        return Medium(Shown.PICTURE, kind, icon, value)
    if value.startswith(("https://", "http://")):
        return Medium(Shown.LINK, kind, icon, value)
    asset = assets.get(value.removeprefix(ASSET_PREFIX)) if value.startswith(ASSET_PREFIX) else None
    if asset is None:
        return Medium(Shown.LINK, kind, icon)
    shown = SHOWN_AS.get(asset.mime.partition("/")[0], Shown.LINK) if asset.mime in SHOWN_BY_BROWSERS else Shown.LINK
    # What is sent as a document comes as a file, whatever is in it.
    if kind == MediaType.DOCUMENT:
        shown = Shown.LINK
    return Medium(shown, asset.name, icon, reverse("media_file", args=[asset.pk]))


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
