"""A fake Telegram, and bots that talk to it."""

import hashlib
from collections.abc import Callable, Iterator

import pytest
from pytest_django.fixtures import Settings

from bots.ids import uuid7
from bots.models import Bot, Delivery, Organization
from bots.outbox.loop import outbox_loop
from telegram_gateway import client, files
from telegram_gateway.selectors import sending_bots, webhook_bots
from tests.support.fake_telegram import FakeTelegram

SECRET = "s3cret-of-the-webhook"
TOKEN_TAIL = "AAF-not_a_token_of_anybody_at_all_xx"

MakeBot = Callable[..., Bot]


@pytest.fixture
def telegram(settings: Settings) -> Iterator[FakeTelegram]:
    """A Bot API that every client of this test calls, without limits."""
    settings.TELEGRAM_BOT_RATE = 0
    settings.TELEGRAM_CHAT_RATE = 0
    with FakeTelegram() as fake:
        settings.TELEGRAM_API_BASE_URL = fake.url
        yield fake
        outbox_loop.run(client.close())


@pytest.fixture(autouse=True)
def fresh_caches() -> None:
    """What a process has learnt of bots belongs to the test before."""
    webhook_bots.clear()
    sending_bots.clear()
    files.forget_everything()


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(name="Loja", slug=f"loja-{uuid7()}")


@pytest.fixture
def make_bot(organization: Organization) -> MakeBot:
    """Makes bots with tokens of their own."""
    numbers = iter(range(1_000_001, 1_000_100))

    def make(**fields: object) -> Bot:
        token = f"{next(numbers)}:{TOKEN_TAIL}"
        return Bot.unscoped.create(
            **{
                "organization": organization,
                "name": "Loja",
                "username": "loja_bot",
                "token": token,
                "token_hash": hashlib.sha256(token.encode()).hexdigest(),
                "webhook_secret_hash": hashlib.sha256(SECRET.encode()).hexdigest(),
                "delivery": Delivery.WEBHOOK,
                **fields,
            }
        )

    return make


@pytest.fixture
def bot(make_bot: MakeBot) -> Bot:
    return make_bot()
