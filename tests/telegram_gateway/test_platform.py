"""What connecting a bot asks of Telegram, and what it is told when that fails."""

import socket
import uuid

import pytest
from pytest_django.fixtures import Settings

from bots.ports import PlatformError, PlatformErrorCode
from telegram_gateway.platform import TelegramPlatform
from telegram_gateway.protocol.updates import ALLOWED_UPDATES
from tests.support.fake_telegram import FakeTelegram, refuse, too_many_requests
from tests.telegram_gateway.conftest import TOKEN_TAIL

TOKEN = f"777000111:{TOKEN_TAIL}"
platform = TelegramPlatform()


def test_says_who_a_bot_is(telegram: FakeTelegram) -> None:
    identity = platform.get_me(TOKEN)

    assert (identity.telegram_id, identity.username, identity.name) == (
        777000111,
        "fake_777000111_bot",
        "Bot 777000111",
    )
    assert identity.has_photo is False


def test_a_picture_is_no_reason_not_to_connect(telegram: FakeTelegram) -> None:
    telegram.fail(refuse(400, "Bad Request: user not found", method="getUserProfilePhotos"))

    assert platform.get_me(TOKEN).telegram_id == 777000111


def test_registers_the_webhook_with_its_secret_and_the_wanted_updates(
    telegram: FakeTelegram, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://trilho.example"
    url = platform.webhook_url("abc")

    platform.set_webhook(bot_id=uuid.uuid4(), token=TOKEN, url=url, secret="s3cret")

    assert url == "https://trilho.example/telegram/abc/"
    (call,) = telegram.accepted("setWebhook")
    assert call.parameters == {
        "url": url,
        "secret_token": "s3cret",
        "allowed_updates": [kind.value for kind in ALLOWED_UPDATES],
        "max_connections": 40,
    }
    assert platform.webhook_info(TOKEN).url == url
    platform.delete_webhook(TOKEN)
    assert platform.webhook_info(TOKEN).url == ""


def test_without_a_public_address_there_is_no_webhook(settings: Settings) -> None:
    settings.PUBLIC_URL = ""

    assert platform.webhook_url("abc") == ""


@pytest.mark.parametrize(
    "token", ["", "x", "123:short", "../../etc:" + "x" * 35, f"1/{TOKEN}", f"{TOKEN}/getMe?", "1:é" * 20]
)
def test_what_is_no_token_never_leaves(telegram: FakeTelegram, token: str) -> None:
    with pytest.raises(PlatformError) as caught:
        platform.get_me(token)

    assert (caught.value.code, telegram.attempts()) == (PlatformErrorCode.INVALID_TOKEN, [])


@pytest.mark.parametrize(
    ("status", "description", "code", "retryable"),
    [
        (401, "Unauthorized", PlatformErrorCode.INVALID_TOKEN, False),
        (404, "Not Found", PlatformErrorCode.INVALID_TOKEN, False),
        (409, "Conflict", PlatformErrorCode.CONFLICT, True),
        (500, "Internal Server Error", PlatformErrorCode.UNREACHABLE, True),
        (400, "Bad Request: bad webhook: HTTPS url must be provided", PlatformErrorCode.REFUSED, False),
    ],
)
def test_refusals_are_told_apart(
    telegram: FakeTelegram, status: int, description: str, code: PlatformErrorCode, retryable: bool
) -> None:
    telegram.fail(refuse(status, description))

    with pytest.raises(PlatformError) as caught:
        platform.delete_webhook(TOKEN)

    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert TOKEN_TAIL not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"


def test_patience_is_asked_for_in_seconds(telegram: FakeTelegram) -> None:
    telegram.fail(too_many_requests(3))

    with pytest.raises(PlatformError) as caught:
        platform.delete_webhook(TOKEN)

    assert (caught.value.retryable, caught.value.retry_after) == (True, 3.0)


def test_an_unreachable_telegram_says_so(settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.TELEGRAM_API_BASE_URL = f"http://127.0.0.1:{unused.getsockname()[1]}"

    with pytest.raises(PlatformError) as caught:
        platform.get_me(TOKEN)

    assert caught.value.code == PlatformErrorCode.UNREACHABLE
