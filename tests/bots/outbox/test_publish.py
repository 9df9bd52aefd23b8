"""Publishing: rows of the caller's transaction, once per key."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from bots.ids import uuid7
from bots.outbox import publish as publishing
from bots.outbox.models import MessageState, OutboxKey, OutboxMessage, Queue
from bots.outbox.publish import NewMessage, PublishedOutsideTransaction, publish
from tests.bots.outbox.conftest import CHARGE, SEND, Desk
from tests.support.races import at_once
from tests.support.sql import expect_statements

pytestmark = pytest.mark.django_db


def test_writes_what_it_was_given(desk: Desk) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    message = desk.message("k", chat="chat:1", payload={"text": "Olá \0"}, due_at=later, expires_at=later, priority=3)
    (written,) = desk.publish(message)
    row = desk.row("k")
    assert row.pk == written
    assert (row.topic, row.queue) == (SEND, "outbox")
    assert (row.organization_id, row.bot_id) == (desk.organization_id, desk.bot_id)
    assert (row.ordering_key, row.payload, row.priority) == ("chat:1", {"text": "Olá "}, 3)
    assert (row.due_at, row.expires_at) == (later, later)
    assert (row.state, row.attempts, row.lease_until) == (MessageState.NEW, 0, None)


def test_any_number_of_messages_is_one_statement(desk: Desk) -> None:
    messages = [desk.message(f"k{number}") for number in range(500)]
    with transaction.atomic(), expect_statements(1):
        publish(messages)
    assert OutboxMessage.unscoped.count() == 500
    with transaction.atomic(), expect_statements(0):
        publish([])


def test_positions_follow_the_order_of_publishing_whatever_the_keys(desk: Desk) -> None:
    desk.put("z", "a", "m", chat="c")
    desk.put("b", chat="c")
    assert list(OutboxMessage.unscoped.order_by("position").values_list("key", flat=True)) == ["z", "a", "m", "b"]


def test_a_key_is_published_once_also_within_one_call(desk: Desk) -> None:
    desk.publish(desk.message("k", payload={"n": 1}), desk.message("k", payload={"n": 2}))
    assert desk.publish(desk.message("k", payload={"n": 3}), desk.message("new")) == {desk.row("new").pk}
    assert desk.row("k").payload == {"n": 1}
    assert OutboxKey.objects.count() == 2


def test_a_rolled_back_message_may_be_published_again(desk: Desk) -> None:
    with transaction.atomic():
        publish([desk.message("k")])
        transaction.set_rollback(True)
    assert not OutboxMessage.unscoped.exists()
    assert len(desk.publish(desk.message("k"))) == 1


@pytest.mark.django_db(transaction=True)
def test_refuses_to_work_outside_a_transaction(desk: Desk) -> None:
    with pytest.raises(PublishedOutsideTransaction):
        publish([desk.message("k")])
    assert not OutboxMessage.unscoped.exists()


@pytest.mark.django_db(transaction=True)
def test_rings_each_queue_once_after_the_commit(desk: Desk, quiet_bells: list[str]) -> None:
    with transaction.atomic():
        publish([desk.message("a"), desk.message("b"), desk.message("c", topic=CHARGE)])
        assert quiet_bells == []
    assert quiet_bells == ["outbox", "payments"]


def test_a_topics_queue_is_the_declared_one(desk: Desk) -> None:
    desk.put("c", topic=CHARGE)
    assert desk.row("c").queue == Queue.PAYMENTS


@pytest.mark.django_db(transaction=True)
class TestTheSameKeyFiftyTimesAtOnce:
    message = NewMessage(topic=SEND, key="same", organization_id=uuid7(), payload={})

    def publish_fifty_times(self) -> list[object]:
        def once(_place: int) -> int:
            with transaction.atomic():
                return len(publish([self.message]))

        return list(at_once(50, once))

    def test_makes_one_message(self) -> None:
        answers = self.publish_fifty_times()
        assert sorted(answers, key=str) == [0] * 49 + [1]
        assert OutboxMessage.unscoped.count() == 1

    def test_without_the_keys_it_makes_fifty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        begin, end = "INSERT INTO outbox_outboxkey (key) ", " ORDER BY key ON CONFLICT DO NOTHING RETURNING key"
        unguarded = publishing.INSERT.replace(begin, "").replace(end, "")
        assert len(unguarded) == len(publishing.INSERT) - len(begin) - len(end)
        monkeypatch.setattr(publishing, "INSERT", unguarded)
        assert self.publish_fifty_times() == [1] * 50
        assert OutboxMessage.unscoped.count() == 50


@pytest.mark.django_db(transaction=True)
def test_publishers_of_the_same_keys_in_other_orders_do_not_deadlock(desk: Desk) -> None:
    keys = [f"k{number:03}" for number in range(100)]
    started = threading.Barrier(2)

    def once(place: int) -> int:
        mine = keys if place else keys[::-1]
        started.wait(10)
        with transaction.atomic():
            return len(publish([desk.message(key) for key in mine]))

    answers = at_once(2, once)
    assert sorted(answers, key=str) == [0, 100]
