"""Making a message's calls, and turning whatever comes of them into an outcome of the outbox."""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog
from django.db import close_old_connections
from django.utils import timezone
from telegram.error import TelegramError

from bots.crashpoints import crash_point, register
from bots.models import BotStatus
from bots.outbox.registry import Cancelled, Claim, Dead, Done, Outcome, RetryAt
from bots.outbox.services import note_progress
from telegram_gateway import services
from telegram_gateway.client import bot_for
from telegram_gateway.errors import BOT_AWAY, CONTACT_AWAY, TRANSIENT, Trouble, Verdict, classify
from telegram_gateway.protocol.render import ApiCall
from telegram_gateway.ratelimit import Request, limiter
from telegram_gateway.selectors import SendingBot, sending_bots

logger = structlog.get_logger(__name__)

BETWEEN_CALLS = register("telegram.between_calls")

# A bot that cannot send is looked at again so often; its owner's act makes its messages due at once.
HELD_FOR: Final = timedelta(minutes=5)
RIGHTS_RETRY: Final = timedelta(minutes=10)
# Where a message of several calls keeps how far it came, so that no part is sent twice.
PROGRESS: Final = "progress"

# One thread: the questions are rare, and the answers wait for each other in the cache.
_facts_thread = ThreadPoolExecutor(1, "telegram-facts")


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


async def make_calls(
    claim: Claim, bot: SendingBot, calls: Sequence[ApiCall], plain: Callable[[], Sequence[ApiCall]]
) -> Outcome:
    """Make a message's calls in order, from where an earlier attempt stopped. `plain` gives the same calls without
    markup, for a text that Telegram cannot parse."""
    progress = claim.payload.get(PROGRESS) or {}
    message_ids = list(progress.get("message_ids", ()))
    flagged = bool(progress.get("plain"))
    for number in range(len(message_ids), len(calls)):
        if number:
            crash_point(BETWEEN_CALLS)
        answer = await attempt(bot, plain()[number] if flagged else calls[number])
        if isinstance(answer, Verdict) and answer.trouble is Trouble.BAD_MARKUP and not flagged:
            logger.warning("message_markup_dropped", bot_id=str(bot.id), message_id=str(claim.id), error=answer.error)
            flagged = True
            answer = await attempt(bot, plain()[number])
        if isinstance(answer, Verdict):
            outcome = outcome_of(claim, bot, answer)
            return _with_progress(claim, outcome, message_ids, plain=flagged) if message_ids else outcome
        message_ids.append(answer.get("message_id"))
    return Done({"message_ids": message_ids} | ({"plain": True} if flagged else {}))


async def attempt(bot: SendingBot, call: ApiCall) -> Mapping[str, Any] | Verdict:
    """Make one call: its result (empty where it is just true), or the verdict on why there is none."""
    assert bot.token is not None
    try:
        result = await bot_for(bot.token).call(call)
    except TelegramError as error:
        verdict = classify(error)
    else:
        return result if isinstance(result, dict) else {}
    if verdict.trouble is Trouble.MIGRATED and verdict.new_chat_id != call.parameters.get("chat_id"):
        return await attempt(bot, replace(call, parameters={**call.parameters, "chat_id": verdict.new_chat_id}))
    return verdict


def outcome_of(claim: Claim, bot: SendingBot, verdict: Verdict) -> Outcome:
    """What a failed call means for its message, and what must be noted along with it."""
    trouble, now = verdict.trouble, timezone.now()
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
        return RetryAt(now + RIGHTS_RETRY, verdict.error, follow_up=partial(services.note_error, bot.id, verdict.error))
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


def _with_progress(claim: Claim, outcome: Outcome, message_ids: Sequence[object], *, plain: bool) -> Outcome:
    if not isinstance(outcome, RetryAt):
        return outcome
    before = outcome.follow_up

    def keep() -> None:
        if before:
            before()
        note_progress(claim.id, {PROGRESS: {"message_ids": list(message_ids), "plain": plain}})

    return replace(outcome, follow_up=keep)
