"""A fake Telegram, and bots that talk to it."""

import hashlib
import uuid
from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from bots.ids import uuid7
from bots.models import Bot, Channel, Contact, Delivery, Organization
from bots.outbox.loop import outbox_loop
from bots.outbox.models import OutboxMessage
from bots.outbox.publish import NewMessage, publish
from bots.tenancy import no_scope
from flows.engine.effects import AnswerPress, Effect, OutMessage, RemoveKeyboard, Say
from flows.topics import KEYBOARD_REMOVE, MESSAGE_SEND, PRESS_ANSWER, Envelope
from telegram_gateway import client, files
from telegram_gateway.selectors import sending_bots, webhook_bots
from tests.support.fake_telegram import FakeTelegram

SECRET = "s3cret-of-the-webhook"
TOKEN_TAIL = "AAF-not_a_token_of_anybody_at_all_xx"

MakeBot = Callable[..., Bot]
USER_ID = 700_100_200
TOPICS = {Say: MESSAGE_SEND, AnswerPress: PRESS_ANSWER, RemoveKeyboard: KEYBOARD_REMOVE}

Send = Callable[..., OutboxMessage]


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


@pytest.fixture
def contact(bot: Bot) -> Contact:
    return Contact.unscoped.create(organization_id=bot.organization_id, bot=bot, telegram_user_id=USER_ID)


@pytest.fixture
def send(bot: Bot, contact: Contact) -> Send:
    """Publishes an effect to the contact, as a drain does."""

    def publish_effect(effect: Effect | str, *, of: Bot = bot, channel: Channel = Channel.TELEGRAM) -> OutboxMessage:
        effect = Say(OutMessage(effect)) if isinstance(effect, str) else effect
        message_id = uuid7()
        envelope = Envelope(
            organization_id=of.organization_id,
            bot_id=of.id,
            contact_id=contact.id,
            conversation_id=uuid7(),
            telegram_user_id=USER_ID,
            channel=channel,
            run_id=uuid7(),
            version_id=uuid7(),
            effect=effect,
        )
        message = NewMessage(
            topic=TOPICS[type(effect)],
            key=str(uuid.uuid4()),
            organization_id=of.organization_id,
            bot_id=of.id,
            ordering_key=f"{of.id}:{USER_ID}" if isinstance(effect, Say) else None,
            payload=envelope.dump(),
            id=message_id,
        )
        with no_scope(reason="a test"), transaction.atomic():
            publish([message])
        return OutboxMessage.unscoped.get(id=message_id)

    return publish_effect
