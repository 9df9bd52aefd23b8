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
from tests.processes.conftest import RunningShop

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]


def test_a_contact_buys_and_gets_access(running: RunningShop) -> None:
    chat = running.shop.buyer(501)

    buy(running.shop, chat)

    check_chat_once(chat)
    check_books(chat)
    check_nothing_waits()
    assert running.stack.deaths == []


def test_every_update_three_times_in_parallel_changes_nothing(running: RunningShop) -> None:
    chat = running.shop.buyer(502, times=3)

    buy(running.shop, chat)

    check_chat_once(chat)
    check_books(chat)
    check_nothing_waits()


def test_redis_and_the_broker_are_not_needed(running: RunningShop) -> None:
    chat = running.shop.buyer(503)

    with running.stack.without_redis():
        buy(running.shop, chat)

    check_chat_once(chat)
    check_books(chat)
    check_nothing_waits()


def test_a_lost_notice_is_found_by_asking_the_gateway(running: RunningShop) -> None:
    chat = running.shop.buyer(504)
    ask_for_the_code(running.shop, chat)

    running.shop.pay(chat, silent=True)
    chat.press("Já paguei")

    expect_access(chat)
    check_books(chat)
