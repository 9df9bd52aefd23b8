"""One shop, one process, everything real but Telegram and the gateway's other side."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.support.fake_telegram import FakeTelegram
from tests.support.world import World

OpenWorld = Callable[..., World]


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    """A Bot API of our own."""
    with FakeTelegram() as server:
        yield server


@pytest.fixture
def open_world(telegram: FakeTelegram, settings: Any, live_server: LiveServer, transactional_db: None) -> OpenWorld:
    """Opens the shop, with the webhook reachable."""
    settings.TELEGRAM_API_BASE_URL = telegram.url
    settings.TELEGRAM_BOT_RATE = 0
    settings.TELEGRAM_CHAT_RATE = 0
    settings.PUBLIC_URL = live_server.url
    settings.SITE_URL = live_server.url

    def open_it(definition: dict[str, Any] | None = None) -> World:
        return World(telegram, definition)

    return open_it


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    """The shop with the sales flow."""
    return open_world()
