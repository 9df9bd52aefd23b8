"""The relay: handed out in order, outside transactions, written as it comes."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection, transaction

from bots import jobs
from bots.crashpoints import CrashPointReached, planned
from bots.outbox import claiming, registry, relay, store
from bots.outbox.models import MessageState, OutboxMessage, Queue
from bots.outbox.outcomes import attempts_within
from bots.outbox.publish import bell_key
from bots.outbox.registry import Cancelled, Claim, Dead, Done, Outcome, RetryAt, Unknown
from bots.tenancy import current_organization_id
from tests.bots.outbox.conftest import CHARGE, SEND, Desk
from tests.support.races import Rival, wait_until
from tests.support.sql import expect_statements

Handle = Callable[..., list[str]]

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_two_statements(desk: Desk, handle: Handle) -> None:
    calls = handle(lambda _claim: Done())
    desk.put(*(f"k{number}" for number in range(50)))
    with expect_statements(2):
        assert relay.run_once() == 50
    assert sorted(calls) == sorted(f"k{number}" for number in range(50))
    assert set(OutboxMessage.unscoped.values_list("state", flat=True)) == {"done"}


def test_a_backlog_of_few_chats_leaves_in_one_go(desk: Desk, handle: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claims have come to the end of the backlog when the chats' next messages, near its beginning, are freed."""
    monkeypatch.setattr(claiming, "ROWS_LIMIT", 4)
    monkeypatch.setattr(claiming, "ROWS_OF_EACH", 4)
    calls = handle(lambda _claim: Done())
    for number in range(10):
        desk.put(f"ana{number}", chat="ana")
        desk.put(f"eva{number}", chat="eva")
    assert relay.run_until_empty() == 20
    assert [key for key in calls if key.startswith("ana")] == [f"ana{number}" for number in range(10)]


def test_keeps_the_handlers_result(desk: Desk, handle: Handle) -> None:
    handle(lambda _claim: Done({"message_id": 7, "text": "a\0b"}))
    desk.put("k")
    relay.run_once()
    row = desk.row("k")
    assert (row.result, row.last_error, row.attempts) == ({"message_id": 7, "text": "ab"}, "", 1)


@pytest.mark.parametrize(
    ("outcome", "state", "error", "code"),
    [
        (Dead("blocked by the user", "blocked"), "dead", "blocked by the user", "blocked"),
        (Unknown("connection cut"), "unknown", "connection cut", ""),
        (Cancelled("stopped"), "cancelled", "stopped", ""),
    ],
)
def test_an_end_without_success_is_kept_with_its_reason(
    desk: Desk, handle: Handle, outcome: Outcome, state: str, error: str, code: str
) -> None:
    handle(lambda _claim: outcome)
    desk.put("k", "next", chat="c")
    relay.run_once()
    row = desk.row("k")
    assert (row.state, row.last_error, row.error_code) == (state, error, code)
    assert row.done_at is not None
    assert desk.attempts("k") == [state]
    assert desk.state("next") == "new"


def test_tries_again_after_a_backoff_that_counts(desk: Desk, handle: Handle) -> None:
    calls = handle(lambda claim: Done() if claim.attempt == 2 else RetryAt(None, "502"))
    desk.put("k")
    relay.run_once()
    row = desk.row("k")
    assert (row.state, row.attempts, row.last_error) == ("new", 1, "502")
    assert 0.7 < (row.due_at - datetime.now(UTC)).total_seconds() <= 1.0
    assert relay.run_once() == 0
    desk.change("k", due_at=datetime.now(UTC))
    relay.run_once()
    assert desk.state("k") == "done"
    assert (calls, desk.attempts("k")) == (["k", "k"], ["retry", "done"])


def test_what_is_held_back_was_no_attempt(desk: Desk, handle: Handle) -> None:
    until = datetime.now(UTC) + timedelta(seconds=30)
    handle(lambda _claim: RetryAt(until, "429", counts=False))
    desk.put("k", "next", chat="c")
    relay.run_once()
    row = desk.row("k")
    assert (row.state, row.attempts) == ("new", 0)
    assert abs((row.due_at - until).total_seconds()) < 2
    assert desk.attempts("k") == []
    assert relay.run_once() == 0


def test_gives_up_in_the_end_and_tells_the_topic(desk: Desk, handle: Handle) -> None:
    told: list[tuple[str, str, bool]] = []
    handle(
        lambda _claim: RetryAt(None, "502"),
        on_dead=lambda claim, outcome: told.append((claim.key, outcome.code, connection.in_atomic_block)),
    )
    desk.put("k")
    desk.change("k", attempts=attempts_within(24 * 3600) - 1)
    relay.run_once()
    assert desk.state("k") == "dead"
    assert told == [("k", "gave_up", True)]


def test_what_is_not_worth_doing_any_more_is_not_tried(desk: Desk, handle: Handle) -> None:
    calls = handle(lambda _claim: Done())
    desk.put("k", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    relay.run_once()
    assert calls == []
    assert (desk.state("k"), desk.row("k").error_code) == ("dead", "expired")


def test_a_topic_nobody_here_knows_is_left_for_who_does(desk: Desk) -> None:
    desk.put("k", topic="of.a.newer.release")
    relay.run_once()
    row = desk.row("k")
    assert (row.state, row.attempts) == ("new", 0)
    assert row.due_at > datetime.now(UTC) + timedelta(seconds=20)


def test_one_bad_message_does_not_stop_the_others(desk: Desk, handle: Handle) -> None:
    def answer(claim: Claim) -> Outcome:
        if claim.key == "bad":
            raise RuntimeError("a bug")
        return Done()

    handle(answer)
    desk.put("good1", "bad", "good2")
    relay.run_once()
    assert [desk.state(key) for key in ("good1", "bad", "good2")] == ["done", "new", "done"]
    assert desk.row("bad").last_error == "RuntimeError"


def test_a_handler_works_in_the_scope_of_its_message(desk: Desk, handle: Handle) -> None:
    handle(lambda _claim: Done({"organization": str(current_organization_id())}))
    desk.put("k")
    relay.run_once()
    assert desk.row("k").result == {"organization": str(desk.organization_id)}


class TestCoroutines:
    def test_run_together_in_their_scope(self, desk: Desk) -> None:
        everybody = asyncio.Barrier(20)

        async def meet(claim: Claim) -> Outcome:
            await everybody.wait()
            return Done({"organization": str(current_organization_id())})

        registry.handler(SEND)(meet)
        desk.put(*(f"k{number}" for number in range(20)))
        assert relay.run_once() == 20
        assert {row.state for row in OutboxMessage.unscoped.all()} == {"done"}
        assert desk.row("k3").result == {"organization": str(desk.organization_id)}

    @pytest.mark.parametrize(("repeatable", "state"), [(True, "new"), (False, "unknown")])
    def test_end_at_their_deadline(self, desk: Desk, repeatable: bool, state: str) -> None:
        async def hang(_claim: Claim) -> Outcome:
            await asyncio.sleep(3600)
            return Done()

        registry.handler(SEND, deadline=0.05, repeatable=repeatable)(hang)
        desk.put("k")
        relay.run_once()
        assert (desk.state("k"), desk.row("k").last_error) == (state, "Timed out.")

    def test_end_before_their_lease_does(self, desk: Desk, settings: LazySettings) -> None:
        settings.TRILHO_LEASE_SECONDS = 0.2

        async def hang(_claim: Claim) -> Outcome:
            await asyncio.sleep(3600)
            return Done()

        registry.handler(SEND, deadline=3600)(hang)
        desk.put("k")
        relay.run_once()
        assert desk.row("k").last_error == "Timed out."


class TestFollowUps:
    def test_are_written_with_the_outcome(self, desk: Desk, handle: Handle) -> None:
        handle(lambda claim: Done(follow_up=lambda: desk.put(f"after {claim.key}", topic=CHARGE)))
        desk.put("k")
        relay.run_once()
        assert (desk.state("k"), desk.state("after k")) == ("done", "new")

    def test_that_fail_do_not_undo_what_happened_outside(self, desk: Desk, handle: Handle) -> None:
        def fail() -> None:
            desk.put("half", topic=CHARGE)
            raise RuntimeError("a bug")

        calls = handle(lambda _claim: Done({"message_id": 7}, follow_up=fail))
        desk.put("k")
        relay.run_once()
        assert (desk.state("k"), desk.row("k").result) == ("done", {"message_id": 7})
        assert not OutboxMessage.unscoped.filter(key="half").exists()
        assert calls == ["k"]

    def test_of_a_claim_that_is_no_longer_ours_do_not_run(self, desk: Desk, handle: Handle) -> None:
        ran: list[int] = []

        def lose_the_lease(claim: Claim) -> Outcome:
            OutboxMessage.unscoped.filter(pk=claim.id).update(claim_token=claim.id)
            return Done(follow_up=lambda: ran.append(1))

        handle(lose_the_lease)
        desk.put("k")
        relay.run_once()
        assert (ran, desk.state("k")) == ([], "leased")


@pytest.mark.django_db(transaction=True)
class TestPump:
    def test_a_chat_is_served_to_its_end_in_order_without_waiting_for_a_sweep(self, desk: Desk) -> None:
        sent: list[str] = []

        async def send(claim: Claim) -> Outcome:
            await asyncio.sleep(0.001 * (hash(claim.key) % 5))
            sent.append(claim.key)
            return Done()

        registry.handler(SEND)(send)
        for number in range(4):
            for chat in "abcde":
                desk.put(f"{chat}{number}", chat=chat)
        assert relay.run_until_empty() == 20
        assert [[key for key in sent if key[0] == chat] for chat in "abcde"] == [
            [f"{chat}{number}" for number in range(4)] for chat in "abcde"
        ]

    def test_a_slow_call_holds_up_no_other_chat(self, desk: Desk) -> None:
        """The slow one ends only when a message published after it has been sent."""
        sent = threading.Event()

        async def send(claim: Claim) -> Outcome:
            if claim.key == "slow":
                assert await asyncio.to_thread(sent.wait, 10)
            else:
                sent.set()
            return Done()

        registry.handler(SEND)(send)
        desk.put("slow", chat="a")
        pump = Rival(relay.run_until_empty)
        wait_until(lambda: desk.state("slow") == "leased", what="the slow call")
        desk.put("quick", chat="b")
        assert relay.run_until_empty() == 0
        pump.answer()
        assert (desk.state("slow"), desk.state("quick")) == ("done", "done")

    def test_functions_run_side_by_side_outside_any_transaction(self, desk: Desk, handle: Handle) -> None:
        together = threading.Barrier(4)

        def charge(_claim: Claim) -> Outcome:
            together.wait(10)
            return Done({"in_transaction": connection.in_atomic_block})

        handle(charge, topic=CHARGE)
        desk.put("c1", "c2", "c3", "c4", topic=CHARGE)
        assert relay.run_until_empty(Queue.PAYMENTS) == 4
        assert desk.row("c1").result == {"in_transaction": False}

    def test_a_ring_while_it_works_is_not_lost(self, desk: Desk, handle: Handle) -> None:
        """Published and rung after the last claim found nothing, before the pump lets go."""

        def put_and_ring() -> int:
            desk.put("second")
            return relay.run_until_empty()

        def publish_another(claim: Claim) -> Outcome:
            if claim.key == "first":
                assert Rival(put_and_ring).answer() == 0
            return Done()

        calls = handle(publish_another)
        desk.put("first")
        relay.run_until_empty()
        assert calls == ["first", "second"]

    def test_a_bell_is_answered_by_the_pump_that_runs_here(self, desk: Desk, handle: Handle) -> None:
        answered: list[bool] = []

        def publish_and_ring(claim: Claim) -> Outcome:
            if claim.key == "first":
                desk.put("second")
                answered.append(jobs._answers_here[bell_key(Queue.OUTBOX)]())
            return Done()

        calls = handle(publish_and_ring)
        desk.put("first")
        relay.run_until_empty()
        assert (answered, calls) == ([True], ["first", "second"])
        assert jobs._answers_here[bell_key(Queue.OUTBOX)]() is False

    def test_an_outcome_survives_a_database_that_is_away_for_a_moment(
        self, desk: Desk, handle: Handle, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = handle(lambda _claim: Done())
        original, failures = store.record, [OperationalError("gone"), OperationalError("gone")]

        def record(records: list[store.Record]) -> frozenset[object]:
            if failures:
                raise failures.pop()
            return original(records)

        monkeypatch.setattr(store, "record", record)
        monkeypatch.setattr(relay, "WRITE_PAUSE", 0.0)
        desk.put("k")
        relay.run_until_empty()
        assert (desk.state("k"), calls) == ("done", ["k"])

    def test_a_claim_that_fails_does_not_lose_what_is_under_way(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        original, calls = claiming.claim, []

        def claim(queue: Queue, *, limit: int) -> claiming.Batch:
            calls.append(limit)
            if len(calls) == 2:
                raise OperationalError("gone")
            return original(queue, limit=limit)

        async def send(_claim: Claim) -> Outcome:
            await asyncio.sleep(0.05)
            return Done()

        registry.handler(SEND)(send)
        monkeypatch.setattr(claiming, "claim", claim)
        desk.put("k1", "k2", chat="c")
        with pytest.raises(OperationalError):
            relay.run_until_empty()
        assert (desk.state("k1"), desk.state("k2")) == ("done", "new")
        relay.run_until_empty()
        assert desk.state("k2") == "done"

    @pytest.mark.parametrize("point", ["relay.after_claim", "relay.before_mark"])
    def test_a_relay_that_dies_loses_nothing(self, desk: Desk, handle: Handle, point: str) -> None:
        handle(lambda _claim: Done())
        desk.put("k1", "k2", chat="c")
        with planned(f"{point}:1:raise"), pytest.raises(CrashPointReached):
            relay.run_until_empty()
        assert desk.state("k1") == MessageState.LEASED
        desk.change("k1", lease_until=datetime(2020, 1, 1, tzinfo=UTC))
        relay.sweep(Queue.OUTBOX)
        assert (desk.state("k1"), desk.state("k2")) == ("done", "done")
        assert desk.attempts("k1") == ["lost", "done"]

    def test_a_relay_that_dies_after_marking_repeats_nothing(self, desk: Desk, handle: Handle) -> None:
        calls = handle(lambda _claim: Done())
        desk.put("k")
        with planned("relay.after_mark:1:raise"), pytest.raises(CrashPointReached):
            relay.run_until_empty()
        relay.sweep(Queue.OUTBOX)
        assert (desk.state("k"), calls) == ("done", ["k"])


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_rolled_back_transaction_never_leaves(desk: Desk, handle: Handle) -> None:
    calls = handle(lambda _claim: Done())
    with transaction.atomic():
        desk.put("k")
        assert Rival(relay.run_until_empty).answer() == 0
        transaction.set_rollback(True)
    assert relay.run_until_empty() == 0
    assert calls == []
