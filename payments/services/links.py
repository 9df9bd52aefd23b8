"""Ways into groups and channels: asked for, made by the platform's call, told to whoever asked.

A link is never a right: who may come in is looked up when they ask to, and again when they are inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from bots.models import ConnectedChat
from bots.outbox.publish import NewMessage, publish
from flows.engine.content import AccessMode
from flows.engine.events import AccessReady
from flows.ports import InboxSource
from flows.services import post_event
from payments.models import Grant
from payments.models.place import Place
from payments.services.transactions import work_for
from payments.topics import INVITE_CREATE, INVITE_REVOKE

logger = structlog.get_logger(__name__)

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
    if not is_test:
        places = Place.objects.filter(chat=chat, telegram_user_id=asker.telegram_user_id)
        places.update(link_asked_at=timezone.now())


def another_link(place: Place, *, key: str) -> None:
    """A link sent by itself, or by the team, to who has an access and is not inside. In the caller's transaction."""
    grant = open_accesses(place.chat_id, place.telegram_user_id).first()
    if grant is not None:
        place.link_asked_at = timezone.now()
        asker = Asker(place.contact.bot_id, place.telegram_user_id)
        ask_for_link(place.organization_id, grant.content, asker, is_test=False, key=key)


def wish_of(organization_id: UUID, payload: Mapping[str, Any]) -> LinkWish | None:
    """What an `invite.create` is still about; None where nothing is open any more, or the chat is gone."""
    with work_for(organization_id):
        chat = ConnectedChat.objects.filter(pk=payload["chat"]).first()
        if chat is None or not open_accesses(chat.pk, payload["telegram_user_id"]).exists():
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
            place = locked_place(chat.pk, user_id)
            if place is not None and place.link != link:
                revoke_link(chat, place.link)
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
        chat_id, user_id, is_test = UUID(payload["chat"]), int(payload["telegram_user_id"]), bool(payload["is_test"])
        grant = open_accesses(chat_id, user_id, is_test=is_test).first()
        if grant is None:
            return
        told = post_event(
            organization_id=organization_id,
            bot_id=UUID(payload["bot"]),
            telegram_user_id=user_id,
            event=AccessReady(payload["visit"], grant.pk, link, payload["wait"]),
            source=InboxSource.PAYMENT,
            external_id=f"link:{key}",
            run_id=UUID(payload["run"]) if payload["run"] else None,
        )
        if told and not is_test:
            Place.objects.filter(chat_id=chat_id, telegram_user_id=user_id).update(
                link_told_at=timezone.now(), links_told=F("links_told") + 1, link_sent_at=None, link_failure=""
            )


def revoke_link(chat: ConnectedChat, link: str) -> None:
    """The link opens nothing any more, soon. In the caller's transaction; an empty one is none."""
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


# What the others of this app look up, too


def chat_of(content: Mapping[str, object]) -> ConnectedChat | None:
    """The chat that a content names, if it is one of the organization's."""
    try:
        return ConnectedChat.objects.filter(pk=UUID(str(content.get("chat")))).first()
    except ValueError:
        return None


def open_accesses(chat_id: UUID, telegram_user_id: int, *, is_test: bool = False) -> QuerySet[Grant]:
    """The accesses of a person to a chat that are open now, newest first."""
    now = timezone.now()
    return accesses_to(chat_id, telegram_user_id, is_test=is_test).filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now), revoked_at__isnull=True, starts_at__lte=now
    )


def accesses_to(chat_id: UUID, telegram_user_id: int, *, is_test: bool = False) -> QuerySet[Grant]:
    """Every access a person ever had to a chat, newest first."""
    found = Grant.objects.filter(content_key=f"chat:{chat_id}", telegram_user_id=telegram_user_id, is_test=is_test)
    return found.order_by("-id")


def locked_place(chat_id: UUID, telegram_user_id: int) -> Place | None:
    """A person's place in a chat, locked until the caller's transaction ends."""
    rows = Place.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(chat_id=chat_id, telegram_user_id=telegram_user_id).first()
