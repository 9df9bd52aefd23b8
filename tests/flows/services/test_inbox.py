"""The one door in: one statement, one row per (bot, source, external id), a bell once it is committed."""

import json
from typing import Any

import pytest
from django.db import transaction

from flows.engine.codec import load_event
from flows.engine.events import TimerFired, TimerKind
from flows.models import InboxEvent, InboxKey, InboxSource
from flows.runtime.shards import shard_of
from tests.factories.flows import Person, make_bot
from tests.support.sql import recorded_sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    rung: list[tuple[Any, ...]] = []
    monkeypatch.setattr("bots.jobs.enqueue", lambda task, **options: rung.append((task, *options.values())))
    return rung


def test_an_update_is_stored_as_it_came_in_one_statement() -> None:
    ana = Person(make_bot())
    with recorded_sql() as statements:
        assert ana.post(b"\x00\xff rubbish", external_id="7") is True
    assert len(statements) == 1
    row = InboxEvent.unscoped.get()
    assert (bytes(row.payload), row.source, row.external_id, row.state) == (b"\x00\xff rubbish", "telegram", "7", "new")
    assert (row.organization_id, row.bot_id) == (ana.bot.organization_id, ana.bot.pk)
    assert (row.telegram_user_id, row.attempts, row.run_id) == (ana.telegram_user_id, 0, None)
    assert row.shard == shard_of(ana.bot.pk, ana.telegram_user_id)


def test_a_repeated_delivery_changes_nothing() -> None:
    ana = Person(make_bot())
    assert [ana.post(body, external_id="7") for body in (b"first", b"second")] == [True, False]
    assert [bytes(row.payload) for row in InboxEvent.unscoped.all()] == [b"first"]
    assert InboxKey.objects.count() == 1


def test_the_same_external_id_of_another_bot_or_source_is_another_row() -> None:
    ana, bia = Person(make_bot()), Person(make_bot())
    event = TimerFired(TimerKind.DELAY, 1)
    assert ana.post(b"{}", external_id="7")
    assert bia.post(b"{}", external_id="7")
    assert ana.happen(event, source=InboxSource.TIMER, external_id="7")
    assert InboxEvent.unscoped.count() == 3


def test_an_event_of_ours_is_read_back_as_it_was() -> None:
    ana = Person(make_bot())
    event = TimerFired(TimerKind.PENDING, 4, 2)
    with recorded_sql() as statements:
        ana.happen(event, source=InboxSource.TIMER, external_id="t")
    row = InboxEvent.unscoped.get()
    assert len(statements) == 1
    assert load_event(json.loads(bytes(row.payload))) == event


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_after_the_commit_and_only_for_a_new_row(bells: list[tuple[Any, ...]]) -> None:
    ana = Person(make_bot())
    shard = shard_of(ana.bot.pk, ana.telegram_user_id)
    with transaction.atomic():
        ana.post(b"{}", external_id="7")
        assert bells == []
    assert bells == [("flows.drain", "updates", (shard,), f"flows.drain:{shard}")]
    ana.post(b"{}", external_id="7")
    assert len(bells) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_never_came_in(bells: list[tuple[Any, ...]]) -> None:
    ana = Person(make_bot())
    with transaction.atomic():
        ana.post(b"{}", external_id="7")
        transaction.set_rollback(True)
    assert (InboxEvent.unscoped.count(), InboxKey.objects.count(), bells) == (0, 0, [])
    assert ana.post(b"{}", external_id="7") is True


def test_a_conversation_has_one_shard(settings: Any) -> None:
    settings.FLOW_SHARDS = 8
    bot = make_bot()
    assert {shard_of(bot.pk, -42) for _ in range(5)} == {shard_of(bot.pk, -42)}
    assert {shard_of(bot.pk, user) for user in range(500)} == set(range(8))
