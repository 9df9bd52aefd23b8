"""The drain: many conversations in few statements, one failure never another's, nothing twice."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, OperationalError

from bots import redis
from bots.errors import Unavailable
from bots.models import Bot, Contact
from bots.redis import RedisUnavailable
from bots.tenancy import no_scope
from flows.models import DrainMark, InboxEvent, Run
from flows.runtime import bulk, routing, runner, version_cache, welcome, work
from flows.runtime.incoming import Incoming
from flows.runtime.turn import Turn
from tests.factories.flows import Person, drain, make_bot, make_flow_bot
from tests.support.flows import a_flow, a_question, an_access
from tests.support.sql import recorded_sql

pytestmark = pytest.mark.django_db

FAILURE = "⚠️ Erro ao processar fluxo. Tente novamente ou entre em contato com o suporte."
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
        taken = bulk.waiting(0, limit=20)
    mine = [one for one in taken if one.bot_id == quiet[0].bot.pk]
    assert (len(taken), len(mine)) == (20, 5)
    with no_scope(reason="test"):
        scarce = bulk.waiting(0, limit=8)
    assert sorted(one.bot_id == quiet[0].bot.pk for one in scarce) == [False] * 6 + [True] * 2


def test_alone_a_bot_may_have_it_all() -> None:
    for person in people(30):
        person.start()
    with no_scope(reason="test"):
        assert len(bulk.waiting(0, limit=20)) == 20


# Failures


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[Person, str], None]:
    """Makes the code raise for one text of one person."""
    poisoned: list[tuple[int, str]] = []
    healthy = routing.work_off

    def work_off(turn: Turn, incoming: Incoming) -> None:
        text = getattr(incoming.parsed.event, "text", "/start")
        if (turn.contact.telegram_user_id, text) in poisoned:
            raise ZeroDivisionError("poison")
        healthy(turn, incoming)

    monkeypatch.setattr(work, "work_off", work_off)
    return lambda person, text: poisoned.append((person.telegram_user_id, text))


def test_one_poisoned_conversation_of_100_never_delays_the_other_99(poison: Callable[[Person, str], None]) -> None:
    crowd = people(100)
    for person in crowd:
        person.start()
    poison(crowd[50], "/start")
    report = runner.drain(0)
    assert (report.conversations, report.failures, report.transactions) == (99, 1, 1)
    assert all(person.texts for person in crowd if person is not crowd[50])
    assert (crowd[50].inbox[0].attempts, crowd[50].inbox[0].state) == (1, "new")


def test_an_event_that_fails_three_times_is_set_aside_and_the_conversation_goes_on(
    poison: Callable[[Person, str], None],
) -> None:
    ana = people(1)[0]
    ana.start()
    drain()
    poison(ana, "veneno")
    ana.say("veneno")
    ana.say("Ana")
    seen = []
    for _ in range(3):
        drain()
        seen.append([(row.attempts, row.state) for row in ana.inbox[1:]])
    assert seen == [
        [(1, "new"), (0, "new")],
        [(2, "new"), (0, "new")],
        [(3, "set_aside"), (0, "done")],
    ]
    assert ana.texts == ["Qual é o seu nome?", FAILURE, "Quantos anos?"]
    assert ana.conversation.attention is True
    assert "set_aside" in ana.timeline()
    assert ana.inbox[1].error == "ZeroDivisionError: poison"


def test_what_came_before_the_failing_row_is_kept(poison: Callable[[Person, str], None]) -> None:
    ana = people(1)[0]
    ana.start()
    poison(ana, "veneno")
    ana.say("Ana")
    ana.say("veneno")
    drain()
    assert [(row.attempts, row.state) for row in ana.inbox] == [(0, "done"), (0, "done"), (1, "new")]
    assert ana.texts == ["Qual é o seu nome?", "Quantos anos?"]


def test_if_the_database_refuses_a_batch_its_conversations_go_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = people(10)
    for person in crowd:
        person.start()
    guilty = crowd[3]
    healthy = Turn.close_up

    def close_up(turn: Turn) -> Any:
        if turn.contact.telegram_user_id == guilty.telegram_user_id and not turn.attention:
            turn.heard("x", run_id=None, message_id=2**63, payload={})
        return healthy(turn)

    monkeypatch.setattr(Turn, "close_up", close_up)
    report = runner.drain(0)
    assert (report.conversations, report.failures) == (9, 1)
    assert all(person.texts for person in crowd if person is not guilty)
    drain()
    drain()
    assert (guilty.inbox[0].state, guilty.texts) == ("set_aside", [FAILURE])


def test_when_the_database_itself_fails_nobody_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = people(1)[0]
    ana.start()

    def refuse(rows: object) -> None:
        raise OperationalError("deadlock detected")

    with monkeypatch.context() as patch:
        patch.setattr(bulk, "write_runs", refuse)
        with pytest.raises(OperationalError):
            runner.drain(0)
    assert (ana.inbox[0].attempts, DrainMark.objects.count()) == (0, 0)
    assert runner.drain(0).events == 1


def test_a_row_that_cannot_even_be_set_aside_in_words_steps_out_of_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = people(1)[0]
    ana.start()

    def refuse(rows: object) -> None:
        raise DataError("no")

    monkeypatch.setattr(bulk, "write_history", lambda **rows: refuse(rows))
    for _ in range(3):
        drain()
    assert (ana.inbox[0].state, ana.inbox[0].error) == ("set_aside", "DataError: no")


def test_a_run_changed_behind_the_lock_rolls_everything_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = people(1)[0]
    ana.start()
    drain()
    written = bulk.write_runs

    def write_after_somebody_else(rows: Any) -> None:
        Run.unscoped.update(revision=77)
        written(rows)

    ana.say("Ana")
    with monkeypatch.context() as patch:
        patch.setattr(bulk, "write_runs", write_after_somebody_else)
        report = runner.drain(0)
    assert (report.events, report.failures) == (0, 1)
    assert ana.texts == ["Qual é o seu nome?"]


# What a dead worker leaves


def test_the_heads_of_a_dead_drain_count_an_attempt_once_its_lease_is_over() -> None:
    ana, bia = people(2)
    ana.start()
    bia.start()
    with no_scope(reason="test"):
        bulk.waiting(0, limit=10, mark=InboxEvent().pk, lease=-1.0)
        assert bulk.count_dead_drains() == 2
    assert DrainMark.objects.count() == 0
    assert [person.inbox[0].attempts for person in (ana, bia)] == [1, 1]
    report = runner.drain(0)
    assert (report.events, report.transactions) == (2, 2)
    assert [person.inbox[0].state for person in (ana, bia)] == ["done", "done"]


def test_the_heads_of_a_living_drain_count_nothing() -> None:
    ana = people(1)[0]
    ana.start()
    with no_scope(reason="test"):
        bulk.waiting(0, limit=10, mark=InboxEvent().pk, lease=60.0)
        assert bulk.count_dead_drains() == 0
    assert ana.inbox[0].attempts == 0


def test_a_drain_leaves_no_mark() -> None:
    ana = people(1)[0]
    ana.start()
    drain()
    assert DrainMark.objects.count() == 0


# State that cannot be read


def corrupt(person: Person) -> None:
    Run.unscoped.filter(pk=person.top.pk).update(state={"v": 99})


def test_a_state_that_cannot_be_read_sets_the_event_aside_at_once() -> None:
    ana = people(1)[0]
    ana.start()
    drain()
    corrupt(ana)
    ana.say("Ana")
    drain()
    assert (ana.inbox[-1].state, ana.inbox[-1].attempts) == ("set_aside", 0)
    assert ana.inbox[-1].error.startswith("CorruptState")
    assert (ana.texts[-1], ana.conversation.attention) == (FAILURE, True)


def test_a_press_that_is_set_aside_is_answered_all_the_same() -> None:
    ana = people(1)[0]
    ana.start()
    drain()
    corrupt(ana)
    ana.press("start")
    drain()
    assert (ana.inbox[-1].state, ana.answers, ana.texts[-1]) == ("set_aside", [None], FAILURE)


def test_start_gets_a_contact_out_of_a_run_that_cannot_be_read() -> None:
    ana = people(1)[0]
    ana.start()
    drain()
    corrupt(ana)
    ana.start()
    drain()
    assert [(run.status, run.failure) for run in ana.runs] == [("failed", "corrupt_state"), ("active", "")]
    assert (ana.runs[0].state, ana.top.step_id) == ({"v": 99}, "name")


# Whatever comes in


HOSTILE = [
    b"",
    b"\x00",
    b"null",
    b"[]",
    b"{",
    b'{"update_id": 1}',
    b'{"update_id": 1, "message": null}',
    b'{"update_id": 1, "message": {"text": "\\u0000 nul"}}',
    b'{"update_id": 1, "message": {"message_id": 1, "from": {"id": 5, "first_name": "\\u0000\\ud800"},'
    b' "chat": {"id": 5, "type": "private"}, "text": "\\u0000\\ud800 \\udfff"}}',
    b'{"update_id": NaN, "message": {"text": NaN}}',
    b'{"update_id": 1, "message": {"message_id": ' + b"9" * 5000 + b', "text": "x"}}',
    b'{"update_id": 1, "message": {"message_id": 9223372036854775808, "from": {"id": 5},'
    b' "chat": {"id": 5, "type": "private"}, "text": "oi", "date": 99999999999999}}',
    b'{"update_id": 1, "message": {"message_id": 1, "from": {"id": 5, "first_name": "' + b"x" * 5000 + b'"},'
    b' "chat": {"id": 5, "type": "private"}, "text": "' + b"y" * 1_000_000 + b'"}}',
    b"[" * 100_000,
    b'{"update_id": 1, "callback_query": {"id": "1", "from": {"id": 5}, "data": {"a": 1}}}',
    b'{"update_id": 1, "callback_query": {"id": 1, "from": {"id": 5}, "data": "x"}}',
    b'{"update_id": 1, "sorcery": {}}',
    '{"update_id": 1, "message": {"text": "ç"}}'.encode("utf-16"),
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_are_kept_and_the_chat_goes_on(body: bytes) -> None:
    ana, bia = people(2)
    ana.start()
    drain()
    ana.post(body, external_id="hostile")
    ana.say("Ana")
    bia.start()
    drain()
    hostile = next(row for row in ana.inbox if row.external_id == "hostile")
    assert (bytes(hostile.payload), hostile.attempts) == (body, 0)
    assert hostile.state in ("done", "ignored")
    assert "Quantos anos?" in ana.texts
    assert bia.texts == ["Qual é o seu nome?"]


def test_a_row_of_ours_that_cannot_be_read_is_set_aside() -> None:
    ana = people(1)[0]
    ana.start()
    drain()
    with no_scope(reason="test"):
        InboxEvent.unscoped.create(
            organization_id=ana.bot.organization_id,
            bot_id=ana.bot.pk,
            telegram_user_id=ana.telegram_user_id,
            shard=0,
            source="payment",
            external_id="x",
            payload=b'{"type": "sorcery"}',
        )
    drain()
    assert (ana.inbox[-1].state, ana.texts[-1]) == ("set_aside", FAILURE)


def test_long_names_are_cut_to_what_a_column_holds() -> None:
    ana = Person(make_flow_bot(), first_name="x" * 5000)
    ana.start()
    drain()
    assert len(Contact.unscoped.get().first_name) <= 256
    assert ana.inbox[0].state == "done"
