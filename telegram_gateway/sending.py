"""Making a message's calls, and turning whatever comes of them into an outcome of the outbox."""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog
from django.db import close_old_connections
from django.utils import timezone
from telegram.error import TelegramError

from bots.crashpoints import crash_point, register
from bots.models import BotStatus
from bots.outbox.loop import Threads
from bots.outbox.registry import Cancelled, Claim, Dead, Done, Outcome, RetryAt
from bots.outbox.services import note_progress
from flows.engine.effects import OutMedia
from telegram_gateway import files, services
from telegram_gateway.client import bot_for
from telegram_gateway.errors import BOT_AWAY, CONTACT_AWAY, OF_THE_MEDIUM, TRANSIENT, Trouble, Verdict, classify
from telegram_gateway.protocol.render import AS_WRITTEN, ApiCall, Manner, by_id, with_file
from telegram_gateway.ratelimit import Request, limiter
from telegram_gateway.selectors import SendingBot, sending_bots

logger = structlog.get_logger(__name__)

BETWEEN_CALLS = register("telegram.between_calls")

# A bot that cannot send is looked at again so often; its owner's act makes its messages due at once.
HELD_FOR: Final = timedelta(minutes=5)
RIGHTS_RETRY: Final = timedelta(minutes=10)
# A file is with Telegram within a second or two, and then the others go by its id.
FILE_WAIT: Final = timedelta(seconds=1)
# Where a message of several calls keeps how far it came, so that no part is sent twice.
PROGRESS: Final = "progress"

# One thread: the questions are rare, and the answers wait for each other in the cache.
_facts_thread = Threads(1, "telegram-facts")


@dataclass(frozen=True, slots=True)
class Held:
    """Why a bot's messages must wait, or are not wanted any more."""

    outcome: RetryAt | Cancelled


async def bot_of(claim: Claim) -> SendingBot | Held:
    """The bot a message belongs to, if it may send now."""
    if claim.bot_id is None:
        return Held(Cancelled("it belongs to no bot"))
    asked = time.monotonic()
    bot = sending_bots.cached(claim.bot_id)
    # That a bot may not send is believed only if it was read just now: its owner may have brought it back, and what
    # is held is held for minutes.
    if bot is None or not _may_send(bot):
        bot = await asyncio.get_running_loop().run_in_executor(_facts_thread, _load_facts, claim.bot_id, asked)
    now = timezone.now()
    if bot is None:
        return Held(Cancelled("the bot was deleted"))
    if bot.status is BotStatus.DISCONNECTED:
        return Held(Cancelled("the bot was disconnected"))
    if not _may_send(bot):
        return Held(RetryAt(now + HELD_FOR, f"the bot is {bot.status}", counts=False))
    if bot.paused_until and bot.paused_until > now:
        return Held(RetryAt(bot.paused_until, "Telegram asked the bot to wait", counts=False))
    return bot


def _may_send(bot: SendingBot) -> bool:
    return bot.status is BotStatus.ACTIVE and bool(bot.token)


def _load_facts(bot_id: uuid.UUID, asked: float) -> SendingBot | None:
    close_old_connections()
    try:
        # What another message's question has brought since is as good.
        return sending_bots.get(bot_id, no_older_than=time.monotonic() - asked)
    finally:
        close_old_connections()


async def admission(bot: SendingBot, chat_id: int, cost: int) -> RetryAt | None:
    """None if so many messages may leave now; else when to come back."""
    wait = await limiter.admit(Request(bot.id, chat_id, cost))
    if wait <= 0:
        return None
    return RetryAt(timezone.now() + timedelta(seconds=wait), "held back by the sending limit", counts=False)


async def make_calls(claim: Claim, bot: SendingBot, render_as: Callable[[Manner], Sequence[ApiCall]]) -> Outcome:
    """Make a message's calls in order, from where an earlier attempt stopped.

    A text that Telegram cannot parse is sent without markup, and a medium that it cannot take is left out, with a link
    in its place where it has an address: one bad part never keeps the rest from the chat, nor the next message.
    """
    progress = claim.payload.get(PROGRESS) or {}
    sent = _Sent(
        list(progress.get("message_ids", ())),
        Manner(plain=bool(progress.get("plain")), without_media=bool(progress.get("without_media"))),
    )
    calls = render_as(sent.manner)
    while len(sent.message_ids) < len(calls):
        call = calls[len(sent.message_ids)]
        if sent.message_ids:
            crash_point(BETWEEN_CALLS)
        answer = await _attempt_with_file(bot, call, sent)
        if isinstance(answer, Verdict):
            milder = _milder(sent.manner, answer)
            if milder is None:
                return sent.kept_by(claim, outcome_of(claim, bot, answer))
            event = "message_media_dropped" if milder.without_media else "message_markup_dropped"
            logger.warning(event, bot_id=str(bot.id), message_id=str(claim.id), error=answer.error)
            sent.manner, calls = milder, render_as(milder)
            if answer.trouble in OF_THE_MEDIUM:
                sent.media_error = answer.error
                sent.notes.append(partial(services.note_media_refused, claim, answer.error))
            continue
        sent.message_ids.append(answer.get("message_id"))
    if not calls:
        # Nothing but the medium, and that Telegram does not take.
        return sent.kept_by(claim, Dead(sent.media_error, "media_refused"))
    return sent.kept_by(claim, Done(sent.result()))


@dataclass(slots=True)
class _Sent:
    """How far a message's calls have come, in which manner, and what is to be noted with the outcome."""

    message_ids: list[object]
    manner: Manner
    media_error: str = ""
    notes: list[Callable[[], object]] = field(default_factory=list)

    def result(self) -> dict[str, Any]:
        told = {"plain": self.manner.plain, "without_media": self.manner.without_media}
        return {"message_ids": self.message_ids} | {name: True for name, is_so in told.items() if is_so}

    def kept_by(self, claim: Claim, outcome: Outcome) -> Outcome:
        """The outcome, with everything that must be written along."""
        notes = [*([outcome.follow_up] if outcome.follow_up else []), *self.notes]
        if isinstance(outcome, RetryAt) and (self.message_ids or self.manner != AS_WRITTEN):
            progress = {PROGRESS: {"message_ids": self.message_ids} | asdict(self.manner)}
            notes.append(partial(note_progress, claim.id, progress))
        return replace(outcome, follow_up=partial(_all, notes)) if notes else outcome


def _all(notes: Sequence[Callable[[], object]]) -> None:
    for note in notes:
        note()


def _milder(manner: Manner, verdict: Verdict) -> Manner | None:
    """The manner to try next, if what was refused can be left out."""
    if verdict.trouble is Trouble.BAD_MARKUP and not manner.plain:
        return replace(manner, plain=True)
    if verdict.trouble in OF_THE_MEDIUM and not manner.without_media:
        return replace(manner, without_media=True)
    return None


async def _attempt_with_file(bot: SendingBot, call: ApiCall, sent: _Sent) -> Mapping[str, Any] | Verdict:
    """Make a call; a file of ours goes by the id Telegram gave it, else whole."""
    if call.asset is None:
        return await attempt(bot, call)
    key = files.key_of(bot, call.asset.asset, call.asset.kind)
    facts = await files.facts_of(key)
    if facts.known is not None:
        answer = await attempt(bot, by_id(call, facts.known))
        if not isinstance(answer, Verdict) or answer.trouble is not Trouble.BAD_FILE_ID:
            return answer
        facts = await files.after_refusal(key, facts.known)
        if facts.known is not None:
            return await attempt(bot, by_id(call, facts.known))
    if facts.stored is None:
        return Verdict(Trouble.BAD_MEDIA, "the file does not exist any more")
    if files.is_on_its_way(key):
        return Verdict(Trouble.FILE_ON_ITS_WAY, "")
    with files.carrying(key):
        try:
            upload = await files.upload_of(key, facts.stored)
        except files.FileGone:
            return Verdict(Trouble.BAD_MEDIA, "the file is not in the storage any more")
        except files.StorageAway:
            return Verdict(Trouble.NOT_SENT, "the storage does not answer")
        answer = await attempt(bot, with_file(call, upload))
        if not isinstance(answer, Verdict) and (known := files.learn(key, answer)):
            sent.notes.append(partial(files.remember, key, known))
        return answer


async def file_is_on_its_way(bot: SendingBot, media: OutMedia | None) -> RetryAt | None:
    """When to come back, if the message waits for a file that another message carries to Telegram now. Asked before the
    limiter, so that what waits for a file costs nobody's turn."""
    if media is None or not media.asset:
        return None
    key = files.key_of(bot, media.asset, media.type)
    facts = await files.facts_of(key)
    return _come_back() if facts.known is None and files.is_on_its_way(key) else None


def _come_back() -> RetryAt:
    return RetryAt(timezone.now() + FILE_WAIT, "its file is on its way to Telegram", counts=False)


async def attempt(bot: SendingBot, call: ApiCall, *, moved: list[int] | None = None) -> Mapping[str, Any] | Verdict:
    """Make one call: its result (empty where it is just true), or the verdict on why there is none. A group that became
    a supergroup is called by its new number, which is put into `moved`."""
    assert bot.token is not None
    try:
        result = await bot_for(bot.token).call(call)
    except TelegramError as error:
        verdict = classify(error)
    else:
        return result if isinstance(result, dict) else {}
    if verdict.trouble is Trouble.MIGRATED and verdict.new_chat_id != call.parameters.get("chat_id"):
        if moved is not None and verdict.new_chat_id is not None:
            moved.append(verdict.new_chat_id)
        again = replace(call, parameters={**call.parameters, "chat_id": verdict.new_chat_id})
        return await attempt(bot, again, moved=moved)
    return verdict


def outcome_of(claim: Claim, bot: SendingBot, verdict: Verdict) -> Outcome:
    """What a failed call means for its message, and what must be noted along with it."""
    trouble, now = verdict.trouble, timezone.now()
    if trouble is Trouble.FILE_ON_ITS_WAY:
        return _come_back()
    if trouble in TRANSIENT:
        return RetryAt(None, verdict.error)
    if trouble is Trouble.FLOOD:
        until = now + (verdict.retry_after or timedelta(seconds=1))
        sending_bots.put(bot.id, replace(bot, paused_until=until))
        pause = partial(services.pause_sending, bot.id, until)
        return RetryAt(until, verdict.error, counts=False, follow_up=pause)
    if trouble in BOT_AWAY:
        sending_bots.forget(bot.id)
        revoke = partial(services.note_bot_revoked, bot_id=bot.id, token=bot.token or "", error=verdict.error)
        return RetryAt(now + HELD_FOR, verdict.error, counts=False, follow_up=revoke)
    if trouble in CONTACT_AWAY:
        return Cancelled(verdict.error, follow_up=partial(_cancel_rest, claim, verdict.error))
    if trouble is Trouble.MISSING_RIGHTS:
        missing = partial(services.note_missing_rights, bot.id, verdict.error)
        return RetryAt(now + RIGHTS_RETRY, verdict.error, follow_up=missing)
    if trouble is Trouble.NOTHING_TO_DO:
        return Done({"note": verdict.error})
    return Dead(verdict.error, str(trouble))


def _cancel_rest(claim: Claim, reason: str) -> None:
    assert claim.bot_id is not None
    chat_id = claim.payload.get("telegram_user_id")
    if isinstance(chat_id, int):
        services.contact_went_away(
            bot_id=claim.bot_id, telegram_user_id=chat_id, ordering_key=claim.ordering_key, reason=reason
        )
