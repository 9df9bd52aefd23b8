"""The poller against a fake Telegram: fetches, stores, confirms, hands over, gives way."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from bots.models import Bot, BotStatus, Delivery
from bots.outbox.loop import outbox_loop
from flows.models import InboxEvent
from telegram_gateway import polling
from telegram_gateway.leases import PolledBot
from telegram_gateway.polling import Poller
from tests.chaos import hostile
from tests.support.fake_telegram import Call, Chat, FakeTelegram, Fault, drop_after, refuse, to_polling
from tests.telegram_gateway.conftest import MakeBot

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def polled(make_bot: MakeBot) -> Bot:
    return make_bot(delivery=Delivery.POLLING)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an error the poller comes back at once."""
    for name in ("FIRST_PAUSE", "LONGEST_PAUSE", "CONFLICT_PAUSE"):
        monkeypatch.setattr(polling, name, 0.02)


@contextmanager
def running(*, lease: float = 30.0) -> Iterator[Poller]:
    """A poller at work on the outbox's loop, stopped as the command stops it."""

    async def make() -> Poller:
        return Poller(lease=timedelta(seconds=lease), look_seconds=0.05, long_poll=1)

    poller = outbox_loop.run(make())
    task: Future[None] = asyncio.run_coroutine_threadsafe(poller.run(), outbox_loop.get())
    try:
        yield poller
    finally:
        outbox_loop.get().call_soon_threadsafe(poller.stop)
        task.result(10)


def message(update_id: int) -> dict[str, object]:
    return {"update_id": update_id, "message": hostile.MESSAGE}


def confirmed(telegram: FakeTelegram, bot: Bot, offset: int) -> Callable[[], Call | None]:
    """Looks for a fetch that confirms everything before `offset`."""

    def look() -> Call | None:
        fetches = telegram.accepted("getUpdates", token=bot.token)
        return next((call for call in fetches if call.parameters.get("offset") == offset), None)

    return look


def stored() -> list[str]:
    return sorted(InboxEvent.unscoped.values_list("external_id", flat=True), key=int)


def test_what_a_person_writes_is_fetched_stored_and_then_confirmed(telegram: FakeTelegram, polled: Bot) -> None:
    chat = Chat(telegram, str(polled.token), hostile.USER_ID, to_polling(telegram, str(polled.token)))
    with running():
        first, second = chat.start(), chat.say("oi")
        telegram.wait_for(confirmed(telegram, polled, second + 1))

    assert stored() == [str(first), str(second)]
    assert telegram.pending_updates(str(polled.token)) == 0


def test_many_bots_are_polled_together_and_new_ones_are_noticed(telegram: FakeTelegram, make_bot: MakeBot) -> None:
    bots = [make_bot(delivery=Delivery.POLLING) for _ in range(5)]
    with running():
        telegram.wait_for(lambda: len({call.token for call in telegram.accepted("getUpdates")}) == 5)
        late = make_bot(delivery=Delivery.POLLING)
        for bot in (*bots, late):
            telegram.push_update(str(bot.token), message(5))
            telegram.wait_for(confirmed(telegram, bot, 6))

    assert InboxEvent.unscoped.values("bot_id").distinct().count() == 6


def test_two_pollers_never_both_poll_one_bot(telegram: FakeTelegram, polled: Bot) -> None:
    with running(), running(), running():
        for update_id in range(10, 20):
            telegram.push_update(str(polled.token), message(update_id))
            telegram.wait_for(confirmed(telegram, polled, update_id + 1))

    assert telegram.most_polls_at_once[str(polled.token)] == 1
    assert stored() == [str(number) for number in range(10, 20)]


def test_without_leases_they_would(telegram: FakeTelegram, polled: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    held = PolledBot(polled.id, polled.organization_id, 0, None, str(polled.token))
    monkeypatch.setattr(polling, "hold_leases", lambda holder, lease: [held])

    with running(), running():
        telegram.wait_for(lambda: telegram.most_polls_at_once[str(polled.token)] > 1)


def test_a_poller_that_stops_hands_over_at_once(telegram: FakeTelegram, polled: Bot) -> None:
    with running():
        telegram.wait_for(lambda: telegram.accepted("getUpdates"))
    with running():
        telegram.push_update(str(polled.token), message(5))
        telegram.wait_for(confirmed(telegram, polled, 6))

    polled.refresh_from_db()
    assert (polled.polling_lease_token, polled.polling_offset) == (None, 6)


@pytest.mark.parametrize(
    "fault", [refuse(500, "Internal Server Error"), drop_after(), Fault(status=200, body=b"no json")]
)
def test_a_failing_fetch_is_repeated(telegram: FakeTelegram, polled: Bot, fault: Fault) -> None:
    telegram.fail(fault)
    with running():
        telegram.push_update(str(polled.token), message(5))
        telegram.wait_for(confirmed(telegram, polled, 6))

    assert stored() == ["5"]


def test_a_token_used_elsewhere_is_shown_to_the_owner(telegram: FakeTelegram, polled: Bot) -> None:
    telegram.fail(refuse(409, "Conflict: terminated by other getUpdates request"))
    with running():
        telegram.push_update(str(polled.token), message(5))
        telegram.wait_for(confirmed(telegram, polled, 6))

    polled.refresh_from_db()
    assert polled.last_error == "used_elsewhere: Conflict: terminated by other getUpdates request"
    assert polled.status == BotStatus.ACTIVE


def test_a_revoked_token_is_polled_no_more(telegram: FakeTelegram, polled: Bot, make_bot: MakeBot) -> None:
    other = make_bot(delivery=Delivery.POLLING)
    telegram.revoked.add(str(polled.token))
    with running():
        telegram.push_update(str(other.token), message(5))
        telegram.wait_for(confirmed(telegram, other, 6))
        telegram.push_update(str(other.token), message(6))
        telegram.wait_for(confirmed(telegram, other, 7))

    polled.refresh_from_db()
    assert polled.status == BotStatus.REVOKED
    assert len(telegram.attempts("getUpdates", token=polled.token)) == 1


@pytest.mark.parametrize(("idle", "offset"), [(timedelta(days=5), 77), (timedelta(days=8), 0)])
def test_after_a_week_of_silence_the_offset_is_forgotten(
    telegram: FakeTelegram, polled: Bot, idle: timedelta, offset: int
) -> None:
    Bot.unscoped.filter(id=polled.id).update(polling_offset=77, last_update_at=timezone.now() - idle)
    with running():
        first = telegram.wait_for(lambda: telegram.accepted("getUpdates"))[0]

    assert first.parameters["offset"] == offset


def test_hostile_updates_do_not_stop_the_others(telegram: FakeTelegram, polled: Bot) -> None:
    updates = [
        {"update_id": 1, "message": {**hostile.MESSAGE, "text": "\ud800\x00"}},
        {"update_id": 2, "message": []},
        {"update_id": 3, "message": {**hostile.MESSAGE, "date": 10**30}},
        {"update_id": 4, "message": {**hostile.MESSAGE, "date": float("nan")}},
        message(5),
    ]
    for update in updates:
        telegram.push_update(str(polled.token), update)
    with running():
        telegram.wait_for(confirmed(telegram, polled, 6))

    assert stored() == ["1", "3", "4", "5"]
