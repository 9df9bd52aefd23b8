"""From an outbox row to the chat: what is sent, what waits, what ends, through the relay as it is."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from bots import crashpoints
from bots.models import AuditEntry, Bot, BotStatus, Channel, Contact
from bots.outbox import relay
from bots.outbox.models import MessageState, OutboxAttempt, OutboxMessage
from flows.engine.effects import AnswerPress, Effect, OutButton, OutMessage, ParseMode, RemoveKeyboard, Say
from telegram_gateway import sending
from telegram_gateway.selectors import sending_bots
from tests.support.fake_telegram import (
    FakeTelegram,
    Fault,
    blocked,
    drop_after,
    drop_before,
    refuse,
    too_many_requests,
)
from tests.telegram_gateway.conftest import USER_ID, MakeBot, Send

pytestmark = pytest.mark.django_db


def run(message: OutboxMessage) -> OutboxMessage:
    """One look of the relay, with fresh facts of every bot; the row as it is then.

    The facts are read here, since the thread that reads them otherwise does not see this test's transaction.
    """
    for bot_id in Bot.unscoped.values_list("id", flat=True):
        sending_bots.get(bot_id, no_older_than=0)
    relay.run_once()
    message.refresh_from_db()
    return message


def run_now(message: OutboxMessage) -> OutboxMessage:
    """The same, for a row whose time has not come yet."""
    OutboxMessage.unscoped.filter(id=message.id).update(due_at=timezone.now() - timedelta(seconds=1))
    return run(message)


def seconds_until(message: OutboxMessage) -> float:
    return (message.due_at - timezone.now()).total_seconds()


@pytest.mark.django_db(transaction=True)
def test_what_is_not_known_of_a_bot_is_read(telegram: FakeTelegram, send: Send) -> None:
    message = send("oi")
    relay.run_once()
    message.refresh_from_db()

    assert message.state == MessageState.DONE


@pytest.mark.django_db(transaction=True)
def test_a_bot_that_came_back_sends_at_once(telegram: FakeTelegram, bot: Bot, send: Send) -> None:
    Bot.unscoped.filter(id=bot.id).update(status=BotStatus.REVOKED)
    sending_bots.get(bot.id)
    Bot.unscoped.filter(id=bot.id).update(status=BotStatus.ACTIVE)
    message = send("oi")

    relay.run_once()

    message.refresh_from_db()
    assert message.state == MessageState.DONE


def test_a_message_reaches_the_chat(telegram: FakeTelegram, bot: Bot, send: Send) -> None:
    text = OutMessage("Olá <b>Ana</b>", ParseMode.HTML, buttons=((OutButton("Começar", begin=True),),))

    message = run(send(Say(text)))

    (call,) = telegram.accepted()
    assert (call.token, call.method, call.chat_id, call.text) == (bot.token, "sendMessage", USER_ID, "Olá <b>Ana</b>")
    assert call.buttons == [{"text": "Começar", "callback_data": "start"}]
    assert (message.state, message.result) == (MessageState.DONE, {"message_ids": [call.message_id]})


def test_messages_of_a_chat_keep_their_order(telegram: FakeTelegram, send: Send) -> None:
    messages = [send(f"m{number}") for number in range(5)]
    telegram.fail(refuse(500, "Internal Server Error"))

    run(messages[0])
    run_now(messages[0])
    for message in messages[1:]:
        run(message)

    assert [call.text for call in telegram.sent_to(USER_ID)] == ["m0", "m1", "m2", "m3", "m4"]


@pytest.mark.parametrize("fault", [refuse(500, "Internal Server Error"), drop_before(), drop_after()])
def test_an_unknown_outcome_is_tried_again(telegram: FakeTelegram, send: Send, fault: Fault) -> None:
    telegram.fail(fault)

    message = run(send("oi"))

    assert (message.state, message.attempts) == (MessageState.NEW, 1)
    assert message.last_error.startswith("outcome_unknown")
    assert 0.5 < seconds_until(message) <= 1.1
    assert run_now(message).state == MessageState.DONE
    assert OutboxAttempt.unscoped.filter(message_id=message.id).count() == 2


def test_a_flood_pauses_the_bot_and_is_no_attempt(telegram: FakeTelegram, bot: Bot, send: Send) -> None:
    telegram.fail(too_many_requests(30))
    first = run(send("oi"))
    other = run(send(RemoveKeyboard(3)))

    assert (first.state, first.attempts) == (other.state, other.attempts) == (MessageState.NEW, 0)
    assert 25 < seconds_until(first) <= 30
    assert len(telegram.attempts()) == 1
    bot.refresh_from_db()
    assert bot.paused_until is not None
    assert 25 < (bot.paused_until - timezone.now()).total_seconds() <= 30


def test_a_pause_is_kept_by_every_process(telegram: FakeTelegram, bot: Bot, send: Send) -> None:
    until = timezone.now() + timedelta(seconds=50)
    Bot.unscoped.filter(id=bot.id).update(paused_until=until)

    message = run(send("oi"))

    assert (message.state, message.attempts, telegram.attempts()) == (MessageState.NEW, 0, [])
    assert 45 < seconds_until(message) <= 50


@pytest.mark.parametrize(
    "description",
    [
        "Forbidden: bot was blocked by the user",
        "Forbidden: user is deactivated",
        "Forbidden: bot can't initiate conversation with a user",
    ],
)
def test_a_contact_that_went_away_is_marked_and_the_rest_is_cancelled(
    telegram: FakeTelegram, contact: Contact, send: Send, description: str
) -> None:
    telegram.fail(refuse(403, description))
    first, second, third = send("1"), send("2"), send("3")

    run(first)

    states = [OutboxMessage.unscoped.get(id=message.id).state for message in (first, second, third)]
    assert states == [MessageState.CANCELLED] * 3
    contact.refresh_from_db()
    assert contact.blocked_at is not None
    assert len(telegram.attempts()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "description"), [(401, "Unauthorized"), (404, "Not Found")])
def test_a_revoked_token_stops_the_bot_and_holds_its_messages(
    telegram: FakeTelegram, bot: Bot, send: Send, status: int, description: str
) -> None:
    telegram.fail(refuse(status, description, times=100))
    message = run(send("oi"))

    bot.refresh_from_db()
    assert (bot.status, bot.last_error) == (BotStatus.REVOKED, f"bot_revoked: {description}")
    assert (message.state, message.attempts) == (MessageState.NEW, 0)
    assert seconds_until(message) > 200
    assert run_now(message).state == MessageState.NEW
    assert len(telegram.attempts()) == 1
    entry = AuditEntry.unscoped.get()
    assert (entry.action, entry.object_id) == ("bot.token_revoked", str(bot.id))


def test_a_token_that_was_replaced_meanwhile_revokes_nothing(telegram: FakeTelegram, bot: Bot, send: Send) -> None:
    run(send("warm"))
    Bot.unscoped.filter(id=bot.id).update(token_hash="f" * 64)
    telegram.fail(refuse(401, "Unauthorized"))

    run(send("oi"))

    bot.refresh_from_db()
    assert bot.status == BotStatus.ACTIVE


def test_a_new_token_sends_what_was_held(telegram: FakeTelegram, bot: Bot, send: Send, make_bot: MakeBot) -> None:
    telegram.revoked.add(str(bot.token))
    message = run(send("oi"))
    other = make_bot()
    other.delete()
    bot.refresh_from_db()
    bot.token, bot.token_hash, bot.status = other.token, other.token_hash, BotStatus.ACTIVE
    bot.save()
    sending_bots.forget(bot.id)

    assert run_now(message).state == MessageState.DONE
    assert [call.text for call in telegram.accepted(token=other.token)] == ["oi"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", [BotStatus.PAUSED, BotStatus.REVOKED])
def test_a_bot_that_stands_still_holds_its_messages(
    telegram: FakeTelegram, bot: Bot, send: Send, status: BotStatus
) -> None:
    Bot.unscoped.filter(id=bot.id).update(status=status)

    message = run(send("oi"))

    assert (message.state, message.attempts, telegram.attempts()) == (MessageState.NEW, 0, [])


def test_a_disconnected_bot_sends_nothing_more(telegram: FakeTelegram, bot: Bot, send: Send) -> None:
    Bot.unscoped.filter(id=bot.id).update(status=BotStatus.DISCONNECTED)

    assert run(send("oi")).state == MessageState.CANCELLED
    assert telegram.attempts() == []


def test_a_deleted_bot_sends_nothing_more(telegram: FakeTelegram, bot: Bot, send: Send) -> None:
    message = send("oi")
    bot.delete()

    assert run(message).state == MessageState.CANCELLED


def test_markup_that_cannot_be_parsed_is_sent_plain_and_flagged(telegram: FakeTelegram, send: Send) -> None:
    telegram.fail(refuse(400, "Bad Request: can't parse entities: Unsupported start tag"))

    message = run(send(Say(OutMessage("<b>Oi</b> &lt;3", ParseMode.HTML))))

    (call,) = telegram.accepted()
    assert (call.text, "parse_mode" in call.parameters) == ("Oi <3", False)
    assert (message.state, message.result) == (
        MessageState.DONE,
        {"message_ids": [call.message_id], "plain": True},
    )


@pytest.mark.parametrize(
    ("description", "code"),
    [
        ("Bad Request: chat not found", "chat_not_found"),
        ("Bad Request: BUTTON_DATA_INVALID", "bad_content"),
        ("Bad Request: something new", "refused"),
    ],
)
def test_what_cannot_be_sent_ends_and_the_next_message_goes_out(
    telegram: FakeTelegram, send: Send, description: str, code: str
) -> None:
    telegram.fail(refuse(400, description))
    first, second = send("1"), send("2")

    run(first)
    run(second)

    assert (first.state, first.error_code) == (MessageState.DEAD, code)
    assert second.state == MessageState.DONE


def test_a_message_with_nothing_to_show_is_dead(telegram: FakeTelegram, send: Send) -> None:
    message = run(send(" "))

    assert (message.state, message.error_code) == (MessageState.DEAD, "empty_message")


def test_a_chat_that_moved_is_written_to_where_it_is(telegram: FakeTelegram, send: Send) -> None:
    telegram.fail(Fault(status=400, description="upgraded", parameters={"migrate_to_chat_id": -100_500}))

    assert run(send("oi")).state == MessageState.DONE
    assert [call.chat_id for call in telegram.accepted()] == [-100_500]


def test_a_process_that_breaks_off_within_a_long_message_repeats_what_it_could_not_note(
    telegram: FakeTelegram, send: Send
) -> None:
    message = send(Say(OutMessage("word " * 1_000, buttons=((OutButton("Go", begin=True),),))))

    with crashpoints.planned(f"{sending.BETWEEN_CALLS}:1:raise"):
        run(message)
    assert (message.state, len(telegram.accepted())) == (MessageState.NEW, 1)
    run_now(message)

    first, repeated, last = telegram.accepted()
    assert message.state == MessageState.DONE
    assert first.text == repeated.text
    assert (first.buttons, last.buttons) == ([], [{"text": "Go", "callback_data": "start"}])


def test_a_long_message_goes_on_where_it_was_held_back(telegram: FakeTelegram, send: Send) -> None:
    text = "first " * 600 + "second " * 500
    message = send(Say(OutMessage(text)))
    run_first = {"done": False}

    async def then_flood(bot: Any, call: Any) -> Any:
        answer = await attempt(bot, call)
        if not run_first["done"]:
            run_first["done"] = True
            telegram.fail(too_many_requests(1))
        return answer

    attempt = sending.attempt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "attempt", then_flood)
        run(message)
    assert (message.state, message.attempts, len(telegram.accepted())) == (MessageState.NEW, 0, 1)

    Bot.unscoped.update(paused_until=None)
    sending_bots.clear()
    run_now(message)

    sent = telegram.accepted()
    assert message.state == MessageState.DONE
    assert "".join(f"{call.text} " for call in sent).split() == text.split()
    assert message.result == {"message_ids": [call.message_id for call in sent]}


def test_what_the_limiter_holds_back_returns_with_a_time(
    telegram: FakeTelegram, send: Send, settings: Settings
) -> None:
    settings.TELEGRAM_CHAT_RATE = 0.01
    messages = [send(f"m{number}") for number in range(7)]

    for message in messages:
        run(message)

    assert [message.state for message in messages] == [MessageState.DONE] * 5 + [MessageState.NEW] * 2
    assert (messages[5].attempts, messages[5].last_error) == (0, "held back by the sending limit")
    assert 90 < seconds_until(messages[5]) <= 101


def test_a_press_is_answered(telegram: FakeTelegram, send: Send) -> None:
    message = run(send(AnswerPress("77", text="Um momento", alert=True)))

    (call,) = telegram.accepted()
    assert (call.method, call.parameters) == (
        "answerCallbackQuery",
        {"callback_query_id": "77", "text": "Um momento", "show_alert": True},
    )
    assert message.state == MessageState.DONE


def test_a_press_answered_too_late_is_no_trouble(telegram: FakeTelegram, send: Send) -> None:
    telegram.fail(refuse(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"))

    assert run(send(AnswerPress("77"))).state == MessageState.DONE


def test_buttons_are_taken_off(telegram: FakeTelegram, send: Send) -> None:
    message = run(send(RemoveKeyboard(9)))

    (call,) = telegram.accepted()
    assert (call.method, call.parameters["message_id"]) == ("editMessageReplyMarkup", 9)
    assert message.state == MessageState.DONE


@pytest.mark.parametrize(
    "description", ["Bad Request: message is not modified", "Bad Request: message to edit not found"]
)
def test_buttons_that_are_gone_already_are_as_good(telegram: FakeTelegram, send: Send, description: str) -> None:
    telegram.fail(refuse(400, description))

    assert run(send(RemoveKeyboard(9))).state == MessageState.DONE


def test_a_test_chat_calls_nobody_and_keeps_what_would_have_been_sent(telegram: FakeTelegram, send: Send) -> None:
    message = run(send(Say(OutMessage("oi", qr="000201...")), channel=Channel.SIMULATOR))

    assert telegram.attempts() == []
    assert message.state == MessageState.DONE
    (call,) = message.result["calls"]
    assert (call["method"], call["params"]["caption"], call["params"]["chat_id"]) == ("sendPhoto", "oi", USER_ID)
    assert call["params"]["photo"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("effect", [AnswerPress("77", text="oi"), RemoveKeyboard(9)])
def test_a_test_chats_other_calls_are_kept_as_well(telegram: FakeTelegram, send: Send, effect: Effect) -> None:
    message = run(send(effect, channel=Channel.SIMULATOR))

    assert (telegram.attempts(), message.state, len(message.result["calls"])) == ([], MessageState.DONE, 1)


def test_a_block_of_one_chat_holds_up_no_other(telegram: FakeTelegram, send: Send, make_bot: MakeBot) -> None:
    telegram.fail(blocked(chat_id=USER_ID, times=1))
    first = send("1")
    second = send("2", of=make_bot())

    run(first)
    second.refresh_from_db()

    # Both leave at once, and the block meets whichever comes first.
    assert {first.state, second.state} == {MessageState.CANCELLED, MessageState.DONE}
