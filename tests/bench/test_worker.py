"""What one update costs a worker process, by how many wait when it looks: drain, relay and the calls themselves.

The Bot API runs in another process. CPU time is quoted (`time.process_time`), so other work on the machine disturbs it
less than it does a rate.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bots.outbox import relay
from bots.outbox.models import MessageState, OutboxMessage
from flows.runtime import runner
from tests.factories.flows import Person, make_flow_bot

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

TURNS = ("/start", "Ana", "33")
ROUNDS = 40

BOT_API = """
import asyncio
BODY = b'{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},"text":"x"}}'
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(BODY) + BODY

async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\\r\\n")[0]))
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@pytest.fixture
def bot_api(settings: Any) -> Iterator[None]:
    """A Bot API that says yes to everything."""
    with subprocess.Popen([sys.executable, "-c", BOT_API], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        settings.TELEGRAM_API_BASE_URL = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        yield
        process.kill()


@pytest.mark.parametrize("at_once", [1, 8, 32])
def test_costs(bot_api: None, at_once: int, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.FLOW_SHARDS = 1
    settings.TELEGRAM_BOT_RATE = settings.TELEGRAM_CHAT_RATE = 0
    bot = make_flow_bot(token="7000001:AAH-only-for-tests-only-for-tests-only-1", token_hash=f"{at_once:064d}")
    drains, relays = [], []
    for number in range(ROUNDS):
        crowd = [Person(bot) for _ in range(at_once)]
        for text in TURNS:
            for person in crowd:
                person.say(text)
            began = time.process_time()
            assert runner.drain(0).events == at_once
            drained = time.process_time()
            relay.run_until_empty()
            if number:
                drains.append((drained - began) / at_once * 1000)
                relays.append((time.process_time() - drained) / at_once * 1000)
    person = Person(bot)
    person.say("/start")
    with CaptureQueriesContext(connection) as of_drain:
        runner.drain(0)
    with CaptureQueriesContext(connection) as of_relay:
        relay.run_until_empty()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{at_once} at once: CPU ms per update: drain {median(drains):.2f}, relay and call {median(relays):.2f};"
            f" statements {len(of_drain)} and {len(of_relay)}\n"
        )
    assert not OutboxMessage.unscoped.filter(topic="message.send").exclude(state=MessageState.DONE).exists()
