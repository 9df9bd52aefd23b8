"""The drain: many conversations in few statements, one failure never another's, nothing twice."""

from typing import Any

import pytest

from bots import redis
from bots.errors import Unavailable
from bots.models import Bot
from bots.redis import RedisUnavailable
from bots.tenancy import no_scope
from flows.runtime import inbox, runner, version_cache, welcome
from tests.factories.flows import Person, drain, make_bot, make_flow_bot
from tests.support.flows import a_flow, a_question, an_access
from tests.support.sql import recorded_sql

pytestmark = pytest.mark.django_db

MOST_STATEMENTS = 14


@pytest.fixture(autouse=True)
def one_shard(settings: Any) -> None:
    """So that a drain takes every conversation of the test."""
    settings.FLOW_SHARDS = 1


def people(count: int, bot: Bot | None = None) -> list[Person]:
    owner = bot or make_flow_bot()
    return [Person(owner) for _ in range(count)]


# Statements


def long_flow(steps: int) -> dict[str, Any]:
    asks = [
        a_question(f"q{place}", next=f"q{place + 1}", conditions=[{"type": "time_elapsed", "target_step": "bye"}])
        for place in range(steps)
    ]
    return a_flow([*asks, an_access(f"q{steps}"), an_access("bye")])


@pytest.mark.parametrize("steps", [2, 400])
@pytest.mark.parametrize("count", [1, 10, 100])
def test_a_drain_needs_the_same_few_statements_for_any_number_of_conversations(count: int, steps: int) -> None:
    bot = make_flow_bot(long_flow(steps))
    Person(bot).start()
    drain()
    crowd = people(count, bot)
    for person in crowd:
        person.start()
    with recorded_sql() as arriving:
        runner.drain(0)
    for person in crowd:
        person.say("oi")
    with recorded_sql() as answering:
        report = runner.drain(0)
    assert (report.conversations, report.transactions) == (count, 1)
    # A full batch may not have been all: it looks once more under the lock.
    expected = 13 if count == runner.BATCH else 12
    assert (len(arriving), len(answering)) == (expected, expected)
    assert max(len(arriving), len(answering)) <= MOST_STATEMENTS


def test_versions_not_cached_cost_one_statement_together() -> None:
    crowd = [Person(make_flow_bot()) for _ in range(5)]
    for person in crowd:
        person.start()
    version_cache.forget_all()
    with recorded_sql() as statements:
        runner.drain(0)
    assert len(statements) == 12


def test_welcome_versions_of_many_bots_are_made_in_one_statement() -> None:
    crowd = [Person(make_bot(welcome_message=f"Bot {place}")) for place in range(5)]
    for person in crowd:
        person.start()
    welcome.forget_all()
    with recorded_sql() as statements:
        report = runner.drain(0)
    assert (report.conversations, len(statements)) == (5, 12)
    assert [person.texts for person in crowd] == [[f"Bot {place}"] for place in range(5)]


def test_a_look_at_an_empty_shard_costs_two_statements() -> None:
    with recorded_sql() as statements:
        report = runner.drain(0)
    assert (report.events, len(statements)) == (0, 2)


# The lock, the bell


def test_whoever_finds_the_lock_taken_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = people(1)[0]
    ana.start()
    monkeypatch.setattr(runner, "owned_lock", lambda key, ttl: None)
    report = runner.drain(0)
    assert (report.busy, report.events, ana.inbox[0].state) == (True, 0, "new")


def test_without_redis_it_drains_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*args: object) -> str:
        raise RedisUnavailable

    assert issubclass(RedisUnavailable, Unavailable)
    monkeypatch.setattr(runner, "owned_lock", dead)
    ana = people(1)[0]
    ana.start()
    assert runner.drain(0).events == 1


def test_the_holder_looks_once_more_after_letting_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row came after the last look under the lock, and its bell found the lock taken."""
    ana, bia = people(2)
    ana.start()
    let_go = redis.release

    def release_late(key: str, token: str) -> bool:
        monkeypatch.setattr(runner, "release", let_go)
        bia.start()
        return let_go(key, token)

    monkeypatch.setattr(runner, "release", release_late)
    runner.drain(0)
    assert bia.texts == ["Qual é o seu nome?"]


def test_a_bell_too_many_changes_nothing() -> None:
    ana = people(1)[0]
    ana.start()
    first, second = runner.drain(0), runner.drain(0)
    assert (first.events, second.events, len(ana.texts)) == (1, 0, 1)


def test_rows_of_a_larger_number_of_shards_are_still_found(settings: Any) -> None:
    settings.FLOW_SHARDS = 64
    crowd = people(20)
    for person in crowd:
        person.start()
    assert len({person.inbox[0].shard for person in crowd}) > 1
    settings.FLOW_SHARDS = 1
    drain()
    assert all(person.texts for person in crowd)


# Fairness


def test_a_noisy_bot_gets_at_most_a_quarter_while_others_wait() -> None:
    noisy, quiet = people(30), people(5)
    for person in noisy:
        person.start()
    for person in quiet:
        person.start()
    with no_scope(reason="test"):
        taken = inbox.waiting(0, limit=20)
    mine = [one for one in taken if one.bot_id == quiet[0].bot.pk]
    assert (len(taken), len(mine)) == (20, 5)
    with no_scope(reason="test"):
        scarce = inbox.waiting(0, limit=8)
    assert sorted(one.bot_id == quiet[0].bot.pk for one in scarce) == [False] * 6 + [True] * 2


def test_alone_a_bot_may_have_it_all() -> None:
    for person in people(30):
        person.start()
    with no_scope(reason="test"):
        assert len(inbox.waiting(0, limit=20)) == 20
