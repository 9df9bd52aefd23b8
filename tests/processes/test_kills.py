"""A purchase while the worker is killed, at the six places where a death hurts most; `make chaos` walks all of them."""

import pytest

from tests.processes.buying import buy, check_books, check_nothing_waits
from tests.processes.conftest import StartStack
from tests.support.fake_telegram import FakeTelegram
from tests.support.shop import open_shop

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

DEADLY = [
    "drain.before_commit",
    "drain.after_commit",
    "relay.after_claim",
    "relay.after_call",
    "payments.request.committed",
    "payments.transition.granted",
]


@pytest.mark.parametrize("place", DEADLY)
def test_a_killed_worker_loses_nothing(place: str, start_stack: StartStack, telegram: FakeTelegram) -> None:
    stack = start_stack(crash_plan=f"{place}:1:kill,{place}:2:kill", only=("web", "worker"))
    shop = open_shop(stack.url, telegram)
    chat = shop.buyer(505)

    buy(shop, chat)

    assert place in stack.reached()
    check_books(chat)
    check_nothing_waits()
