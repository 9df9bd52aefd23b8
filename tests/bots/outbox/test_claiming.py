"""Who may take which message: heads of a chat, fairly between bots, never twice."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import transaction

from bots.ids import uuid7
from bots.outbox import claiming, store
from bots.outbox.models import AttemptOutcome, MessageState, Queue
from bots.outbox.registry import Claim
from tests.bots.outbox.conftest import CHARGE, SEND, Desk
from tests.support.races import Rival, at_once
from tests.support.sql import expect_statements

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HEAD_ONLY = """position = (
            SELECT position FROM outbox_outboxmessage AS head
            WHERE head.ordering_key = message.ordering_key AND head.state IN ('new', 'leased')
            ORDER BY position LIMIT 1
        )"""


def take(limit: int = 100, queue: Queue = Queue.OUTBOX) -> list[Claim]:
    return list(claiming.claim(queue, limit=limit).claims)


def keys(claims: list[Claim]) -> list[str]:
    return [claim.key for claim in claims]


def done(claim: Claim) -> store.Record:
    return store.Record(claim, MessageState.DONE, AttemptOutcome.DONE)


def test_a_claim_is_one_statement_and_holds_everything_a_handler_needs(desk: Desk) -> None:
    desk.put("k", chat="c")
    with expect_statements(1):
        (claim,) = take()
    row = desk.row("k")
    assert (claim.id, claim.topic, claim.key, claim.ordering_key) == (row.pk, SEND, "k", "c")
    assert (claim.organization_id, claim.bot_id) == (desk.organization_id, desk.bot_id)
    assert (claim.payload, claim.attempt) == ({"text": "k"}, 1)
    assert (row.state, row.claim_token, row.attempts) == (MessageState.LEASED, claim.token, 1)
    assert row.lease_until == claim.lease_until
    assert (claim.lease_until - claim.claimed_at).total_seconds() == 30.0


def test_what_is_not_due_or_of_another_queue_is_left(desk: Desk) -> None:
    desk.put("later", due_at=datetime.now(UTC) + timedelta(minutes=1))
    desk.put("charge", topic=CHARGE)
    assert take() == []
    assert keys(take(queue=Queue.PAYMENTS)) == ["charge"]


def test_a_message_under_lease_is_nobody_elses(desk: Desk) -> None:
    desk.put("k")
    assert len(take()) == 1
    assert take() == []


def test_only_the_head_of_a_chat_may_be_taken(desk: Desk) -> None:
    desk.put("a1", "a2", "a3", chat="a")
    desk.put("b1", chat="b")
    desk.put("free1", "free2")
    first = take()
    assert keys(first) == ["a1", "b1", "free1", "free2"]
    assert take() == []
    store.record([done(claim) for claim in first])
    assert keys(take()) == ["a2"]


def test_without_the_head_rule_a_chat_gets_its_second_message_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: plain SKIP LOCKED hands out the second while the first is under way."""
    assert HEAD_ONLY in claiming.CLAIM
    monkeypatch.setattr(claiming, "CLAIM", claiming.CLAIM.replace(HEAD_ONLY, "true"))
    desk.put("a1", "a2", chat="a")
    assert keys(take(limit=1)) == ["a1"]
    assert keys(take(limit=1)) == ["a2"]


def test_a_head_that_waits_keeps_the_others_waiting(desk: Desk) -> None:
    desk.put("a1", "a2", chat="a")
    desk.change("a1", due_at=datetime.now(UTC) + timedelta(minutes=5))
    assert take() == []


@pytest.mark.parametrize("state", [MessageState.DEAD, MessageState.UNKNOWN, MessageState.CANCELLED, MessageState.DONE])
def test_a_finished_message_blocks_nobody(desk: Desk, state: MessageState) -> None:
    desk.put("a1", "a2", chat="a")
    desk.change("a1", state=state)
    assert keys(take()) == ["a2"]


def test_lower_priority_numbers_leave_first(desk: Desk) -> None:
    desk.put("news", priority=5)
    desk.put("answer", priority=0)
    assert keys(take(limit=1)) == ["answer"]


def test_a_bots_backlog_does_not_keep_others_waiting(desk: Desk) -> None:
    desk.put(*(f"loud{number}" for number in range(300)))
    quiet = [Desk() for _ in range(3)]
    for number, other in enumerate(quiet):
        other.put(f"quiet{number}")
    taken = keys(take(limit=20))
    assert {"quiet0", "quiet1", "quiet2"} < set(taken)
    assert len(taken) == 20
    assert taken[-3:] == ["quiet0", "quiet1", "quiet2"]


def test_one_bot_alone_takes_all_the_room(desk: Desk) -> None:
    desk.put(*(f"k{number:02}" for number in range(60)))
    assert keys(take(limit=50)) == [f"k{number:02}" for number in range(50)]


def test_more_bots_than_are_looked_at_are_served_in_the_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "LANES_LIMIT", 3)
    for number in range(10):
        desk.put(f"k{number}", bot_id=uuid7())
    served: list[str] = []
    for _ in range(4):
        batch = claiming.claim(Queue.OUTBOX, limit=100)
        served += keys(list(batch.claims))
    assert sorted(served) == [f"k{number}" for number in range(10)]
    assert not batch.more


def test_bots_with_nothing_due_keep_nobody_from_being_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "LANES_LIMIT", 3)
    for number in range(7):
        desk.put(f"held{number}", bot_id=uuid7(), due_at=datetime.now(UTC) + timedelta(hours=1))
    desk.put("due", bot_id=uuid7())
    batches = [claiming.claim(Queue.OUTBOX, limit=100) for _ in range(3)]
    assert [(keys(list(batch.claims)), batch.more) for batch in batches] == [([], True), ([], True), (["due"], False)]


def test_heads_behind_many_that_wait_are_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their chats' heads are held back, so none of the first rows may be taken; a free one lies far behind them."""
    monkeypatch.setattr(claiming, "ROWS_LIMIT", 4)
    monkeypatch.setattr(claiming, "ROWS_OF_EACH", 4)
    for chat in range(5):
        desk.put(f"head{chat}", f"second{chat}", f"third{chat}", chat=f"c{chat}")
        desk.change(f"head{chat}", due_at=datetime.now(UTC) + timedelta(hours=1))
    desk.put("free")
    batches = [claiming.claim(Queue.OUTBOX, limit=100) for _ in range(3)]
    assert [(keys(list(batch.claims)), batch.more) for batch in batches] == [([], True), ([], True), (["free"], False)]
    desk.change("head4", due_at=datetime.now(UTC))
    batches = [claiming.claim(Queue.OUTBOX, limit=100) for _ in range(3)]
    assert [(keys(list(batch.claims)), batch.more) for batch in batches] == [([], True), ([], True), (["head4"], False)]


def test_an_outcome_is_one_statement_with_its_attempts(desk: Desk) -> None:
    desk.put("a", "b")
    claims = take()
    with expect_statements(1):
        assert store.record([done(claim) for claim in claims]) == {claim.id for claim in claims}
    assert (desk.state("a"), desk.attempts("a")) == ("done", ["done"])
    row = desk.row("a")
    assert row.done_at is not None
    assert row.lease_until is None


@pytest.mark.django_db(transaction=True)
class TestTwoRelaysAtOnce:
    LOCKED = """AND state = 'new'
    ORDER BY array_position((SELECT ids FROM chosen), id)
    LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED"""

    def claim_while_another_claims(self, desk: Desk) -> tuple[list[str], list[str]]:
        desk.put("k1", "k2")
        with transaction.atomic():
            mine = keys(take())
            rival = Rival(take)
            rival.settle()
        return mine, keys(rival.answer())

    def test_take_different_messages(self, desk: Desk) -> None:
        assert self.claim_while_another_claims(desk) == (["k1", "k2"], [])

    def test_without_the_lock_take_the_same(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.LOCKED in claiming.CLAIM
        monkeypatch.setattr(claiming, "CLAIM", claiming.CLAIM.replace(self.LOCKED, "LIMIT %(limit)s"))
        assert self.claim_while_another_claims(desk) == (["k1", "k2"], ["k1", "k2"])

    def test_what_one_has_locked_is_made_up_for_from_the_rest(self, desk: Desk) -> None:
        desk.put(*(f"k{number:02}" for number in range(20)))
        with transaction.atomic():
            mine = keys(take(limit=10))
            rival = Rival(lambda: take(limit=10))
            rival.settle()
        assert mine == [f"k{number:02}" for number in range(10)]
        assert keys(rival.answer()) == [f"k{number:02}" for number in range(10, 20)]

    def test_eight_relays_take_each_message_once(self, desk: Desk) -> None:
        desk.put(*(f"k{number}" for number in range(300)))

        def work(_place: int) -> list[str]:
            mine: list[str] = []
            while taken := take(limit=20):
                mine += keys(taken)
            return mine

        taken = [key for answer in at_once(8, work) for key in answer]  # type: ignore[union-attr]
        assert sorted(taken) == sorted(f"k{number}" for number in range(300))


class TestLostWorkers:
    FENCE = "AND message.claim_token = answer.token AND message.state = 'leased'"

    def lose(self, desk: Desk, key: str) -> Claim:
        """A worker takes the message and is never heard of until its lease is over."""
        (claim,) = take(limit=1)
        assert claim.key == key
        desk.change(key, lease_until=LONG_AGO)
        return claim

    def test_the_message_goes_to_another_and_the_lost_attempt_is_kept(self, desk: Desk) -> None:
        desk.put("k")
        lost = self.lose(desk, "k")
        assert take() == []
        assert store.reclaim(Queue.OUTBOX, once=[]) == [(lost.id, MessageState.NEW)]
        (again,) = take()
        assert (again.id, again.attempt) == (lost.id, 2)
        assert again.token != lost.token
        assert desk.attempts("k") == ["lost"]
        assert desk.row("k").losses == 1

    def test_a_living_lease_is_left_alone(self, desk: Desk) -> None:
        desk.put("k")
        take()
        assert store.reclaim(Queue.OUTBOX, once=[]) == []

    def test_the_lease_is_as_long_as_the_setting_says(self, desk: Desk, settings: LazySettings) -> None:
        settings.TRILHO_LEASE_SECONDS = 2.0
        desk.put("k")
        (claim,) = take()
        assert (claim.lease_until - claim.claimed_at).total_seconds() == 2.0

    def answer_late(self, desk: Desk) -> Claim:
        """The first worker answers although a second one has the message now."""
        desk.put("k")
        first = self.lose(desk, "k")
        store.reclaim(Queue.OUTBOX, once=[])
        (second,) = take()
        store.record([done(first)])
        return second

    def test_a_late_answer_changes_nothing_and_is_still_shown(self, desk: Desk) -> None:
        second = self.answer_late(desk)
        row = desk.row("k")
        assert (row.state, row.claim_token) == (MessageState.LEASED, second.token)
        assert desk.attempts("k") == ["done"]
        assert store.record([done(second)]) == {second.id}
        assert desk.attempts("k") == ["done", "done"]

    def test_without_the_fence_a_late_answer_ends_anothers_claim(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.FENCE in store.RECORD
        monkeypatch.setattr(store, "RECORD", store.RECORD.replace(self.FENCE, ""))
        second = self.answer_late(desk)
        assert desk.row("k").state == MessageState.DONE
        assert desk.row("k").claim_token == second.token

    def test_a_topic_that_must_not_be_repeated_ends_as_unknown(self, desk: Desk) -> None:
        desk.put("k")
        lost = self.lose(desk, "k")
        assert store.reclaim(Queue.OUTBOX, once=[SEND]) == [(lost.id, MessageState.UNKNOWN)]
        assert take() == []
        assert desk.row("k").done_at is not None

    def test_a_message_that_kills_every_worker_ends_as_dead(self, desk: Desk) -> None:
        desk.put("k", "next", chat="c")
        for _ in range(store.LOSSES_LIMIT):
            self.lose(desk, "k")
            store.reclaim(Queue.OUTBOX, once=[])
        assert (desk.state("k"), desk.row("k").error_code) == ("dead", "lost")
        assert desk.attempts("k") == ["lost"] * 5
        assert keys(take()) == ["next"]
