"""Raw bytes of an update → typed fields. Total: whatever the bytes are, the answer is a value, never an exception."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from telegram_gateway.protocol import limits

# A number that PostgreSQL's bigint cannot hold is not one of Telegram's.
MAX_ID = 2**63 - 1
# int() refuses more than 4,300 digits; nothing of Telegram's has more than twenty.
MAX_DIGITS = 32


class UpdateKind(StrEnum):
    """Which of the Bot API's optional fields an update carries, and what else decides where it goes."""

    MESSAGE = "message"
    CALLBACK_QUERY = "callback_query"
    SUCCESSFUL_PAYMENT = "successful_payment"
    REFUNDED_PAYMENT = "refunded_payment"
    PRE_CHECKOUT_QUERY = "pre_checkout_query"
    MY_CHAT_MEMBER = "my_chat_member"
    # The same in a group or channel, where it says what the bot may do.
    BOT_MEMBERSHIP = "bot_membership"
    CHAT_MIGRATED = "chat_migrated"
    CHAT_MEMBER = "chat_member"
    CHAT_JOIN_REQUEST = "chat_join_request"
    EDITED_MESSAGE = "edited_message"
    GROUP = "group"
    # `/start notify-<code>`: a member of the team says which chat is theirs. No conversation of the flow.
    NOTICE_LINK = "notice_link"
    OTHER = "other"
    UNREADABLE = "unreadable"


ALLOWED_UPDATES = (
    UpdateKind.MESSAGE,
    UpdateKind.EDITED_MESSAGE,
    UpdateKind.CALLBACK_QUERY,
    UpdateKind.MY_CHAT_MEMBER,
    UpdateKind.CHAT_MEMBER,
    UpdateKind.CHAT_JOIN_REQUEST,
    UpdateKind.PRE_CHECKOUT_QUERY,
)
CONVERSATION_KINDS = frozenset({UpdateKind.MESSAGE, UpdateKind.CALLBACK_QUERY})
_NOTICE_START = re.compile(r"/start notify-(?P<code>[\w-]{16,50})", re.ASCII)
# Kinds whose author stands in a field `from` of their own.
_WITH_AUTHOR = (
    UpdateKind.PRE_CHECKOUT_QUERY,
    UpdateKind.MY_CHAT_MEMBER,
    UpdateKind.CHAT_MEMBER,
    UpdateKind.CHAT_JOIN_REQUEST,
    UpdateKind.EDITED_MESSAGE,
)


@dataclass(frozen=True, slots=True)
class Peek:
    """What the webhook must know of an update: where it goes and what it is called. The rest is the worker's."""

    kind: UpdateKind
    external_id: str
    update_id: int | None
    telegram_user_id: int | None

    @property
    def moves_a_conversation(self) -> bool:
        """Whether it belongs in the flow inbox; all else goes to this app's own table."""
        return self.kind in CONVERSATION_KINDS


def peek(body: bytes) -> Peek:
    """Kind, name and author of an update. One that has no usable update id is called by its SHA-256."""
    update = as_object(load(body))
    update_id = as_id(update.get("update_id"), smallest=0)
    if update_id is None:
        digest = hashlib.sha256(body).hexdigest()
        return Peek(kind=UpdateKind.UNREADABLE, external_id=f"sha256:{digest}", update_id=None, telegram_user_id=None)
    kind, author = _kind_and_author(update)
    return Peek(kind=kind, external_id=str(update_id), update_id=update_id, telegram_user_id=author)


def _kind_and_author(update: Mapping[str, Any]) -> tuple[UpdateKind, int | None]:
    if UpdateKind.MESSAGE in update:
        message = as_object(update[UpdateKind.MESSAGE])
        author = author_of(message)
        return _kind_of_message(message, author), author
    if UpdateKind.CALLBACK_QUERY in update:
        query = as_object(update[UpdateKind.CALLBACK_QUERY])
        author = author_of(query)
        if author is None:
            return UpdateKind.OTHER, None
        message = as_object(query.get("message"))
        return (UpdateKind.CALLBACK_QUERY if not message or is_private(message) else UpdateKind.GROUP), author
    for kind in _WITH_AUTHOR:
        if kind in update:
            item = as_object(update[kind])
            elsewhere = kind is UpdateKind.MY_CHAT_MEMBER and as_object(item.get("chat")) and not is_private(item)
            return (UpdateKind.BOT_MEMBERSHIP if elsewhere else kind), author_of(item)
    return UpdateKind.OTHER, None


def _kind_of_message(message: Mapping[str, Any], author: int | None) -> UpdateKind:
    for kind in (UpdateKind.SUCCESSFUL_PAYMENT, UpdateKind.REFUNDED_PAYMENT):
        if kind in message:
            return kind
    if not is_private(message):
        if "migrate_to_chat_id" in message or "migrate_from_chat_id" in message:
            return UpdateKind.CHAT_MIGRATED
        return UpdateKind.GROUP if as_object(message.get("chat")) else UpdateKind.OTHER
    # What a bot says, ours included, is no answer of a person.
    is_person = author is not None and as_object(message.get("from")).get("is_bot") is not True
    if is_person and notice_code(message):
        return UpdateKind.NOTICE_LINK
    return UpdateKind.MESSAGE if is_person else UpdateKind.OTHER


def notice_code(message: Mapping[str, Any]) -> str:
    """The code in `/start notify-<code>`; empty for every other message."""
    text = message.get("text")
    found = _NOTICE_START.fullmatch(text) if isinstance(text, str) else None
    return found["code"] if found else ""


def is_private(message: Mapping[str, Any]) -> bool:
    """Whether a message was written in a private chat."""
    return as_object(message.get("chat")).get("type") == "private"


def author_of(item: Mapping[str, Any]) -> int | None:
    """The Telegram id of who wrote, pressed or asked."""
    return as_id(as_object(item.get("from")).get("id"), smallest=1)


def load(body: bytes) -> object:
    """The JSON value of some bytes, read as generously as can be; None for what is no JSON at all."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    # Lone surrogates, NaN, control characters and endless numbers are refused by the fast parser only.
    try:
        return json.loads(body.decode("utf-8", "replace"), strict=False, parse_int=_number)
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Polled:
    """One update of a `getUpdates` answer, as the bytes a webhook would have brought."""

    update_id: int | None
    body: bytes


def split_batch(updates: object) -> list[Polled]:
    """The `result` of `getUpdates`, update by update."""
    if not isinstance(updates, list):
        return []
    return [Polled(as_id(as_object(update).get("update_id"), smallest=0), dump(update)) for update in updates]


def dump(value: object) -> bytes:
    """JSON bytes of anything `load` gives; lone surrogates stay escaped, as they came."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        pass
    try:
        return json.dumps(value, separators=(",", ":")).encode()
    except RecursionError:
        # Nested deeper than Telegram ever nests: its id at least must be known, or it would come for ever.
        return json.dumps({"update_id": as_id(as_object(value).get("update_id"), smallest=0)}).encode()


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


def as_object(value: object) -> Mapping[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def as_id(value: object, *, smallest: int) -> int | None:
    """The value if it is a whole number that a bigint holds; true and 1.0 are none."""
    return value if type(value) is int and smallest <= value <= MAX_ID else None


def as_text(value: object, *, limit: int = limits.TEXT_LENGTH) -> str:
    """The value if it is a text, without what PostgreSQL refuses: NUL and lone surrogates."""
    if not isinstance(value, str):
        return ""
    clean = value[: limit * 2].encode("utf-8", "ignore").decode().replace("\x00", "")
    return limits.cut(clean, limit)
