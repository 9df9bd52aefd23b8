"""An update → the event it is for a run, and who sent it. Total, as `updates` is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from flows.engine.events import BEGIN_DATA, Answered, AnswerKind, Event, Pressed, Start
from telegram_gateway.protocol import callback_data
from telegram_gateway.protocol.limits import CALLBACK_DATA_BYTES
from telegram_gateway.protocol.updates import (
    Peek,
    UpdateKind,
    as_id,
    as_object,
    as_text,
    author_of,
    load,
    peek,
)

_COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@\w+)?(?:\s+(?P<rest>.*))?", re.ASCII | re.DOTALL)
# Bot API, "Deep linking": 1 to 64 characters; a person may type more by hand.
_PAYLOAD_LENGTH = 64
_NAME_LENGTH = 255
_LAST_MOMENT = 2**33
# What a private chat reports of itself; no answer of a person.
_SERVICE_FIELDS = frozenset(
    {
        "pinned_message",
        "message_auto_delete_timer_changed",
        "write_access_allowed",
        "connected_website",
        "chat_background_set",
        "users_shared",
        "chat_shared",
    }
)
# An animation comes with a document of the same file, so it stands before that.
_FILES = {
    "video": AnswerKind.VIDEO,
    "voice": AnswerKind.VOICE,
    "audio": AnswerKind.AUDIO,
    "animation": AnswerKind.OTHER,
    "video_note": AnswerKind.OTHER,
    "sticker": AnswerKind.OTHER,
    "document": AnswerKind.DOCUMENT,
}


@dataclass(frozen=True, slots=True)
class Sender:
    """The person an update comes from, as Telegram names them."""

    telegram_user_id: int
    first_name: str
    last_name: str
    username: str
    language_code: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What an update says. `event` is None where it moves no run, and `ignored` tells why."""

    update_id: int
    event: Event | None = None
    sender: Sender | None = None
    sent_at: datetime | None = None
    ignored: str | None = None
    callback_id: str | None = None


def read(body: bytes) -> Reading:
    """Read an update of the flow inbox."""
    seen = peek(body)
    update = as_object(load(body))
    if seen.kind is UpdateKind.MESSAGE:
        return _message(seen, as_object(update.get("message")))
    if seen.kind is UpdateKind.CALLBACK_QUERY:
        return _press(seen, as_object(update.get("callback_query")))
    return Reading(update_id=seen.update_id or 0, ignored=str(seen.kind))


def _message(seen: Peek, message: Mapping[str, Any]) -> Reading:
    sender = _sender(message)
    is_service = not _SERVICE_FIELDS.isdisjoint(message)
    return Reading(
        update_id=seen.update_id or 0,
        event=None if is_service else _event_of(message),
        sender=sender,
        sent_at=_moment(message.get("date")),
        ignored="service_message" if is_service else None,
    )


def _event_of(message: Mapping[str, Any]) -> Event:
    text = as_text(message.get("text")) or as_text(message.get("caption"))
    command = _COMMAND.fullmatch(text)
    if command and command["name"].lower() == "start":
        return Start(payload=(command["rest"] or "").strip()[:_PAYLOAD_LENGTH] or None, command=True)
    kind, data = _content(message)
    if kind is AnswerKind.CONTACT:
        text = str(data["phone_number"])
    elif kind is AnswerKind.LOCATION:
        text = f"{data['latitude']},{data['longitude']}"
    elif command:
        data = {"command": command["name"].lower()}
    return Answered(kind=kind, text=text, message_id=as_id(message.get("message_id"), smallest=1), data=data)


def _content(message: Mapping[str, Any]) -> tuple[AnswerKind, dict[str, object]]:
    if "text" in message:
        return AnswerKind.TEXT, {}
    photos = message.get("photo")
    if isinstance(photos, list) and photos:
        # Sizes come smallest first.
        return AnswerKind.PHOTO, _file(as_object(photos[-1]))
    if "location" in message:
        return _location(as_object(message["location"]))
    if "contact" in message:
        return AnswerKind.CONTACT, _shared_contact(as_object(message["contact"]), author_of(message))
    for field, kind in _FILES.items():
        if field in message:
            file = _file(as_object(message[field]))
            return kind, {"type": field} | file if kind is AnswerKind.OTHER else file
    return AnswerKind.OTHER, {}


def _file(file: Mapping[str, Any]) -> dict[str, object]:
    names = ("file_id", "file_unique_id", "file_name", "mime_type")
    found = {name: as_text(file.get(name), limit=_NAME_LENGTH) for name in names}
    return {name: value for name, value in found.items() if value}


def _shared_contact(contact: Mapping[str, Any], author: int | None) -> dict[str, object]:
    # Only a contact whose id is the sender's own proves whose number it is.
    return {
        "phone_number": as_text(contact.get("phone_number"), limit=32),
        "first_name": as_text(contact.get("first_name"), limit=_NAME_LENGTH),
        "last_name": as_text(contact.get("last_name"), limit=_NAME_LENGTH),
        "own": author is not None and as_id(contact.get("user_id"), smallest=1) == author,
    }


def _location(location: Mapping[str, Any]) -> tuple[AnswerKind, dict[str, object]]:
    place = (location.get("latitude"), location.get("longitude"))
    for degrees, most in zip(place, (90, 180), strict=True):
        if isinstance(degrees, bool) or not isinstance(degrees, int | float):
            return AnswerKind.OTHER, {}
        if not isfinite(degrees) or abs(degrees) > most:
            return AnswerKind.OTHER, {}
    return AnswerKind.LOCATION, {"latitude": place[0], "longitude": place[1]}


def _press(seen: Peek, query: Mapping[str, Any]) -> Reading:
    callback_id = as_text(query.get("id"), limit=CALLBACK_DATA_BYTES)
    data = as_text(query.get("data"), limit=CALLBACK_DATA_BYTES)
    message_id = as_id(as_object(query.get("message")).get("message_id"), smallest=1)
    ref = None if data == BEGIN_DATA else callback_data.decode(data)
    return Reading(
        update_id=seen.update_id or 0,
        event=Pressed(callback_id=callback_id, message_id=message_id, ref=ref, raw=data) if callback_id else None,
        sender=_sender(query),
        ignored=None if callback_id else "press_without_id",
        callback_id=callback_id or None,
    )


def _sender(item: Mapping[str, Any]) -> Sender | None:
    author = author_of(item)
    if author is None:
        return None
    person = as_object(item.get("from"))
    return Sender(
        telegram_user_id=author,
        first_name=as_text(person.get("first_name"), limit=_NAME_LENGTH),
        last_name=as_text(person.get("last_name"), limit=_NAME_LENGTH),
        username=as_text(person.get("username"), limit=_NAME_LENGTH),
        language_code=as_text(person.get("language_code"), limit=16),
    )


def _moment(seconds: object) -> datetime | None:
    known = as_id(seconds, smallest=1)
    return datetime.fromtimestamp(known, UTC) if known is not None and known < _LAST_MOMENT else None
