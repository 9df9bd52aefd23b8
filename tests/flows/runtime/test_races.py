"""Many workers and many updates at once; each race has its twin that shows it without the guard."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection

from bots.crashpoints import crash_point, registered
from bots.models import Contact
from bots.redis import RedisUnavailable
from bots.tenancy import no_scope
from flows.models import Conversation, InboxEvent, Run
from flows.runtime import bulk, routing, runner, timers, work
from tests.factories.flows import Person, drain, make_flow_bot
from tests.support.crashes import killed_at
from tests.support.flows import a_delay, a_flow, an_access
from tests.support.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

DRAIN_POINTS = (
    "drain.marked",
    "drain.claimed",
    "drain.advanced",
    "drain.between_writes",
    "drain.before_commit",
    "drain.after_commit",
    "drain.before_release",
    "drain.after_release",
)
TIMER_POINTS = ("timers.claimed", "timers.before_commit", "timers.after_commit")


def no_redis(*args: object) -> str:
    raise RedisUnavailable


@pytest.fixture(autouse=True)
def one_shard_without_the_cache_lock(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache lock is only manners: what is proved here is proved without it."""
    settings.FLOW_SHARDS = 1
    monkeypatch.setattr(runner, "owned_lock", no_redis)


def drain_freely(_place: int = 0) -> runner.DrainReport:
    return runner.drain(0)


@contextmanager
def nobody_locks() -> Iterator[None]:
    """The row lock off: conversations are read, not claimed."""

    def claim(ids: Any) -> list[Conversation]:
        return list(Conversation.unscoped.select_related("contact").filter(pk__in=list(ids)).order_by("pk"))

    with patch.object(work, "claim_conversations", claim):
        yield


@contextmanager
def both_read_before_either_writes() -> Iterator[None]:
    gate = threading.Barrier(2, timeout=20)
    met = threading.Event()
    write = work._write

    def write_together(*args: Any) -> None:
        if not met.is_set():
            gate.wait()
            met.set()
        write(*args)

    with patch.object(work, "_write", write_together):
        yield


def a_known_contact() -> Person:
    """Somebody whose conversation exists, without any run."""
    ana = Person(make_flow_bot())
    ana.post(b"rubbish", external_id="rubbish")
    drain()
    assert ana.conversation.stack == []
    return ana


# One new contact


def test_fifty_starts_of_one_new_contact_at_once_make_one_run_and_one_welcome() -> None:
    ana = Person(make_flow_bot())

    def arrive(place: int) -> None:
        ana.start(update_id=place)
        drain_freely()

    assert [answer for answer in at_once(50, arrive) if answer is not None] == []
    drain()
    assert (Contact.unscoped.count(), Conversation.unscoped.count(), Run.unscoped.count()) == (1, 1, 1)
    assert ana.texts == ["Qual é o seu nome?"]
    assert {row.state for row in ana.inbox} == {"done", "ignored"}


def test_two_drains_of_one_shard_without_the_cache_lock_work_a_row_off_once() -> None:
    ana = a_known_contact()
    ana.start()
    reports = at_once(2, drain_freely)
    assert sum(report.events for report in reports if isinstance(report, runner.DrainReport)) == 1
    assert (len(ana.runs), ana.texts) == (1, ["Qual é o seu nome?"])


def test_its_twin_without_the_row_lock_begins_two_runs() -> None:
    ana = a_known_contact()
    ana.start()
    with nobody_locks(), both_read_before_either_writes():
        at_once(2, drain_freely)
    assert (len(ana.runs), ana.texts) == (2, ["Qual é o seu nome?"] * 2)


def test_without_the_row_lock_the_revision_still_refuses_the_second_write() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    ana.say("Ana")
    with nobody_locks(), both_read_before_either_writes():
        at_once(2, drain_freely)
    assert (ana.timeline().count("answered"), ana.texts) == (1, ["Qual é o seu nome?", "Quantos anos?"])


def test_its_twin_without_the_revision_writes_the_answer_twice() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    ana.say("Ana")
    careless = bulk._WRITE_RUNS.replace("AND run.revision = input.before", "")
    with nobody_locks(), both_read_before_either_writes(), patch.object(bulk, "_WRITE_RUNS", careless):
        at_once(2, drain_freely)
    assert ana.timeline().count("answered") == 2


# One update, many deliveries


def test_the_same_update_fifty_times_at_once_is_one_row() -> None:
    ana = Person(make_flow_bot())
    answers = at_once(50, lambda _place: ana.start(update_id=7))
    assert (answers.count(True), answers.count(False), len(ana.inbox)) == (1, 49, 1)


def test_its_twin_without_the_unique_key_is_fifty_rows() -> None:
    ana = Person(make_flow_bot())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE flows_inboxkey DROP CONSTRAINT flows_inboxkey_pkey")
    try:
        answers = at_once(50, lambda _place: ana.start(update_id=7))
        assert (answers.count(True), len(ana.inbox)) == (50, 50)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE flows_inboxkey, flows_inboxevent")
            cursor.execute("ALTER TABLE flows_inboxkey ADD PRIMARY KEY (bot_id, source, external_id)")


def test_many_people_answer_at_once_and_every_answer_counts_once() -> None:
    bot = make_flow_bot()
    crowd = [Person(bot) for _ in range(10)]

    def talk(place: int) -> None:
        for number, text in enumerate(("/start", "Ana", "33")):
            for _ in range(3):
                crowd[place].say(text, update_id=place * 10 + number)
                drain_freely()

    assert [answer for answer in at_once(10, talk) if answer is not None] == []
    drain()
    assert all(person.texts == ["Qual é o seu nome?", "Quantos anos?", "Até logo, Ana!"] for person in crowd)
    assert {run.status for run in Run.unscoped.all()} == {"ended"}


# Workers that die


def test_the_points_where_a_worker_may_die_are_all_known() -> None:
    ours = {name for name in registered() if name.startswith(("drain.", "timers."))}
    assert ours == {*DRAIN_POINTS, *TIMER_POINTS, "drain.attempt_counted"}


@pytest.mark.parametrize("point", DRAIN_POINTS)
def test_a_worker_killed_at_any_point_loses_nothing_and_does_nothing_twice(point: str, settings: Any) -> None:
    settings.TRILHO_LEASE_SECONDS = 0
    crowd = [Person(make_flow_bot()) for _ in range(3)]
    for person in crowd:
        person.start()
        person.say("Ana")
    assert killed_at(f"{point}:1:kill", drain_freely)
    runner.sweep()
    runner.sweep()
    for person in crowd:
        assert person.texts == ["Qual é o seu nome?", "Quantos anos?"]
        assert person.timeline() == ["started", "entered", "answered", "left", "entered"]
        assert [row.state for row in person.inbox] == ["done", "done"]


def test_an_event_that_kills_its_worker_each_time_is_set_aside_and_stops_nobody(settings: Any) -> None:
    settings.TRILHO_LEASE_SECONDS = 0
    bot = make_flow_bot()
    ana, bia = Person(bot), Person(bot)
    ana.start()
    bia.start()

    def deadly() -> None:
        healthy = routing.work_off

        def work_off(turn: Any, incoming: Any) -> None:
            healthy(turn, incoming)
            if turn.contact.telegram_user_id == ana.telegram_user_id:
                crash_point("test.deadly")

        with patch.object(work, "work_off", work_off):
            runner.sweep()

    deaths = 0
    while killed_at(",".join(f"test.deadly:{hit}:kill" for hit in range(1, 9)), deadly):
        deaths += 1
        assert deaths < 10
    assert deaths == 3
    assert (ana.inbox[0].state, bia.inbox[0].state) == ("set_aside", "done")
    assert bia.texts == ["Qual é o seu nome?"]
    assert ana.texts == ["⚠️ Erro ao processar fluxo. Tente novamente ou entre em contato com o suporte."]


def a_waiting_contact() -> Person:
    ana = Person(make_flow_bot(a_flow([a_delay("wait", minutes=5, next="bye"), an_access("bye", "Pronto")])))
    ana.start()
    drain()
    with no_scope(reason="test"), connection.cursor() as cursor:
        cursor.execute("UPDATE flows_timer SET due_at = now() - interval '1 second'")
    return ana


@pytest.mark.parametrize("point", TIMER_POINTS)
def test_a_sweep_killed_at_any_point_fires_each_timer_once(point: str) -> None:
    ana = a_waiting_contact()
    assert killed_at(f"{point}:1:kill", timers.fire_due_timers)
    timers.fire_due_timers()
    drain()
    assert ana.texts == ["Pronto"]
    assert InboxEvent.unscoped.filter(source="timer").count() == 1


def test_two_sweeps_at_once_fire_a_timer_once() -> None:
    ana = a_waiting_contact()
    assert Counter(at_once(4, lambda _place: timers.fire_due_timers())) == {0: 3, 1: 1}
    drain()
    assert ana.texts == ["Pronto"]
