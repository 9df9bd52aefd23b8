"""A whole purchase through real processes, as users start them, with everything that may go wrong going wrong."""

import pytest

from tests.processes.buying import (
    ask_for_the_code,
    buy,
    check_books,
    check_chat_once,
    check_nothing_waits,
    expect_access,
)
from tests.processes.conftest import StartStack
from tests.support.fake_telegram import FakeTelegram
from tests.support.shop import open_shop

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


def test_a_contact_buys_and_gets_access(start_stack: StartStack, telegram: FakeTelegram) -> None:
    stack = start_stack()
    shop = open_shop(stack.url, telegram)
    chat = shop.buyer(501)

    buy(shop, chat)

    check_chat_once(chat)
    check_books(chat)
    check_nothing_waits()
    assert stack.deaths == []


def test_every_update_three_times_in_parallel_changes_nothing(start_stack: StartStack, telegram: FakeTelegram) -> None:
    stack = start_stack()
    shop = open_shop(stack.url, telegram)
    chat = shop.buyer(502, times=3)

    buy(shop, chat)

    check_chat_once(chat)
    check_books(chat)
    check_nothing_waits()


def test_redis_and_the_broker_are_not_needed(start_stack: StartStack, telegram: FakeTelegram) -> None:
    stack = start_stack()
    shop = open_shop(stack.url, telegram)
    chat = shop.buyer(503)
    stack.stop_redis()

    buy(shop, chat)

    check_chat_once(chat)
    check_books(chat)
    check_nothing_waits()


def test_a_lost_notice_is_found_by_asking_the_gateway(start_stack: StartStack, telegram: FakeTelegram) -> None:
    stack = start_stack()
    shop = open_shop(stack.url, telegram)
    chat = shop.buyer(504)
    ask_for_the_code(shop, chat)

    shop.pay(chat, silent=True)
    chat.press("Já paguei")

    expect_access(chat)
    check_books(chat)


# The six places where a death hurts most; `make chaos` walks all of them.
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
    stack = start_stack(crash_plan=f"{place}:1:kill,{place}:2:kill")
    shop = open_shop(stack.url, telegram)
    chat = shop.buyer(505)

    ask_for_the_code(shop, chat)
    shop.pay(chat)
    expect_access(chat)

    assert place in stack.reached()
    check_books(chat)
    check_nothing_waits()
