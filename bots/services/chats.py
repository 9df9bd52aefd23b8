"""Groups and channels: connected when the bot becomes an administrator there, watched, lost when it is none."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from bots.actor import SYSTEM, AnyActor
from bots.errors import Conflict, Invalid, NotFound
from bots.models import Bot, NoticeKind
from bots.models.chat import (
    LEAST_MINUTES,
    MOST_LINKS,
    MOST_MINUTES,
    ChatKind,
    ChatStatus,
    ConnectedChat,
    LostReason,
)
from bots.outbox.publish import NewMessage, publish
from bots.ports import ChatStanding, PlatformError, bot_platform
from bots.services.audit import record_audit
from bots.services.notices import notify
from bots.tenancy import no_scope, organization_scope, scoped_transaction
from bots.topics import CHAT_CHANGED

logger = structlog.get_logger(__name__)

MOST_KEPT: Final = 500
# Why, in the English that the reader's language is found by.
_RIGHTS: Final = (
    gettext_noop("it may not invite people any more"),
    gettext_noop("it may not remove people any more"),
)


@dataclass(frozen=True, slots=True)
class SeenChat:
    """A group or channel as the platform names it."""

    telegram_id: int
    kind: ChatKind
    title: str


@dataclass(frozen=True, slots=True)
class Told:
    """When the platform said something, and under which number: the order of what it says in the same second."""

    at: datetime
    update: int


def note_standing(bot_id: uuid.UUID, seen: SeenChat, standing: ChatStanding, told: Told) -> ConnectedChat | None:
    """Keep what the bot is in a chat now; None where it is nothing in a chat that was never connected.

    Locks the chat. Safe to repeat; an older word after a newer one changes nothing.
    """
    organization_id = Bot.unscoped.values_list("organization_id", flat=True).get(pk=bot_id)
    with organization_scope(organization_id), scoped_transaction():
        chat = _locked(bot_id, seen.telegram_id)
        if chat is None:
            if standing.lost is not None:
                return None
            new = ConnectedChat(
                organization_id=organization_id,
                bot_id=bot_id,
                telegram_id=seen.telegram_id,
                kind=seen.kind,
                # Not connected before this word of it is taken below.
                status=ChatStatus.LOST,
            )
            ConnectedChat.objects.bulk_create([new], ignore_conflicts=True)
            chat = _locked(bot_id, seen.telegram_id)
            assert chat is not None, "it was inserted, here or by somebody else"
        if chat.heard_at is not None and (chat.heard_at, chat.heard_update) >= (told.at, told.update):
            return chat
        chat.heard_at, chat.heard_update = told.at, told.update
        chat.kind, chat.title = seen.kind, seen.title
        _take(chat, standing)
        return chat


def move_chat(bot_id: uuid.UUID, *, was: int, now: int) -> None:
    """A group became a supergroup: the same chat under another number. Its links are void. Safe to repeat."""
    organization_id = Bot.unscoped.values_list("organization_id", flat=True).get(pk=bot_id)
    with organization_scope(organization_id), scoped_transaction():
        chat = _locked(bot_id, was)
        if chat is None:
            return
        newer = _locked(bot_id, now)
        if newer is not None:
            # Telegram told of the new number first. What grants name is the older row.
            chat.can_invite_users, chat.can_restrict_members = newer.can_invite_users, newer.can_restrict_members
            chat.status, chat.lost_reason = newer.status, newer.lost_reason
            chat.heard_at, chat.heard_update = newer.heard_at, newer.heard_update
            newer.delete()
        chat.telegram_id, chat.kind, chat.join_request_link = now, ChatKind.SUPERGROUP, ""
        chat.save()
        record_audit(chat, "chat.moved", actor=SYSTEM, data={"was": was, "now": now})


def check_chat(chat_id: uuid.UUID) -> ConnectedChat:
    """Ask the platform what the bot may do there, and keep it. Called outside any transaction. Raises PlatformError
    where the platform does not answer, `ConnectedChat.DoesNotExist`."""
    with no_scope(reason="a chat is found by its id, its organization with it"):
        chat = ConnectedChat.unscoped.select_related("bot").get(pk=chat_id)
    bot, asked = chat.bot, timezone.now()
    if not bot.token or bot.telegram_id is None:
        return chat
    standing = bot_platform().chat_standing(token=bot.token, bot_telegram_id=bot.telegram_id, chat_id=chat.telegram_id)
    with organization_scope(chat.organization_id), scoped_transaction():
        chat = ConnectedChat.objects.select_for_update(of=("self",), no_key=True).get(pk=chat_id)
        if chat.heard_at is None or chat.heard_at < asked:
            # Whatever Telegram has told by itself since is newer than this answer.
            if standing.title:
                chat.title = standing.title
            _take(chat, standing)
        return chat


def check_chats() -> int:
    """Every day: does the bot still have its rights in each chat? Answers how many were asked about."""
    with no_scope(reason="chats of every organization are checked together"):
        reachable = ConnectedChat.unscoped.filter(bot__token_hash__isnull=False)
        ids = list(reachable.order_by("pk").values_list("pk", flat=True))
    _check_each(ids)
    return len(ids)


def check_chats_of(organization_id: uuid.UUID) -> bool:
    """The same for one organization, now; answers whether the platform answered about each."""
    with organization_scope(organization_id), scoped_transaction():
        ids = list(ConnectedChat.objects.filter(bot__token_hash__isnull=False).values_list("pk", flat=True))
    return _check_each(ids)


def _check_each(ids: list[uuid.UUID]) -> bool:
    answered = True
    for chat_id in ids:
        try:
            check_chat(chat_id)
        except (PlatformError, ConnectedChat.DoesNotExist) as error:
            answered = False
            logger.warning("chat_not_checked", chat_id=str(chat_id), error=type(error).__name__)
    return answered


def note_lost(chat_id: uuid.UUID, reason: LostReason) -> None:
    """A call to the platform failed because the bot can do nothing there. Safe to repeat."""
    _note(chat_id, lambda _chat: ChatStanding(lost=reason))


def note_right_missing(chat_id: uuid.UUID, *, invites: bool) -> None:
    """A call failed because the bot may not invite people there (or, without `invites`, not remove them); what else it
    may do the platform did not say, and stays. Safe to repeat."""

    def without(chat: ConnectedChat) -> ChatStanding:
        lost = LostReason(chat.lost_reason) if chat.lost_reason else None
        may_invite, may_remove = chat.can_invite_users and not invites, chat.can_restrict_members and invites
        return ChatStanding(can_invite_users=may_invite, can_restrict_members=may_remove, lost=lost)

    _note(chat_id, without)


def _note(chat_id: uuid.UUID, standing: Callable[[ConnectedChat], ChatStanding]) -> None:
    with no_scope(reason="a chat is found by its id, its organization with it"):
        found = ConnectedChat.unscoped.filter(pk=chat_id).values_list("organization_id", flat=True).first()
    if found is None:
        return
    with organization_scope(found), scoped_transaction():
        chat = ConnectedChat.objects.select_for_update(of=("self",), no_key=True).get(pk=chat_id)
        _take(chat, standing(chat))


def keep_inside(chat_id: uuid.UUID, telegram_user_id: int, *, reason: str, actor: AnyActor) -> ConnectedChat:
    """This person is never removed from the chat, from here on. In the caller's transaction; locks the chat. Raises
    NotFound, and Conflict for one who is on the list already."""
    chat = _listed(chat_id)
    if telegram_user_id in chat.allow_list:
        raise Conflict("already_kept", _("This person is on the list already."))
    return _list(chat, [*chat.allow_list, telegram_user_id], "chat.kept", telegram_user_id, reason, actor)


def keep_no_longer(chat_id: uuid.UUID, telegram_user_id: int, *, reason: str, actor: AnyActor) -> ConnectedChat:
    """This person is removed like others, from here on. In the caller's transaction; locks it. Raises NotFound."""
    chat = _listed(chat_id)
    if telegram_user_id not in chat.allow_list:
        raise NotFound("not_kept", _("This person is not on the list."))
    left = [one for one in chat.allow_list if one != telegram_user_id]
    return _list(chat, left, "chat.not_kept", telegram_user_id, reason, actor)


def _list(
    chat: ConnectedChat, listed: list[int], action: str, telegram_user_id: int, reason: str, actor: AnyActor
) -> ConnectedChat:
    if len(listed) > MOST_KEPT:
        raise Invalid("too_many_kept", _("So many people cannot be on the list: give them an access without end."))
    chat.allow_list = listed
    chat.save(update_fields=["allow_list"])
    record_audit(chat, action, actor=actor, data={"telegram_user_id": telegram_user_id}, reason=reason)
    return chat


def set_another_link(chat_id: uuid.UUID, *, minutes: int, links: int, actor: AnyActor) -> ConnectedChat:
    """When, and how often, who paid and is not inside gets another link. Locks the chat. Raises NotFound, Invalid."""
    if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise Invalid("minutes_out_of_range", _("Between 5 minutes and a day."), field="another_link_minutes")
    if not 0 <= links <= MOST_LINKS:
        raise Invalid("links_out_of_range", _("Between none and 5 links."), field="another_links")
    with scoped_transaction():
        chat = _listed(chat_id)
        was = {"minutes": chat.another_link_minutes, "links": chat.another_links}
        chat.another_link_minutes, chat.another_links = minutes, links
        chat.save(update_fields=["another_link_minutes", "another_links"])
        record_audit(chat, "chat.change", actor=actor, data={"was": was, "is": {"minutes": minutes, "links": links}})
    return chat


def _listed(chat_id: uuid.UUID) -> ConnectedChat:
    chat = ConnectedChat.objects.select_for_update(of=("self",), no_key=True).filter(pk=chat_id).first()
    if chat is None:
        raise NotFound("chat_not_found", _("There is no such group or channel."))
    return chat


def _locked(bot_id: uuid.UUID, telegram_id: int) -> ConnectedChat | None:
    rows = ConnectedChat.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(bot_id=bot_id, telegram_id=telegram_id).first()


def _take(chat: ConnectedChat, standing: ChatStanding) -> None:
    """The row as the bot stands there now, and a line of the audit trail where that changed."""
    before = (chat.status, chat.can_invite_users, chat.can_restrict_members)
    chat.status = ChatStatus.CONNECTED if standing.lost is None else ChatStatus.LOST
    chat.lost_reason = standing.lost or ""
    chat.can_invite_users, chat.can_restrict_members = standing.can_invite_users, standing.can_restrict_members
    chat.checked_at = timezone.now()
    chat.save()
    after = (chat.status, chat.can_invite_users, chat.can_restrict_members)
    if before == after:
        return
    action = "chat.rights_changed"
    if before[0] != after[0]:
        action = "chat.connected" if standing.lost is None else "chat.lost"
    data = {
        "title": chat.title,
        "can_invite_users": chat.can_invite_users,
        "can_restrict_members": chat.can_restrict_members,
        "reason": chat.lost_reason,
    }
    entry = record_audit(chat, action, actor=SYSTEM, data=data)
    was_able, is_able = (before[1], before[2]), (chat.can_invite_users, chat.can_restrict_members)
    _tell_change(chat, was_able, is_able, key=str(entry.pk))
    if not chat.lets_people_in:
        logger.warning("chat_cannot_let_in", chat_id=str(chat.pk), bot_id=str(chat.bot_id), reason=chat.lost_reason)


def _tell_change(chat: ConnectedChat, was: tuple[bool, bool], able: tuple[bool, bool], *, key: str) -> None:
    """A right that is gone is told to the team, once for each loss; both are told to whoever serves people there."""
    lost = [reason for reason, before, now in zip(_RIGHTS, was, able, strict=True) if before and not now]
    if lost:
        with translation.override("en"):
            reason = str(LostReason(chat.lost_reason).label) if chat.lost_reason else lost[0]
        facts = {"bot": chat.bot.name, "chat": chat, "reason": reason}
        notify(chat.organization_id, NoticeKind.BOT_RIGHTS, f"{chat.pk}:{key}", facts, page=("chat_detail", chat.pk))
    if was != able:
        publish(
            [
                NewMessage(
                    topic=CHAT_CHANGED,
                    key=f"chat:{chat.pk}:{key}",
                    organization_id=chat.organization_id,
                    bot_id=chat.bot_id,
                    payload={
                        "chat": str(chat.pk),
                        "lost": was[0] and not able[0],
                        "back": able[0] and not was[0],
                    },
                )
            ]
        )
