"""What leaves for Telegram: messages, answers to presses, keyboards taken off. A test chat's are kept instead."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from bots.models import Channel
from bots.outbox.loop import outbox_loop
from bots.outbox.registry import Cancelled, Claim, Dead, Done, Outcome, handler
from bots.tenancy import scoped_transaction
from bots.topics import BOT_MENU, NOTICE_TELEGRAM
from flows.engine.effects import AnswerPress, OutMessage, RemoveKeyboard, Say
from flows.engine.menu import MenuItem
from flows.selectors import menus_of_bot
from flows.services import note_dead_message, note_sent, store_simulated_calls
from flows.topics import KEYBOARD_REMOVE, MESSAGE_SEND, PRESS_ANSWER, Envelope
from telegram_gateway.client import CALL_DEADLINE, MEDIA_DEADLINE
from telegram_gateway.errors import BOT_AWAY, TRANSIENT, Trouble, Verdict
from telegram_gateway.protocol.checkout import render_checkout_answer
from telegram_gateway.protocol.render import (
    ApiCall,
    render,
    render_keyboard_removal,
    render_menu,
    render_notice,
    render_press_answer,
)
from telegram_gateway.sending import Held, admission, attempt, bot_of, file_is_on_its_way, make_calls, outcome_of
from telegram_gateway.topics import CHECKOUT_ANSWER

# The spinner on a button turns for about so long; a later answer is refused as too old.
ANSWER_SECONDS: Final = 10.0
# For the three calls of a menu together, less than a lease.
MENU_SECONDS: Final = 20.0


def note_delivered(done: Sequence[tuple[Claim, Mapping[str, Any]]]) -> None:
    """Name lines of the transcript by what they became: the last message of each, which has the buttons."""
    ids = {claim.id: result["message_ids"][-1] for claim, result in done if result.get("message_ids")}
    note_sent({line: message_id for line, message_id in ids.items() if isinstance(message_id, int)})


def note_dead(claim: Claim, _outcome: Dead) -> None:
    """What did not reach the chat is for the team: the conversation goes on its unread list."""
    note_dead_message(Envelope.load(claim.payload).conversation_id)


@handler(MESSAGE_SEND, deadline=MEDIA_DEADLINE, on_dead=note_dead, on_done=note_delivered)
async def handle_message_send(claim: Claim) -> Outcome:
    """Send a message of the engine. At least once and in order; a part that has left is not sent again."""
    envelope = Envelope.load(claim.payload)
    assert isinstance(envelope.effect, Say)
    message, chat_id = envelope.effect.message, envelope.telegram_user_id
    if envelope.channel == Channel.SIMULATOR:
        return _simulated(claim, await _rendered(message, chat_id))
    bot = await bot_of(claim)
    if isinstance(bot, Held):
        return bot.outcome
    calls = await _rendered(message, chat_id)
    if not calls:
        return Dead("there is nothing to show", "empty_message")
    waits = await file_is_on_its_way(bot, message.media)
    if waits:
        return waits
    held = await admission(bot, chat_id, len(calls))
    if held:
        return held
    return await make_calls(claim, bot, partial(render, message, chat_id))


@handler(PRESS_ANSWER, deadline=ANSWER_SECONDS, give_up_after=ANSWER_SECONDS)
async def handle_press_answer(claim: Claim) -> Outcome:
    """Stop the spinner on a pressed button, perhaps with a notice. Best effort: it is worth nothing after seconds."""
    envelope = Envelope.load(claim.payload)
    assert isinstance(envelope.effect, AnswerPress)
    call = render_press_answer(envelope.effect)
    if envelope.channel == Channel.SIMULATOR:
        return _simulated(claim, [call])
    bot = await bot_of(claim)
    if isinstance(bot, Held):
        return bot.outcome
    answer = await attempt(bot, call)
    if not isinstance(answer, Verdict):
        return Done()
    if answer.trouble in TRANSIENT | BOT_AWAY | {Trouble.FLOOD, Trouble.NOTHING_TO_DO}:
        return outcome_of(claim, bot, answer)
    return Cancelled(answer.error)


@handler(CHECKOUT_ANSWER, deadline=ANSWER_SECONDS, give_up_after=ANSWER_SECONDS)
async def handle_checkout_answer(claim: Claim) -> Outcome:
    """Tell Telegram whether a buyer may pay. Tried again while it is worth anything; no limiter stands before it."""
    bot = await bot_of(claim)
    if isinstance(bot, Held):
        return bot.outcome
    call = render_checkout_answer(str(claim.payload["query_id"]), str(claim.payload["error"]))
    answer = await attempt(bot, call)
    if not isinstance(answer, Verdict):
        return Done()
    if answer.trouble in TRANSIENT | BOT_AWAY | {Trouble.FLOOD}:
        return outcome_of(claim, bot, answer)
    return Cancelled(answer.error)


@handler(KEYBOARD_REMOVE, deadline=CALL_DEADLINE, on_dead=note_dead)
async def handle_keyboard_removal(claim: Claim) -> Outcome:
    """Take the buttons off a message. One that is gone or has none is as good."""
    envelope = Envelope.load(claim.payload)
    assert isinstance(envelope.effect, RemoveKeyboard)
    call = render_keyboard_removal(envelope.telegram_user_id, envelope.effect.message_id)
    if envelope.channel == Channel.SIMULATOR:
        return _simulated(claim, [call])
    bot = await bot_of(claim)
    if isinstance(bot, Held):
        return bot.outcome
    held = await admission(bot, envelope.telegram_user_id, 1)
    if held:
        return held
    answer = await attempt(bot, call)
    return outcome_of(claim, bot, answer) if isinstance(answer, Verdict) else Done()


@handler(NOTICE_TELEGRAM, deadline=CALL_DEADLINE)
async def handle_notice(claim: Claim) -> Outcome:
    """Tell a member of the team something, in their own chat with the bot. One who blocked it is told no more."""
    bot = await bot_of(claim)
    if isinstance(bot, Held):
        return bot.outcome
    call = render_notice(str(claim.payload["text"]), int(claim.payload["telegram_user_id"]))
    held = await admission(bot, int(claim.payload["telegram_user_id"]), 1)
    if held:
        return held
    answer = await attempt(bot, call)
    if not isinstance(answer, Verdict):
        return Done({"message_ids": [answer.get("message_id")]})
    if answer.trouble in TRANSIENT | BOT_AWAY | {Trouble.FLOOD}:
        return outcome_of(claim, bot, answer)
    return Cancelled(answer.error)


@handler(BOT_MENU, deadline=MENU_SECONDS)
def handle_bot_menu(claim: Claim) -> Outcome:
    """Tell Telegram the bot's commands as they are now, in each language. Repeating it changes nothing."""
    if claim.bot_id is None:
        return Cancelled("it belongs to no bot")
    with scoped_transaction():
        menus = menus_of_bot(claim.bot_id)
    return outbox_loop.run(_tell_menus(claim, menus), timeout=MENU_SECONDS)


async def _tell_menus(claim: Claim, menus: Mapping[str, Sequence[MenuItem]]) -> Outcome:
    bot = await bot_of(claim)
    if isinstance(bot, Held):
        return bot.outcome
    for language, items in menus.items():
        answer = await attempt(bot, render_menu(items, language))
        if isinstance(answer, Verdict):
            return outcome_of(claim, bot, answer)
    return Done()


async def _rendered(message: OutMessage, chat_id: int) -> Sequence[ApiCall]:
    if message.qr is None:
        return render(message, chat_id)
    # Drawing takes tens of milliseconds, in which the loop could send a hundred messages.
    return await asyncio.to_thread(render, message, chat_id)


def _simulated(claim: Claim, calls: Sequence[ApiCall]) -> Outcome:
    dumped = [call.dump() for call in calls]
    return Done({"calls": dumped}, follow_up=partial(store_simulated_calls, claim.id, dumped))
