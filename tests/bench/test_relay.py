"""How many messages a second one relay hands out, with calls that take as long as Telegram's."""

import asyncio
import sys
import time

import pytest
from django.db import connection

from bots.outbox import registry, relay
from bots.outbox.models import OutboxMessage
from bots.outbox.registry import Claim, Done, Outcome
from tests.bots.outbox.conftest import SEND, Desk, desk, own_topics, quiet_bells

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

__all__ = ["desk", "own_topics", "quiet_bells"]

CALL_SECONDS = 0.03
MESSAGES = 5_000


@pytest.mark.parametrize(("chats", "bots"), [(5_000, 1), (1_000, 1), (1_000, 50), (100, 1)])
def test_hands_out(desk: Desk, chats: int, bots: int, capsys: pytest.CaptureFixture[str]) -> None:
    sent: list[tuple[str, int]] = []

    async def send(claim: Claim) -> Outcome:
        await asyncio.sleep(CALL_SECONDS)
        sent.append((str(claim.ordering_key), int(claim.payload["number"])))
        return Done({"message_id": 1})

    registry.handler(SEND)(send)
    owners = [Desk().bot_id for _ in range(bots)]
    for start in range(0, MESSAGES, 100):
        desk.publish(
            *(
                desk.message(
                    f"k{number}",
                    chat=f"c{number % chats}",
                    bot_id=owners[number % bots],
                    payload={"number": number, "text": "x" * 200},
                )
                for number in range(start, start + 100)
            )
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outbox_outboxmessage")
    began, cpu = time.perf_counter(), time.process_time()
    assert relay.run_until_empty() == MESSAGES
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    with capsys.disabled():
        sys.stdout.write(f"\n{chats} chats of {bots} bots: {MESSAGES / took:.0f} messages/s")
        sys.stdout.write(f", {cpu / MESSAGES * 1000:.2f} ms of CPU each\n")
    assert len(set(sent)) == len(sent) == MESSAGES
    for chat in {chat for chat, _number in sent}:
        numbers = [number for owner, number in sent if owner == chat]
        assert numbers == sorted(numbers)
    assert not OutboxMessage.unscoped.exclude(state="done").exists()
