"""Choices at a publication for thousands, and for people who are talking meanwhile."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from bots.redis import RedisUnavailable
from flows.engine.codec import dump_state
from flows.engine.state import NO_FACTS, Status, new_state
from flows.models import Conversation, Flow, FlowVersion, InboxEvent, Run, TimelineEntry
from flows.runtime import bulk, runner, work
from flows.services import moving
from tests.factories.flows import drain
from tests.factories.payments import Shop, make_shop
from tests.flows.services.moving import a_running_flow, end, move, of_run, publish, someone
from tests.support.flows import sales_flow
from tests.support.races import at_once
from tests.support.sql import recorded_sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def flow(shop: Shop) -> Flow:
    return a_running_flow(shop.bot, sales_flow())


# Thousands


CROWD = """
WITH contact AS (
    INSERT INTO bots_contact (id, organization_id, bot_id, telegram_user_id)
    SELECT gen_random_uuid(), %(organization)s, %(bot)s, 9000000 + place FROM generate_series(1, %(number)s) AS place
    RETURNING id, telegram_user_id
), conversation AS (
    INSERT INTO flows_conversation
        (id, organization_id, bot_id, contact_id, telegram_user_id, stack, top_run_id, attention)
    SELECT gen_random_uuid(), %(organization)s, %(bot)s, id, telegram_user_id, ARRAY[id], id, false FROM contact
    RETURNING id, contact_id
)
INSERT INTO flows_run
    (id, organization_id, conversation_id, contact_id, bot_id, flow_id, version_id, status, revision, step_id, state,
     owes, started_at, failure, created_at)
SELECT contact_id, %(organization)s, id, contact_id, %(bot)s, %(flow)s, %(version)s, 'active', 0, 'menu',
       %(state)s::jsonb || jsonb_build_object('run_id', contact_id), false, now(), '', now()
FROM conversation
"""


def crowd(flow: Flow, number: int) -> None:
    """So many people at the menu, put there without talking to each; a run has the id of its contact."""
    version = FlowVersion.unscoped.get(flow=flow, number=1)
    state = new_state(run_id=version.pk, version_id=version.pk, facts=NO_FACTS, seed=1, now=timezone.now())
    state = replace(state, status=Status.WAITING, step_id="menu", wait=1)
    values: dict[str, Any] = {
        "organization": flow.organization_id,
        "bot": flow.bot_id,
        "flow": flow.pk,
        "version": version.pk,
        "number": number,
        "state": json.dumps(dump_state(state)),
    }
    with connection.cursor() as cursor:
        cursor.execute(CROWD, values)


def test_ten_thousand_people_inside_cost_a_handful_of_statements(flow: Flow) -> None:
    with recorded_sql() as few:
        publish(flow, choices={"menu": end("Fim")})
    crowd(flow, 10_000)
    with recorded_sql() as many:
        publish(flow, choices={"menu": end("Fim")})
    assert InboxEvent.unscoped.filter(state="new").count() == 10_000
    assert len(many) - len(few) <= 2


def test_a_crowd_is_moved_to_the_last_one(flow: Flow) -> None:
    crowd(flow, 300)
    with patch.object(moving, "BATCH", 70):
        publish(flow, choices={"menu": move("ask_email")})
    drain()
    assert Run.unscoped.filter(flow=flow, step_id="ask_email", version__number=2, status="active").count() == 300
    assert TimelineEntry.unscoped.filter(kind="version_moved").count() == 300


# While they are talking


def no_redis(*args: object) -> str:
    raise RedisUnavailable


@pytest.fixture
def freely(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One shard, and no cache lock: it is only manners."""
    settings.FLOW_SHARDS = 1
    monkeypatch.setattr(runner, "owned_lock", no_redis)


@contextmanager
def nobody_locks_and_both_read_before_either_writes() -> Iterator[None]:
    gate = threading.Barrier(2, timeout=20)
    write = work._write

    def claim(ids: Any) -> list[Conversation]:
        return list(Conversation.unscoped.select_related("contact").filter(pk__in=list(ids)).order_by("pk"))

    def write_together(*args: Any) -> None:
        gate.wait()
        write(*args)

    with patch.object(work, "claim_conversations", claim), patch.object(work, "_write", write_together):
        yield


def two_drains() -> list[str]:
    answers = at_once(2, lambda _place: runner.drain(0))
    return [type(answer).__name__ for answer in answers if isinstance(answer, BaseException)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("freely")
def test_a_move_and_an_answer_at_once_happen_once_each_in_order() -> None:
    flow = a_running_flow(make_shop().bot, sales_flow())
    people = [someone(flow, "ask_email") for _ in range(6)]
    publish(flow, choices={"ask_email": move("menu")})

    def talks(place: int) -> None:
        people[place].say("ana@example.com")
        runner.drain(0)

    assert [answer for answer in at_once(6, talks) if answer is not None] == []
    drain()
    # The move came first, so the address was said at the menu, which has no such button.
    assert [of_run(person) for person in people] == [(2, "menu", "active")] * 6
    assert [person.timeline().count("version_moved") for person in people] == [1] * 6
    assert [person.timeline().count("unmatched") for person in people] == [1] * 6


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("freely")
def test_two_drains_at_once_move_a_person_once() -> None:
    flow = a_running_flow(make_shop().bot, sales_flow())
    person = someone(flow, "ask_email")
    publish(flow, choices={"ask_email": move("menu")})
    two_drains()
    drain()
    assert (of_run(person), person.timeline().count("version_moved")) == ((2, "menu", "active"), 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("freely")
def test_their_twin_without_the_row_lock_meets_the_runs_revision() -> None:
    flow = a_running_flow(make_shop().bot, sales_flow())
    person = someone(flow, "ask_email")
    publish(flow, choices={"ask_email": move("menu")})
    reached = []
    original = bulk.write_runs

    def note(rows: Any) -> None:
        reached.append(len(rows))
        original(rows)

    with nobody_locks_and_both_read_before_either_writes(), patch.object(bulk, "write_runs", note):
        at_once(2, lambda _place: runner.drain(0))
    # Both moved the same person; only the run's revision kept the second from being written.
    assert reached[:2] == [1, 1]
    drain()
    assert person.timeline().count("version_moved") == 1


def test_a_lost_bell_changes_nothing(flow: Flow) -> None:
    person = someone(flow, "ask_email")
    with patch.object(moving, "enqueue_on_commit", lambda *args, **kwargs: None):
        publish(flow, choices={"ask_email": move("menu")})
    runner.sweep()
    assert of_run(person) == (2, "menu", "active")
