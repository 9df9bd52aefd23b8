"""Updates through the running product, from webhook to reply: how many a second, and what each costs whom.

Closed loop: so many people at once, each waits for the reply before writing on. The people and their Bot API run in
this process and share the machine, so quote the CPU of the product's processes beside the rate.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from statistics import quantiles

import pytest
from django.db import connection

from flows.models import InboxEvent, InboxState, Message
from tests.factories.flows import two_questions
from tests.processes.conftest import StartStack
from tests.support.cpu import cpu_seconds
from tests.support.fake_telegram import FakeTelegram
from tests.support.shop import Shop, open_shop
from tests.support.stack import Stack

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

PEOPLE_AT_ONCE = 16
CONVERSATIONS_EACH = 12
TURNS = (("/start", "Qual é o seu nome?"), ("Ana", "Quantos anos?"), ("33", "Até logo, Ana!"))


def test_answers(telegram: FakeTelegram, start_stack: StartStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack = start_stack(lease_seconds=30.0)
    shop = open_shop(stack.url, telegram, definition=two_questions())
    numbers = count(1)

    def talk(conversations: int) -> list[float]:
        return [wait for _ in range(conversations) for wait in hold_a_conversation(shop, next(numbers))]

    with ThreadPoolExecutor(PEOPLE_AT_ONCE) as people:
        list(people.map(talk, [1] * PEOPLE_AT_ONCE))
        before, began = cpu_of(stack), time.perf_counter()
        waits = [wait for one in people.map(talk, [CONVERSATIONS_EACH] * PEOPLE_AT_ONCE) for wait in one]
        took, after = time.perf_counter() - began, cpu_of(stack)

    updates = PEOPLE_AT_ONCE * CONVERSATIONS_EACH * len(TURNS)
    milliseconds = {name: (after[name] - before[name]) / updates * 1000 for name in after}
    percentiles = quantiles(waits, n=100)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{updates / took:.0f} updates/s; reply after {percentiles[49] * 1000:.0f} ms (p50),"
            f" {percentiles[98] * 1000:.0f} ms (p99)\nCPU ms per update: {sum(milliseconds.values()):.2f} ="
            + "".join(f" {name} {used:.2f}" for name, used in milliseconds.items())
            + "\n"
        )
    everybody = PEOPLE_AT_ONCE * (CONVERSATIONS_EACH + 1)
    assert InboxEvent.unscoped.filter(state=InboxState.DONE).count() == everybody * len(TURNS)
    assert Message.unscoped.count() == 2 * everybody * len(TURNS)


def hold_a_conversation(shop: Shop, user_id: int) -> list[float]:
    """Goes through all turns; how long each reply took, in seconds."""
    chat, waits = shop.buyer(user_id), []
    for said, heard in TURNS:
        began = time.perf_counter()
        chat.say(said)
        chat.expect(heard)
        waits.append(time.perf_counter() - began)
    return waits


def cpu_of(stack: Stack) -> dict[str, float]:
    """CPU seconds so far, by process; the database's are its connections' of this database, if it runs here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        backends = [row[0] for row in cursor.fetchall()]
    used = {name: cpu_seconds(child.pid) for name, child in stack.children.items()}
    return used | {"database": cpu_seconds(*backends)}
