"""Leases: one poller per bot, whatever happens; the offset never runs ahead of the rows."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection
from django.db.models.functions import Now

from bots import crashpoints
from bots.models import Bot, BotStatus, Delivery
from flows.models import InboxEvent
from telegram_gateway import leases
from telegram_gateway.leases import LeaseLost, PolledBot, hold_leases, release_leases, store_batch
from telegram_gateway.protocol.updates import Polled, dump
from tests.chaos import hostile
from tests.telegram_gateway.conftest import MakeBot

FIRST, SECOND = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def polled(make_bot: MakeBot) -> Bot:
    return make_bot(delivery=Delivery.POLLING)


def batch(*update_ids: int) -> list[Polled]:
    return [Polled(number, dump({"update_id": number, "message": hostile.MESSAGE})) for number in update_ids]


def run_out() -> None:
    Bot.unscoped.update(polling_lease_until=Now() - timedelta(seconds=1))


@pytest.mark.django_db
class TestHolding:
    def test_a_free_bot_is_taken_by_the_first_who_looks(self, polled: Bot) -> None:
        assert [bot.id for bot in hold_leases(FIRST)] == [polled.id]
        assert hold_leases(SECOND) == []
        assert [bot.token for bot in hold_leases(FIRST)] == [polled.token]

    def test_a_lease_that_ran_out_is_anybodys(self, polled: Bot) -> None:
        hold_leases(FIRST)
        run_out()

        assert [bot.id for bot in hold_leases(SECOND)] == [polled.id]
        assert hold_leases(FIRST) == []

    def test_a_lease_is_renewed_once_half_of_it_is_over(self, polled: Bot) -> None:
        hold_leases(FIRST)
        before = Bot.unscoped.get().polling_lease_until
        hold_leases(FIRST)
        assert Bot.unscoped.get().polling_lease_until == before

        Bot.unscoped.update(polling_lease_until=Now() + timedelta(seconds=10))
        hold_leases(FIRST)
        after = Bot.unscoped.get().polling_lease_until
        assert before is not None
        assert after is not None
        assert after > before

    def test_what_is_released_is_free_at_once(self, polled: Bot) -> None:
        hold_leases(FIRST)
        release_leases(FIRST)

        assert [bot.id for bot in hold_leases(SECOND)] == [polled.id]

    @pytest.mark.parametrize(
        "fields",
        [
            {"delivery": Delivery.WEBHOOK},
            {"delivery": Delivery.SIMULATOR},
            {"delivery": Delivery.POLLING, "status": BotStatus.PAUSED},
            {"delivery": Delivery.POLLING, "status": BotStatus.REVOKED},
            {"delivery": Delivery.POLLING, "token": None, "token_hash": None},
        ],
    )
    def test_other_bots_are_left_alone(self, make_bot: MakeBot, fields: dict[str, object]) -> None:
        make_bot(**fields)

        assert hold_leases(FIRST) == []


@pytest.mark.django_db
class TestStoring:
    def test_rows_and_offset_are_stored_together(self, polled: Bot) -> None:
        (bot,) = hold_leases(FIRST)

        assert store_batch(FIRST, bot, batch(7, 9)) == 10
        assert sorted(InboxEvent.unscoped.values_list("external_id", flat=True)) == ["7", "9"]
        assert Bot.unscoped.get().polling_offset == 10

    def test_without_the_lease_nothing_is_stored(self, polled: Bot) -> None:
        (bot,) = hold_leases(FIRST)
        run_out()

        with pytest.raises(LeaseLost):
            store_batch(FIRST, bot, batch(7))

        assert (InboxEvent.unscoped.count(), Bot.unscoped.get().polling_offset) == (0, 0)

    def test_a_batch_that_comes_again_is_stored_once(self, polled: Bot) -> None:
        (bot,) = hold_leases(FIRST)
        store_batch(FIRST, bot, batch(7))
        run_out()
        (again,) = hold_leases(SECOND)

        store_batch(SECOND, again, batch(7, 8))

        assert sorted(InboxEvent.unscoped.values_list("external_id", flat=True)) == ["7", "8"]

    def test_a_death_before_the_commit_leaves_the_offset_with_the_rows(self, polled: Bot) -> None:
        (bot,) = hold_leases(FIRST)

        with crashpoints.planned(f"{leases.BEFORE_COMMIT}:1:raise"), pytest.raises(crashpoints.CrashPointReached):
            store_batch(FIRST, bot, batch(7))

        assert (InboxEvent.unscoped.count(), Bot.unscoped.get().polling_offset) == (0, 0)

    def test_every_hostile_update_is_stored(self, polled: Bot) -> None:
        (bot,) = hold_leases(FIRST)
        bodies = [Polled(number, body) for number, (_, body) in enumerate(hostile.small_corpus(), 1)]

        assert store_batch(FIRST, bot, bodies) == len(bodies) + 1


def hold_at_once(hold: Callable[[uuid.UUID], list[PolledBot]]) -> int:
    """How many of eight pollers that look at the same moment believe they have the bot."""
    start = threading.Barrier(8)

    def look(_: int) -> int:
        close_old_connections()
        try:
            start.wait()
            return len(hold(uuid.uuid4()))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(look, range(8)))


@pytest.mark.django_db(transaction=True)
def test_of_eight_pollers_at_once_one_has_the_bot(polled: Bot) -> None:
    for _ in range(5):
        assert hold_at_once(hold_leases) == 1
        Bot.unscoped.update(polling_lease_until=None, polling_lease_token=None)


@pytest.mark.django_db(transaction=True)
def test_without_the_row_lock_several_would(polled: Bot) -> None:
    everybody_has_looked = threading.Barrier(8)

    def look_then_take(holder: uuid.UUID) -> list[PolledBot]:
        free = list(Bot.unscoped.filter(polling_lease_until__isnull=True))
        everybody_has_looked.wait()
        Bot.unscoped.filter(id__in=[bot.id for bot in free]).update(polling_lease_token=holder)
        return [PolledBot(bot.id, bot.organization_id, 0, None, "") for bot in free]

    assert hold_at_once(look_then_take) == 8
