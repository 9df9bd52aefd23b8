"""What becomes of an update: into the flow inbox or this app's own table, and what the latter's rows do."""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from bots import jobs
from bots.crashpoints import crash_point, register
from bots.models import ActorKind, AuditEntry, Bot, BotStatus, Channel, Contact, NoticeKind
from bots.outbox.registry import Claim
from bots.outbox.services import cancel_waiting
from bots.services import notices
from bots.tenancy import no_scope
from flows.services import note_delivery_problem, post_raw_update
from telegram_gateway import checkouts, memberships
from telegram_gateway.models import TelegramUpdate, UpdateState
from telegram_gateway.protocol.updates import Peek, UpdateKind, as_id, as_object, load, notice_code, peek
from telegram_gateway.selectors import WebhookBot

logger = structlog.get_logger(__name__)

AFTER_STORING = register("telegram.update_stored")
BEFORE_PROCESSED = register("telegram.update_processed")

PROCESS_TASK: Final = "telegram_gateway.process_updates"
PROCESS_QUEUE: Final = "updates"
MOST_ATTEMPTS: Final = 3
BATCH: Final = 100
KEPT_FOR: Final = timedelta(days=30)

Processor = Callable[[TelegramUpdate], UpdateState]

# What nothing asks for: stored, so that it can be looked at, and done with.
_IGNORED_KINDS: Final = frozenset(
    {UpdateKind.EDITED_MESSAGE, UpdateKind.GROUP, UpdateKind.OTHER, UpdateKind.UNREADABLE}
)


def take_in(bot: WebhookBot, body: bytes) -> Peek:
    """Store one update of a bot with one INSERT: in the flow inbox if it is about a private conversation, else in this
    app's own table. Safe to repeat: the same update is stored once. Never raises for what the bytes are."""
    seen = peek(body)
    with no_scope(reason="updates of every organization come in by one door"):
        if seen.moves_a_conversation and seen.telegram_user_id is not None:
            post_raw_update(bot=bot, telegram_user_id=seen.telegram_user_id, external_id=seen.external_id, body=body)
        else:
            _record(bot, seen, body)
    crash_point(AFTER_STORING)
    return seen


def _record(bot: WebhookBot, seen: Peek, body: bytes) -> None:
    bell = _BELLS.get(seen.kind)
    state = UpdateState.NEW if bell else UpdateState.KEPT
    if seen.kind in _IGNORED_KINDS:
        state = UpdateState.IGNORED
    row = TelegramUpdate(
        bot_id=bot.id,
        organization_id=bot.organization_id,
        external_id=seen.external_id,
        kind=seen.kind,
        telegram_user_id=seen.telegram_user_id,
        body=body,
        state=state,
    )
    TelegramUpdate.unscoped.bulk_create([row], ignore_conflicts=True)
    if bell:
        task, queue = bell
        jobs.enqueue_on_commit(task, queue=queue)


def process_updates(limit: int = BATCH) -> int:
    """Handle waiting rows of this app's table; answers how many were taken. Several may run at once: each row is
    locked, and skipped by the others. A row that fails three times is set aside."""
    with no_scope(reason="updates of every organization are handled together"), transaction.atomic():
        rows = list(
            TelegramUpdate.unscoped.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(state=UpdateState.NEW)
            .exclude(kind__in=checkouts.KINDS | memberships.KINDS)
            .order_by("id")[:limit]
        )
        for row in rows:
            _process(row)
        crash_point(BEFORE_PROCESSED)
    return len(rows)


def purge_updates() -> int:
    """Delete handled rows older than any repetition by Telegram could be; answers how many. Safe to repeat."""
    old = TelegramUpdate.unscoped.filter(created_at__lt=timezone.now() - KEPT_FOR)
    with no_scope(reason="upkeep of every organization's updates"):
        deleted, _by_model = old.exclude(state__in=(UpdateState.NEW, UpdateState.SET_ASIDE)).delete()
    return deleted


def _process(row: TelegramUpdate) -> None:
    try:
        with transaction.atomic():
            state = PROCESSORS[UpdateKind(row.kind)](row)
    except Exception as error:
        row.attempts += 1
        row.error = type(error).__name__
        row.state = UpdateState.SET_ASIDE if row.attempts >= MOST_ATTEMPTS else UpdateState.NEW
        logger.exception("telegram_update_failed", update_id=row.external_id, kind=row.kind, bot_id=str(row.bot_id))
    else:
        row.state, row.handled_at = state, timezone.now()
    row.save(update_fields=["state", "attempts", "error", "handled_at"])


def _process_membership(row: TelegramUpdate) -> UpdateState:
    """Somebody blocked or unblocked the bot."""
    change = as_object(as_object(load(bytes(row.body))).get("my_chat_member"))
    if as_object(change.get("chat")).get("type") != "private" or row.telegram_user_id is None:
        return UpdateState.KEPT
    status = as_object(change.get("new_chat_member")).get("status")
    if status not in ("kicked", "member"):
        return UpdateState.IGNORED
    at = as_id(change.get("date"), smallest=1)
    moment = datetime.fromtimestamp(min(at, 2**33), UTC) if at else timezone.now()
    set_blocked(bot_id=row.bot_id, telegram_user_id=row.telegram_user_id, at=moment if status == "kicked" else None)
    return UpdateState.DONE


def set_blocked(*, bot_id: uuid.UUID, telegram_user_id: int, at: datetime | None) -> None:
    """Note since when a contact blocks the bot; None: not any more. A contact we never heard of is none."""
    contacts = Contact.unscoped.filter(bot_id=bot_id, telegram_user_id=telegram_user_id, channel=Channel.TELEGRAM)
    contacts.exclude(blocked_at=at).update(blocked_at=at)


def contact_went_away(*, bot_id: uuid.UUID, telegram_user_id: int, ordering_key: str | None, reason: str) -> None:
    """Note that a contact cannot be written to and cancel what waits for them. Joins the caller's transaction."""
    set_blocked(bot_id=bot_id, telegram_user_id=telegram_user_id, at=timezone.now())
    if ordering_key:
        cancel_waiting(ordering_key=ordering_key, reason=reason)


def pause_sending(bot_id: uuid.UUID, until: datetime) -> None:
    """Have every worker hold this bot's messages until then, as Telegram asked; never shortens a pause."""
    Bot.unscoped.filter(id=bot_id).update(paused_until=Greatest(F("paused_until"), Value(until)))


def note_error(bot_id: uuid.UUID, error: str) -> None:
    """Show the owner the last thing that went wrong."""
    Bot.unscoped.filter(id=bot_id).update(last_error=error, last_error_at=timezone.now())


def note_missing_rights(bot_id: uuid.UUID, error: str, *, chat: str = "") -> None:
    """Telegram will not let the bot do what it should: shown with the bot, and told at most once a day and chat. Joins
    the caller's transaction."""
    note_error(bot_id, error)
    bot = Bot.unscoped.only("organization_id", "name").get(id=bot_id)
    notices.notify(
        bot.organization_id,
        NoticeKind.BOT_RIGHTS,
        f"{bot_id}:{chat}:{timezone.now():%Y-%m-%d}",
        {"bot": bot.name, "reason": error, "chat": chat},
        page=("bot_settings", bot_id),
    )


def note_bot_revoked(*, bot_id: uuid.UUID, token: str, error: str) -> None:
    """Telegram does not know the token any more: the bot stands still, its messages wait, its owner is told. A token
    that was replaced meanwhile changes nothing; many callers at once tell it once."""
    bots = Bot.unscoped.filter(id=bot_id, token_hash=hashlib.sha256(token.encode()).hexdigest()).exclude(
        status=BotStatus.REVOKED
    )
    if bots.update(status=BotStatus.REVOKED, last_error=error, last_error_at=timezone.now()):
        bot = Bot.unscoped.only("organization_id").get(id=bot_id)
        AuditEntry.unscoped.create(
            organization_id=bot.organization_id,
            actor_kind=ActorKind.SYSTEM,
            action="bot.token_revoked",
            object_type="bot",
            object_id=str(bot_id),
            data={"error": error},
        )
        facts = {"bot": Bot.unscoped.values_list("name", flat=True).get(id=bot_id)}
        moment = f"{bot_id}:{timezone.now():%Y-%m-%dT%H}"
        notices.notify(bot.organization_id, NoticeKind.BOT_REVOKED, moment, facts, page=("bot_settings", bot_id))
        logger.error("bot_token_revoked", bot_id=str(bot_id), organization_id=str(bot.organization_id), error=error)


def note_media_refused(claim: Claim, error: str) -> None:
    """A medium did not reach the chat: told in the run's timeline, and with the bot."""
    note_delivery_problem(uuid.UUID(claim.payload["run_id"]), "media_not_sent", error=error)
    if claim.bot_id is not None:
        note_error(claim.bot_id, error)


def _process_notice_link(row: TelegramUpdate) -> UpdateState:
    """A member of the team sent the code that their page showed: from here on notices reach them in this chat."""
    message = as_object(as_object(load(bytes(row.body))).get("message"))
    if row.telegram_user_id is None:
        return UpdateState.IGNORED
    notices.finish_link(
        organization_id=row.organization_id,
        bot_id=row.bot_id,
        telegram_user_id=row.telegram_user_id,
        code=notice_code(message),
    )
    return UpdateState.DONE


PROCESSORS: Final[Mapping[UpdateKind, Processor]] = {
    UpdateKind.MY_CHAT_MEMBER: _process_membership,
    UpdateKind.NOTICE_LINK: _process_notice_link,
}
# Who is rung for what is waiting; every other kind is kept or ignored.
_BELLS: Final[Mapping[UpdateKind, tuple[str, str]]] = {
    **dict.fromkeys(PROCESSORS, (PROCESS_TASK, PROCESS_QUEUE)),
    **dict.fromkeys(checkouts.KINDS, (checkouts.PROCESS_TASK, checkouts.PROCESS_QUEUE)),
    **dict.fromkeys(memberships.KINDS, (memberships.PROCESS_TASK, memberships.PROCESS_QUEUE)),
}
