"""Places in groups and channels: links asked for, people let in, reminded and, at the end, removed.

Whether somebody may be inside is never kept: it is looked up in their accesses each time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db.models import Q, QuerySet
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.models import ConnectedChat
from bots.outbox.publish import NewMessage, publish
from bots.tenancy import no_scope
from flows.engine.content import AccessMode
from flows.engine.events import AccessReady, MoneyTold, MoneyWord
from flows.ports import InboxSource
from flows.services import post_event
from payments.models import Grant, GrantKind
from payments.models.place import Place
from payments.services.transactions import work_for
from payments.topics import INVITE_CREATE, INVITE_REVOKE, JOIN_ANSWER, MEMBER_REMOVE

logger = structlog.get_logger(__name__)

TENDED = register("payments.place.tended")

BATCH: Final = 100
# Paid but not inside: another link by itself, so often and so late.
ANOTHER_LINK_AFTER: Final = timedelta(minutes=30)
MOST_LINKS: Final = 2
# Before the end, earliest first.
REMINDERS: Final = (
    (timedelta(days=3), MoneyWord.ACCESS_ENDS_IN_DAYS),
    (timedelta(days=1), MoneyWord.ACCESS_ENDS_TOMORROW),
)
# What a test chat is given: it opens nothing.
TEST_LINK: Final = "https://t.me/+"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who hears of the link: a conversation, and the run in it that waits (`wait` 0: none does)."""

    bot_id: UUID
    telegram_user_id: int
    run_id: UUID | None = None
    visit: int | None = None
    wait: int = 0


@dataclass(frozen=True, slots=True)
class LinkWish:
    """A link to be had: where, by which bot's call, and the one there is already."""

    chat_id: UUID
    telegram_chat_id: int
    personal: bool
    known: str
    before: str = ""


# Links


def ask_for_link(
    organization_id: UUID, content: Mapping[str, object], asker: Asker, *, is_test: bool, key: str
) -> None:
    """Have a link to the content's chat made and told to the asker, once per `key`. In the caller's transaction."""
    chat = chat_of(content)
    if chat is None:
        logger.error("chat_of_access_unknown", organization_id=str(organization_id), chat=str(content.get("chat")))
        return
    publish(
        [
            NewMessage(
                topic=INVITE_CREATE,
                key=f"invite:{key}",
                organization_id=organization_id,
                bot_id=chat.bot_id,
                payload={
                    "chat": str(chat.pk),
                    "mode": str(content.get("mode") or AccessMode.JOIN_REQUEST.value),
                    "is_test": is_test,
                    "bot": str(asker.bot_id),
                    "telegram_user_id": asker.telegram_user_id,
                    "run": str(asker.run_id) if asker.run_id else None,
                    "visit": asker.visit,
                    "wait": asker.wait,
                },
            )
        ]
    )


def wish_of(organization_id: UUID, payload: Mapping[str, Any]) -> LinkWish | None:
    """What an `invite.create` is still about; None where nothing is open any more, or the chat is gone."""
    with work_for(organization_id):
        chat = ConnectedChat.objects.filter(pk=payload["chat"]).first()
        if chat is None or not _open(chat.pk, payload["telegram_user_id"]):
            return None
        if payload["mode"] != AccessMode.INVITE_LINK.value:
            return LinkWish(chat.pk, chat.telegram_id, personal=False, known=chat.join_request_link)
        place = Place.objects.filter(chat=chat, telegram_user_id=payload["telegram_user_id"]).first()
        return LinkWish(chat.pk, chat.telegram_id, personal=True, known="", before=place.link if place else "")


def take_link(organization_id: UUID, payload: Mapping[str, Any], link: str, *, key: str) -> None:
    """Keep a link, revoke the personal one before it, and tell who asked. Safe to repeat with the same key."""
    with work_for(organization_id):
        user_id = int(payload["telegram_user_id"])
        chat = ConnectedChat.objects.select_for_update(of=("self",), no_key=True).filter(pk=payload["chat"]).first()
        if chat is None:
            return
        if payload["mode"] == AccessMode.INVITE_LINK.value:
            place = _locked(chat.pk, user_id)
            if place is not None and place.link != link:
                _revoke(chat, place.link)
                place.link = link
                place.save(update_fields=["link"])
        elif not chat.join_request_link:
            chat.join_request_link = link
            chat.save(update_fields=["join_request_link"])
        else:
            # Somebody was faster; one link is enough.
            link = chat.join_request_link
        tell_link(organization_id, payload, link, key=key)


def tell_link(organization_id: UUID, payload: Mapping[str, Any], link: str, *, key: str) -> None:
    """`AccessReady` for whoever asked, once per key."""
    with work_for(organization_id):
        grant = _open(UUID(payload["chat"]), int(payload["telegram_user_id"]), is_test=bool(payload["is_test"])).first()
        if grant is None:
            return
        post_event(
            organization_id=organization_id,
            bot_id=UUID(payload["bot"]),
            telegram_user_id=int(payload["telegram_user_id"]),
            event=AccessReady(payload["visit"], grant.pk, link, payload["wait"]),
            source=InboxSource.PAYMENT,
            external_id=f"link:{key}",
            run_id=UUID(payload["run"]) if payload["run"] else None,
        )


# Accesses


def open_place(grant: Grant, *, link_in: timedelta = ANOTHER_LINK_AFTER) -> None:
    """An access was given: its place, if it is to a chat, is watched, and a link sent after `link_in` to who is outside
    by then. In the caller's transaction; safe to repeat."""
    if grant.kind != GrantKind.CHAT:
        return
    chat = chat_of(grant.content)
    if chat is None or grant.is_test or grant.contact_id is None:
        return
    now = timezone.now()
    place = Place(
        organization_id=grant.organization_id,
        chat=chat,
        telegram_user_id=grant.telegram_user_id,
        contact_id=grant.contact_id,
        due_at=now + link_in,
    )
    Place.objects.bulk_create([place], ignore_conflicts=True)
    known = _locked(chat.pk, grant.telegram_user_id)
    if known is not None and known.pk != place.pk:
        # A renewal, or a second purchase: from here on it is reckoned anew.
        known.contact_id, known.due_at, known.reminded = grant.contact_id, now + link_in, 0
        known.links_sent, known.removal_asked_at = 0, None
        known.save()


def chat_of(content: Mapping[str, object]) -> ConnectedChat | None:
    """The chat that a content names, if it is one of the organization's."""
    try:
        return ConnectedChat.objects.filter(pk=UUID(str(content.get("chat")))).first()
    except ValueError:
        return None


def may_enter(organization_id: UUID, chat_id: UUID, telegram_user_id: int) -> bool:
    """Whether this person has an open access to this chat now."""
    with work_for(organization_id):
        return _open(chat_id, telegram_user_id).exists()


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
        place = _locked(chat.pk, telegram_user_id)
        if place is not None:
            _note(place, inside=inside, at=at)
        owner = _owner_of(chat, link) if inside and link else None
        if owner is not None:
            _link_was_used(chat, owner, telegram_user_id)
    return True


def _note(place: Place, *, inside: bool, at: datetime) -> None:
    if inside and not place.is_inside:
        place.entered_at, place.left_at, place.removal_asked_at = at, None, None
    elif not inside and place.is_inside:
        place.left_at = at
    place.due_at = timezone.now()
    place.save()


def _owner_of(chat: ConnectedChat, link: str) -> Place | None:
    return Place.objects.select_for_update(of=("self",), no_key=True).filter(chat=chat, link=link).first()


def _link_was_used(chat: ConnectedChat, owner: Place, telegram_user_id: int) -> None:
    _revoke(chat, owner.link)
    owner.link = ""
    if owner.telegram_user_id != telegram_user_id:
        logger.warning("link_used_by_another", chat_id=str(chat.pk), owner=owner.telegram_user_id)
        if not _open(chat.pk, telegram_user_id).exists():
            owner.removals += 1
            _ask_removal(chat, telegram_user_id, key=f"wrong:{owner.pk}:{owner.removals}")
        _another_link(owner, key=f"wrong:{owner.pk}:{owner.removals}:{telegram_user_id}")
    owner.save(update_fields=["link", "removals"])


def may_be_removed(organization_id: UUID, chat_id: UUID, telegram_user_id: int) -> bool:
    """Asked again right before the call: no open access, and not on the chat's list of people who stay."""
    with work_for(organization_id):
        chat = ConnectedChat.objects.filter(pk=chat_id).first()
        if chat is None or telegram_user_id in chat.allow_list:
            return False
        return not _open(chat_id, telegram_user_id).exists()


def note_removed(organization_id: UUID, chat_id: UUID, telegram_user_id: int) -> None:
    """The person is outside. Who bought again meanwhile gets a link at once. Safe to repeat."""
    with work_for(organization_id):
        place = _locked(chat_id, telegram_user_id)
        if place is not None and place.is_inside:
            place.left_at = place.due_at = timezone.now()
            place.save(update_fields=["left_at", "due_at"])


# What is due


def tend_places() -> int:
    """Sends another link, reminds and removes, wherever it is time; answers how many places were looked at. Safe to
    repeat, and for any number of workers at once: each place is locked."""
    now = timezone.now()
    with no_scope(reason="places of every organization are looked after together"):
        due = Place.unscoped.filter(due_at__lte=now).order_by("due_at")
        found = list(due.values_list("organization_id", "pk")[:BATCH])
    for organization_id, place_id in found:
        with work_for(organization_id):
            place = Place.objects.select_for_update(of=("self",), no_key=True).filter(pk=place_id).first()
            if place is not None and place.due_at is not None and place.due_at <= now:
                _tend(place, now)
        crash_point(TENDED)
    return len(found)


def accesses_ended(grants: Iterable[Grant]) -> None:
    """Accesses were taken back: their places are looked at now. In the caller's transaction."""
    for grant in grants:
        if grant.kind == GrantKind.CHAT and (chat := chat_of(grant.content)) is not None:
            Place.objects.filter(chat=chat, telegram_user_id=grant.telegram_user_id).update(due_at=timezone.now())


def _tend(place: Place, now: datetime) -> None:
    opened = list(_open(place.chat_id, place.telegram_user_id))
    if not opened:
        place.due_at = None
        if place.is_inside and place.removal_asked_at is None:
            place.removals += 1
            place.removal_asked_at = now
            _ask_removal(place.chat, place.telegram_user_id, key=f"end:{place.pk}:{place.removals}")
        place.save()
        return
    ends = [grant.ends_at for grant in opened]
    last = None if None in ends else max(end for end in ends if end is not None)
    if not place.is_inside and place.links_sent < MOST_LINKS:
        place.links_sent += 1
        _another_link(place, key=f"again:{place.pk}:{opened[0].pk}:{place.links_sent}")
        place.due_at = now + ANOTHER_LINK_AFTER
    elif last is None:
        place.due_at = None
    else:
        place.due_at = _remind(place, last, now)
    place.save()


def _remind(place: Place, ends_at: datetime, now: datetime) -> datetime:
    """Says the reminder that is due, if one is; answers when to look again."""
    for number, (before, word) in enumerate(REMINDERS, start=1):
        if place.reminded >= number:
            continue
        if now < ends_at - before:
            return ends_at - before
        place.reminded = number
        following = REMINDERS[number][0] if number < len(REMINDERS) else timedelta(0)
        if now < ends_at - following:
            _tell(place, word, key=f"reminder:{place.pk}:{ends_at.isoformat()}:{number}")
    return ends_at


def _tell(place: Place, word: MoneyWord, *, key: str) -> None:
    post_event(
        organization_id=place.organization_id,
        bot_id=place.contact.bot_id,
        telegram_user_id=place.telegram_user_id,
        event=MoneyTold(word),
        source=InboxSource.PAYMENT,
        external_id=key,
    )


def _another_link(place: Place, *, key: str) -> None:
    grant = _open(place.chat_id, place.telegram_user_id).first()
    if grant is not None:
        asker = Asker(place.contact.bot_id, place.telegram_user_id)
        ask_for_link(place.organization_id, grant.content, asker, is_test=False, key=key)


def _ask_removal(chat: ConnectedChat, telegram_user_id: int, *, key: str) -> None:
    payload = {"chat": str(chat.pk), "telegram_chat_id": chat.telegram_id, "telegram_user_id": telegram_user_id}
    publish(
        [
            NewMessage(
                topic=MEMBER_REMOVE,
                key=f"remove:{key}",
                organization_id=chat.organization_id,
                bot_id=chat.bot_id,
                payload=payload,
            )
        ]
    )


def _revoke(chat: ConnectedChat, link: str) -> None:
    if link:
        publish(
            [
                NewMessage(
                    topic=INVITE_REVOKE,
                    key=f"revoke:{chat.pk}:{link}",
                    organization_id=chat.organization_id,
                    bot_id=chat.bot_id,
                    payload={"telegram_chat_id": chat.telegram_id, "link": link},
                )
            ]
        )


def _open(chat_id: UUID, telegram_user_id: int, *, is_test: bool = False) -> QuerySet[Grant]:
    """The accesses of a person to a chat that are open now, newest first."""
    now = timezone.now()
    return Grant.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now),
        content_key=f"chat:{chat_id}",
        telegram_user_id=telegram_user_id,
        is_test=is_test,
        revoked_at__isnull=True,
        starts_at__lte=now,
    ).order_by("-id")


def _locked(chat_id: UUID, telegram_user_id: int) -> Place | None:
    rows = Place.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(chat_id=chat_id, telegram_user_id=telegram_user_id).first()
