"""The same update many times at the same moment is one row; without the unique key it would be many."""

import json
from collections.abc import Iterator

import pytest
from django.db import connection

from bots.models import Bot
from flows.models import InboxEvent
from telegram_gateway.models import TelegramUpdate
from tests.chaos import hostile
from tests.support.races import at_once
from tests.telegram_gateway.test_webhook import GROUP_MESSAGE, MESSAGE, post

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = TelegramUpdate._meta.db_table


@pytest.fixture
def no_unique_key(transactional_db: None) -> Iterator[None]:
    """The table without the key that tells one update from another."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT telegram_update_once")
        yield
        cursor.execute(f"TRUNCATE {TABLE}")
        cursor.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT telegram_update_once UNIQUE (bot_id, external_id)")


def test_fifty_deliveries_at_once_are_one_row(bot: Bot) -> None:
    bodies = [MESSAGE, GROUP_MESSAGE, b"\x00rubbish"]

    answers = at_once(50, lambda place: [post(bot.public_id, body) for body in bodies])

    assert answers == [[200, 200, 200]] * 50
    assert (InboxEvent.unscoped.count(), TelegramUpdate.unscoped.count()) == (1, 2)


def test_without_the_unique_key_they_would_be_many(bot: Bot, no_unique_key: None) -> None:
    assert at_once(10, lambda place: post(bot.public_id, GROUP_MESSAGE)) == [200] * 10

    assert TelegramUpdate.unscoped.count() == 10


def test_different_updates_at_once_are_all_kept(bot: Bot) -> None:
    def write(place: int) -> int:
        return post(bot.public_id, json.dumps({"update_id": place + 1, "message": hostile.MESSAGE}).encode())

    assert at_once(50, write) == [200] * 50
    assert InboxEvent.unscoped.count() == 50
