"""What fails in a drain: the others go on, and nothing is lost or tried for ever."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, OperationalError

from bots.models import Bot, Contact
from bots.outbox.models import OutboxMessage
from bots.tenancy import no_scope
from flows.models import DrainMark, InboxEvent, Run
from flows.runtime import bulk, inbox, routing, runner, work
from flows.runtime.incoming import Incoming
from flows.runtime.turn import Turn
from tests.factories.flows import Person, drain, make_flow_bot

pytestmark = pytest.mark.django_db


FAILURE = "⚠️ Erro ao processar fluxo. Tente novamente ou entre em contato com o suporte."


@pytest.fixture(autouse=True)
def one_shard(settings: Any) -> None:
    """So that a drain takes every conversation of the test."""
    settings.FLOW_SHARDS = 1


def people(count: int, bot: Bot | None = None) -> list[Person]:
    owner = bot or make_flow_bot()
    return [Person(owner) for _ in range(count)]


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
    told = OutboxMessage.unscoped.get(topic="notice.raised").payload
    assert (told["kind"], told["facts"], told["page"]) == ("event_set_aside", {"bot": ana.bot.name}, ["standing_list"])


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
        inbox.waiting(0, limit=10, mark=InboxEvent().pk, lease=-1.0)
        assert inbox.count_dead_drains() == 2
    assert DrainMark.objects.count() == 0
    assert [person.inbox[0].attempts for person in (ana, bia)] == [1, 1]
    report = runner.drain(0)
    assert (report.events, report.transactions) == (2, 2)
    assert [person.inbox[0].state for person in (ana, bia)] == ["done", "done"]


def test_the_heads_of_a_living_drain_count_nothing() -> None:
    ana = people(1)[0]
    ana.start()
    with no_scope(reason="test"):
        inbox.waiting(0, limit=10, mark=InboxEvent().pk, lease=60.0)
        assert inbox.count_dead_drains() == 0
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
