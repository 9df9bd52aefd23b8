"""A buyer presses *Pay* in Stars while everybody else wants something too: how long until Telegram has its answer.

Telegram waits ten seconds. Meanwhile a crowd keeps the inbox, the outbox and the payments full: each of its messages
and each of its invoices takes the Bot API a second.
"""

import sys
import time
from statistics import quantiles
from threading import Event, Thread

import pytest

from bots.outbox.models import OutboxMessage
from tests.chaos.sales import whole_flow
from tests.processes.conftest import StartStack
from tests.support.fake_telegram import Chat, FakeTelegram
from tests.support.shop import Shop, open_shop

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

QUESTIONS = 40
CROWD = 8


def test_a_question_before_paying(
    telegram: FakeTelegram, start_stack: StartStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = start_stack(lease_seconds=30.0)
    shop = open_shop(stack.url, telegram, definition=whole_flow())
    buyer = shop.buyer(1)
    buyer.start()
    buyer.expect("O que você quer?")
    buyer.say("/estrelas")
    while not (links := [button["url"] for button in buyer.next_reply().buttons if "url" in button]):
        continue
    quiet = [answered_after(buyer, links[0]) for _ in range(QUESTIONS)]
    over = Event()
    telegram.latency = 1.0
    crowd = [Thread(target=press_on, args=(shop, 1_000_000 * n, over)) for n in range(1, CROWD + 1)]
    for one in crowd:
        one.start()
    try:
        telegram.wait_for(lambda: len(telegram.calls) > 300, what="a crowd")
        busy = [answered_after(buyer, links[0]) for _ in range(QUESTIONS)]
        waiting = OutboxMessage.unscoped.filter(state__in=("new", "leased")).count()
    finally:
        over.set()
        for one in crowd:
            one.join()
    with capsys.disabled():
        for name, waits in (("quiet", quiet), (f"{waiting} messages under way", busy)):
            steps = quantiles(waits, n=20)
            sys.stdout.write(
                f"\n{name}: answered after {steps[9] * 1000:.0f} ms (p50), {steps[18] * 1000:.0f} ms (p95),"
                f" {max(waits) * 1000:.0f} ms at most"
            )
        sys.stdout.write("\n")


def answered_after(buyer: Chat, link: str) -> float:
    """Seconds from Telegram's question to the bot's answer."""
    began = time.perf_counter()
    assert buyer.may_pay(buyer.ask_to_pay(link)) is None
    return time.perf_counter() - began


def press_on(shop: Shop, first: int, over: Event) -> None:
    """One of a crowd: somebody new says hello and asks for the invoice, again and again."""
    number = first
    while not over.is_set():
        number += 1
        chat = shop.buyer(number)
        chat.start()
        chat.say("/estrelas")
