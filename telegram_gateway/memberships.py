"""Groups and channels as updates tell of them: the bot's own place there, who asks to join, comes and leaves.

They stand in the gateway's own table, and are handled one by one, each in a transaction of its own: what one of them
locks never waits for another.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.models import ChatKind, LostReason
from bots.ports import ChatStanding
from bots.services import chats
from bots.services.chats import SeenChat, Told
from bots.tenancy import no_scope
from payments.services import places
from telegram_gateway.models import TelegramUpdate, UpdateState
from telegram_gateway.protocol.chats import Member, read_join_request, read_member_change, read_migration
from telegram_gateway.protocol.updates import UpdateKind

logger = structlog.get_logger(__name__)

BEFORE_COMMIT = register("telegram.membership_before_commit")
AFTER_COMMIT = register("telegram.membership_after_commit")

PROCESS_TASK: Final = "telegram_gateway.process_memberships"
PROCESS_QUEUE: Final = "updates"
MOST_ATTEMPTS: Final = 3


def process_memberships() -> int:
    """Handle every waiting row about groups and channels, oldest first; answers how many. Several may run at once."""
    total = 0
    with no_scope(reason="groups of every organization come in by one door"):
        while _process_next():
            total += 1
            crash_point(AFTER_COMMIT)
    return total


def _process_next() -> bool:
    with transaction.atomic():
        row = (
            TelegramUpdate.unscoped.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(state=UpdateState.NEW, kind__in=KINDS)
            .order_by("attempts", "id")
            .first()
        )
        if row is None:
            return False
        try:
            with transaction.atomic():
                row.state = _HANDLERS[UpdateKind(row.kind)](row)
        except Exception as error:
            row.attempts += 1
            row.error = type(error).__name__
            row.state = UpdateState.SET_ASIDE if row.attempts >= MOST_ATTEMPTS else UpdateState.NEW
            logger.exception(
                "telegram_membership_failed", update_id=row.external_id, kind=row.kind, bot_id=str(row.bot_id)
            )
        row.handled_at = timezone.now()
        row.save(update_fields=["state", "attempts", "error", "handled_at"])
        crash_point(BEFORE_COMMIT)
    return True


def _note_own_place(row: TelegramUpdate) -> UpdateState:
    """The bot was made an administrator, got other rights, was demoted or removed."""
    change = read_member_change(bytes(row.body), UpdateKind.MY_CHAT_MEMBER)
    if change is None:
        return UpdateState.KEPT
    seen = SeenChat(change.chat_id, ChatKind(change.kind), change.title)
    chats.note_standing(row.bot_id, seen, standing_of(change.after), _told(row, change.date))
    return UpdateState.DONE


def _note_migration(row: TelegramUpdate) -> UpdateState:
    migration = read_migration(bytes(row.body))
    if migration is None:
        return UpdateState.KEPT
    chats.move_chat(row.bot_id, was=migration.was, now=migration.now)
    return UpdateState.DONE


def _answer_request(row: TelegramUpdate) -> UpdateState:
    """Somebody asks to come in: answered by who is entitled when the answer leaves."""
    asked = read_join_request(bytes(row.body))
    if asked is None:
        return UpdateState.KEPT
    ours = places.asked_to_join(
        bot_id=row.bot_id,
        telegram_chat_id=asked.chat_id,
        telegram_user_id=asked.telegram_user_id,
        payload={
            "row": str(row.pk),
            "telegram_chat_id": asked.chat_id,
            "user_chat_id": asked.user_chat_id,
            "language_code": asked.language_code,
        },
    )
    return UpdateState.DONE if ours else UpdateState.KEPT


def _note_member(row: TelegramUpdate) -> UpdateState:
    """Somebody came in, left or was put out."""
    change = read_member_change(bytes(row.body), UpdateKind.CHAT_MEMBER)
    if change is None or change.before.inside is change.after.inside:
        return UpdateState.IGNORED
    ours = places.note_member(
        bot_id=row.bot_id,
        telegram_chat_id=change.chat_id,
        telegram_user_id=change.after.telegram_user_id,
        inside=change.after.inside,
        link=change.link if change.after.inside else "",
        at=_told(row, change.date).at,
    )
    return UpdateState.DONE if ours else UpdateState.KEPT


def standing_of(member: Member) -> ChatStanding:
    """What the bot is in a chat, from its own `ChatMember`."""
    if not member.inside:
        return ChatStanding(lost=LostReason.REMOVED)
    if not member.is_admin:
        return ChatStanding(lost=LostReason.DEMOTED)
    return ChatStanding(can_invite_users=member.can_invite_users, can_restrict_members=member.can_restrict_members)


def _told(row: TelegramUpdate, date: int | None) -> Told:
    at = datetime.fromtimestamp(min(date, 2**33), UTC) if date else row.created_at
    return Told(at, int(row.external_id))


_HANDLERS: Final[Mapping[UpdateKind, Callable[[TelegramUpdate], UpdateState]]] = {
    UpdateKind.BOT_MEMBERSHIP: _note_own_place,
    UpdateKind.CHAT_MIGRATED: _note_migration,
    UpdateKind.CHAT_JOIN_REQUEST: _answer_request,
    UpdateKind.CHAT_MEMBER: _note_member,
}
KINDS: Final = frozenset(_HANDLERS)
