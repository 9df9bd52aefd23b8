"""Many at once at the real web server's door. Their twins, without the guards, are beside the drain's and the
webhook's own race tests."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bots.models import Contact
from bots.outbox.models import UNFINISHED, OutboxMessage
from flows.models import InboxEvent, InboxState, Run
from tests.processes.conftest import RunningShop
from tests.support.fake_telegram import Chat, to_webhook
from tests.support.races import wait_until
from tests.support.shop import texts_to

pytestmark = [pytest.mark.processes, pytest.mark.timeout(240)]

MANY = 50


def test_fifty_starts_of_one_new_contact_at_once_are_one_welcome(running: RunningShop) -> None:
    chat = running.shop.buyer(521)

    with ThreadPoolExecutor(MANY) as pool:
        for start in [pool.submit(chat.start) for _ in range(MANY)]:
            start.result()

    check_one_welcome(chat, updates=MANY)


def test_the_same_update_fifty_times_at_once_is_one_row(running: RunningShop) -> None:
    shop = running.shop
    chat = shop.buyer(522, deliver=to_webhook(shop.telegram, shop.token, times=MANY))

    chat.start()

    check_one_welcome(chat, updates=1)


def check_one_welcome(chat: Chat, *, updates: int) -> None:
    """So many rows were worked off, and made one contact, one run and one message."""
    rows = InboxEvent.unscoped.filter(telegram_user_id=chat.user_id)
    leaving = OutboxMessage.unscoped.filter(payload__telegram_user_id=chat.user_id, state__in=UNFINISHED)
    wait_until(lambda: not rows.filter(state=InboxState.NEW).exists() and not leaving.exists(), what="rest")
    assert rows.count() == updates
    assert Contact.unscoped.filter(telegram_user_id=chat.user_id).count() == 1
    assert Run.unscoped.filter(contact__telegram_user_id=chat.user_id).count() == 1
    assert texts_to(chat) == ["Olá Ana! O que você quer?"]
