"""Updates about groups and channels → typed fields; None for what cannot be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from telegram_gateway.protocol.updates import MAX_ID, UpdateKind, as_id, as_object, as_text, load

KINDS: Final = ("group", "supergroup", "channel")
TITLE_LENGTH: Final = 255
# Bot API, `ChatMember`: who counts as inside; a restricted one says so in `is_member`.
INSIDE: Final = frozenset({"creator", "administrator", "member"})


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's place in a chat (Bot API, `ChatMember`). The creator may do everything."""

    telegram_user_id: int
    status: str
    inside: bool
    is_admin: bool
    can_invite_users: bool
    can_restrict_members: bool


@dataclass(frozen=True, slots=True)
class MemberChange:
    """`my_chat_member` or `chat_member`; `link` is the invite link by which somebody came in."""

    chat_id: int
    kind: str
    title: str
    date: int | None
    before: Member
    after: Member
    link: str


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """Somebody asks to come in. `user_chat_id` may be written to for five minutes."""

    chat_id: int
    telegram_user_id: int
    user_chat_id: int | None
    date: int | None
    language_code: str


@dataclass(frozen=True, slots=True)
class Migration:
    """A group became a supergroup."""

    was: int
    now: int


def read_member_change(body: bytes, field: UpdateKind) -> MemberChange | None:
    change = as_object(as_object(load(body)).get(field))
    chat = as_object(change.get("chat"))
    chat_id, kind = chat_id_in(chat), as_text(chat.get("type"), limit=10)
    before, after = read_member(change.get("old_chat_member")), read_member(change.get("new_chat_member"))
    if chat_id is None or kind not in KINDS or before is None or after is None:
        return None
    return MemberChange(
        chat_id=chat_id,
        kind=kind,
        title=as_text(chat.get("title"), limit=TITLE_LENGTH),
        date=as_id(change.get("date"), smallest=1),
        before=before,
        after=after,
        link=as_text(as_object(change.get("invite_link")).get("invite_link"), limit=TITLE_LENGTH),
    )


def read_member(value: object) -> Member | None:
    member = as_object(value)
    user_id = as_id(as_object(member.get("user")).get("id"), smallest=1)
    status = as_text(member.get("status"), limit=20)
    if user_id is None or not status:
        return None
    creator = status == "creator"
    return Member(
        telegram_user_id=user_id,
        status=status,
        inside=status in INSIDE or (status == "restricted" and member.get("is_member") is True),
        is_admin=creator or status == "administrator",
        can_invite_users=creator or (status == "administrator" and member.get("can_invite_users") is True),
        can_restrict_members=creator or (status == "administrator" and member.get("can_restrict_members") is True),
    )


def read_join_request(body: bytes) -> JoinRequest | None:
    asked = as_object(as_object(load(body)).get(UpdateKind.CHAT_JOIN_REQUEST))
    person = as_object(asked.get("from"))
    chat_id, user_id = chat_id_in(as_object(asked.get("chat"))), as_id(person.get("id"), smallest=1)
    if chat_id is None or user_id is None:
        return None
    return JoinRequest(
        chat_id=chat_id,
        telegram_user_id=user_id,
        user_chat_id=as_id(asked.get("user_chat_id"), smallest=1),
        date=as_id(asked.get("date"), smallest=1),
        language_code=as_text(person.get("language_code"), limit=16),
    )


def read_migration(body: bytes) -> Migration | None:
    """Told twice: in the old group (`migrate_to_chat_id`) and in the new one (`migrate_from_chat_id`)."""
    message = as_object(as_object(load(body)).get(UpdateKind.MESSAGE))
    here = chat_id_in(as_object(message.get("chat")))
    to, of = _chat_id(message.get("migrate_to_chat_id")), _chat_id(message.get("migrate_from_chat_id"))
    if here is None:
        return None
    if to is not None:
        return Migration(was=here, now=to)
    return Migration(was=of, now=here) if of is not None else None


def chat_id_in(chat: Mapping[str, Any]) -> int | None:
    return _chat_id(chat.get("id"))


def _chat_id(value: object) -> int | None:
    number = as_id(value, smallest=-MAX_ID)
    return number if number is not None and number < 0 else None
