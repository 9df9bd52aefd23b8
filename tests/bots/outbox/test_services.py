"""What people do with messages: send again, cancel, let go."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from bots.errors import Conflict, NotFound
from bots.ids import uuid7
from bots.outbox import claiming, relay
from bots.outbox.maintenance import purge_keys
from bots.outbox.models import MessageState, OutboxKey, Queue
from bots.outbox.publish import RING_TASK
from bots.outbox.registry import Done
from bots.outbox.services import cancel_waiting, has_unfinished, note_progress, release_held, resend_dead
from bots.outbox.tasks import ring
from bots.tenancy import organization_scope
from tests.bots.outbox.conftest import CHARGE, Desk
from tests.bots.outbox.test_relay import Handle

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", [MessageState.DEAD, MessageState.UNKNOWN, MessageState.CANCELLED])
def test_sends_again_what_was_given_up_behind_what_waits(desk: Desk, handle: Handle, state: MessageState) -> None:
    calls = handle(lambda _claim: Done())
    desk.put("old", "new", chat="c")
    desk.change("old", state=state, attempts=9, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    with organization_scope(desk.organization_id):
        resend_dead(desk.row("old").pk)
    relay.run_once()
    relay.run_once()
    assert calls == ["new", "old"]


@pytest.mark.parametrize("state", [MessageState.NEW, MessageState.LEASED, MessageState.DONE])
def test_refuses_to_send_again_what_is_not_given_up(desk: Desk, state: MessageState) -> None:
    desk.put("k")
    desk.change("k", state=state)
    with organization_scope(desk.organization_id), pytest.raises(Conflict):
        resend_dead(desk.row("k").pk)
    assert desk.state("k") == state


def test_another_organizations_message_is_not_there(desk: Desk) -> None:
    desk.put("k")
    desk.change("k", state=MessageState.DEAD)
    with organization_scope(uuid7()), pytest.raises(NotFound):
        resend_dead(desk.row("k").pk)
    assert desk.state("k") == "dead"


def test_cancels_what_waits_for_a_chat_and_leaves_what_is_under_way(desk: Desk) -> None:
    desk.put("a1", "a2", "a3", chat="a")
    desk.put("b1", chat="b")
    claiming.claim(Queue.OUTBOX, limit=1)
    assert cancel_waiting(ordering_key="a", reason="blocked") == 2
    assert cancel_waiting(ordering_key="a", reason="blocked") == 0
    assert [desk.state(key) for key in ("a1", "a2", "a3", "b1")] == ["leased", "cancelled", "cancelled", "new"]
    assert desk.row("a2").last_error == "blocked"
    assert has_unfinished(ordering_key="a")
    assert not has_unfinished(ordering_key="z")


def test_lets_go_of_what_was_held_for_a_bot(desk: Desk) -> None:
    later = timezone.now() + timedelta(hours=1)
    desk.put("held", due_at=later)
    Desk().put("other", due_at=later)
    desk.put("retrying", due_at=later)
    desk.change("retrying", attempts=3)
    assert release_held(bot_ids=[desk.bot_id]) == 1
    assert [claim.key for claim in claiming.claim(Queue.OUTBOX, limit=9).claims] == ["held"]


def test_notes_how_far_a_handler_came(desk: Desk) -> None:
    desk.put("k")
    note_progress(desk.row("k").pk, {"sent": [1, 2]})
    assert desk.row("k").payload == {"text": "k", "sent": [1, 2]}


def test_forgets_old_keys_only(desk: Desk) -> None:
    desk.put("old", "young")
    OutboxKey.objects.filter(key="old").update(created_at=timezone.now() - timedelta(days=31))
    assert purge_keys() == 1
    assert list(OutboxKey.objects.values_list("key", flat=True)) == ["young"]


@pytest.mark.django_db(transaction=True)
def test_the_bell_hands_out_its_queue(desk: Desk, handle: Handle) -> None:
    handle(lambda _claim: Done())
    handle(lambda _claim: Done(), topic=CHARGE)
    desk.put("message")
    desk.put("charge", topic=CHARGE)
    ring("payments")
    assert (ring.name, desk.state("charge"), desk.state("message")) == (RING_TASK, "done", "new")
