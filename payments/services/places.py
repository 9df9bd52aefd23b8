"""Places in groups and channels: opened by an access, and kept to what happens there.

Whether somebody may be inside is never kept: it is looked up in their accesses each time.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.utils import timezone

from bots.models import ConnectedChat
from bots.outbox.publish import NewMessage, publish
from payments.models import Grant, GrantKind
from payments.models.place import Place
from payments.services.links import another_link, chat_of, locked_place, open_accesses, revoke_link
from payments.services.transactions import work_for
from payments.topics import JOIN_ANSWER, MEMBER_READMIT, MEMBER_REMOVE

logger = structlog.get_logger(__name__)


# Accesses


def open_place(grant: Grant, *, link_in: timedelta | None = None) -> None:
    """An access was given: its place, if it is to a chat, is watched, and a link sent after `link_in` (else after what
    the chat says) to who is outside by then. In the caller's transaction; safe to repeat."""
    if grant.kind != GrantKind.CHAT:
        return
    chat = chat_of(grant.content)
    if chat is None or grant.is_test or grant.contact_id is None:
        return
    due_at = timezone.now() + (timedelta(minutes=chat.another_link_minutes) if link_in is None else link_in)
    place = Place(
        organization_id=grant.organization_id,
        chat=chat,
        telegram_user_id=grant.telegram_user_id,
        contact_id=grant.contact_id,
        due_at=due_at,
    )
    Place.objects.bulk_create([place], ignore_conflicts=True)
    known = locked_place(chat.pk, grant.telegram_user_id)
    if known is not None and known.pk != place.pk:
        # A renewal, or a second purchase: from here on it is reckoned anew.
        known.contact_id, known.due_at, known.reminded = grant.contact_id, due_at, 0
        known.links_sent, known.removal_asked_at = 0, None
        known.save()


def accesses_ended(grants: Iterable[Grant]) -> None:
    """Accesses were taken back: their places are looked at now. In the caller's transaction."""
    for grant in grants:
        if grant.kind == GrantKind.CHAT and (chat := chat_of(grant.content)) is not None:
            look_again(chat.pk, grant.telegram_user_id)


def look_again(chat_id: UUID, telegram_user_id: int) -> None:
    """A person's place is looked at now. In the caller's transaction."""
    places = Place.objects.filter(chat_id=chat_id, telegram_user_id=telegram_user_id)
    places.update(due_at=timezone.now(), removal_asked_at=None, reminded=0)


def may_enter(organization_id: UUID, chat_id: UUID, telegram_user_id: int) -> bool:
    """Whether this person has an open access to this chat now."""
    with work_for(organization_id):
        return open_accesses(chat_id, telegram_user_id).exists()


# What happens in the chats


def asked_to_join(*, bot_id: UUID, telegram_chat_id: int, telegram_user_id: int, payload: Mapping[str, Any]) -> bool:
    """Have a join request answered; False for a chat that is none of ours. In the caller's transaction."""
    chat = ConnectedChat.unscoped.filter(bot_id=bot_id, telegram_id=telegram_chat_id).first()
    if chat is None:
        return False
    asked = {"chat": str(chat.pk), "telegram_user_id": telegram_user_id, **payload}
    publish(
        [
            NewMessage(
                topic=JOIN_ANSWER,
                key=f"join:{payload['row']}",
                organization_id=chat.organization_id,
                bot_id=bot_id,
                payload=asked,
            )
        ]
    )
    return True


def note_member(
    *, bot_id: UUID, telegram_chat_id: int, telegram_user_id: int, inside: bool, link: str, at: datetime
) -> bool:
    """Somebody came in or left; False for a chat that is none of ours. In the caller's transaction.

    Who came by a link made for somebody else, without an access of their own, is removed, and its owner gets another.
    """
    chat = ConnectedChat.unscoped.filter(bot_id=bot_id, telegram_id=telegram_chat_id).first()
    if chat is None:
        return False
    with work_for(chat.organization_id):
        place = locked_place(chat.pk, telegram_user_id)
        if place is not None:
            _note(place, inside=inside, at=at)
        owner = _owner_of(chat, link) if inside and link else None
        if owner is not None:
            _link_was_used(chat, owner, telegram_user_id)
    return True


def _note(place: Place, *, inside: bool, at: datetime) -> None:
    if inside and not place.is_inside:
        place.entered_at, place.left_at, place.removal_asked_at = at, None, None
        place.removed_at = None
    elif not inside and place.is_inside:
        place.left_at = at
    place.due_at = timezone.now()
    place.save()


def _owner_of(chat: ConnectedChat, link: str) -> Place | None:
    return Place.objects.select_for_update(of=("self",), no_key=True).filter(chat=chat, link=link).first()


def _link_was_used(chat: ConnectedChat, owner: Place, telegram_user_id: int) -> None:
    revoke_link(chat, owner.link)
    owner.link = ""
    if owner.telegram_user_id != telegram_user_id:
        logger.warning("link_used_by_another", chat_id=str(chat.pk), owner=owner.telegram_user_id)
        if not open_accesses(chat.pk, telegram_user_id).exists():
            owner.removals += 1
            ask_removal(chat, telegram_user_id, key=f"wrong:{owner.pk}:{owner.removals}")
        another_link(owner, key=f"wrong:{owner.pk}:{owner.removals}:{telegram_user_id}")
    owner.save(update_fields=["link", "removals", "link_asked_at"])


# The end, and back


def ask_removal(chat: ConnectedChat, telegram_user_id: int, *, key: str) -> None:
    """Have somebody put out, once per key, unless they may stay by then. In the caller's transaction."""
    _of_member(MEMBER_REMOVE, chat, telegram_user_id, key=f"remove:{key}")


def ask_readmission(chat: ConnectedChat, telegram_user_id: int, *, key: str) -> None:
    """Have somebody let back in who was put out: no ban stands in their way. In the caller's transaction."""
    _of_member(MEMBER_READMIT, chat, telegram_user_id, key=f"readmit:{key}")


def _of_member(topic: str, chat: ConnectedChat, telegram_user_id: int, *, key: str) -> None:
    publish(
        [
            NewMessage(
                topic=topic,
                key=key,
                organization_id=chat.organization_id,
                bot_id=chat.bot_id,
                payload={
                    "chat": str(chat.pk),
                    "telegram_chat_id": chat.telegram_id,
                    "telegram_user_id": telegram_user_id,
                },
            )
        ]
    )


def may_be_removed(organization_id: UUID, chat_id: UUID, telegram_user_id: int) -> bool:
    """Asked again right before the call: no open access, and not on the chat's list of people who stay."""
    with work_for(organization_id):
        chat = ConnectedChat.objects.filter(pk=chat_id).first()
        if chat is None or telegram_user_id in chat.allow_list:
            return False
        return not open_accesses(chat_id, telegram_user_id).exists()


def note_removed(organization_id: UUID, chat_id: UUID, telegram_user_id: int, *, since: datetime, by_us: bool) -> None:
    """The person is outside since the call of `since`, put out `by_us` or gone before. Who bought again meanwhile gets
    a link at once; who is inside again already stays noted so. Safe to repeat."""
    with work_for(organization_id):
        place = locked_place(chat_id, telegram_user_id)
        if place is None or (place.entered_at is not None and place.entered_at > since):
            return
        if place.is_inside:
            place.left_at = place.due_at = timezone.now()
        if by_us and place.removed_at is None:
            place.due_at = place.removed_at = timezone.now()
        place.save(update_fields=["left_at", "due_at", "removed_at"])
