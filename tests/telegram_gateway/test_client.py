"""The transport: what arrives at the Bot API, and what each way to fail becomes."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from telegram.error import TelegramError

from bots.outbox.loop import outbox_loop
from telegram_gateway.client import bot_for
from telegram_gateway.errors import Trouble, classify
from telegram_gateway.protocol.render import ApiCall, Upload
from tests.support.fake_telegram import FakeTelegram, Fault, drop_after, drop_before, refuse, too_many_requests
from tests.telegram_gateway.conftest import TOKEN_TAIL

TOKEN = f"777000111:{TOKEN_TAIL}"
HELLO = ApiCall("sendMessage", {"chat_id": 5, "text": "olá 😀", "reply_markup": {"inline_keyboard": []}})


def make(call: ApiCall = HELLO, *, deadline: float | None = None) -> Any:
    return outbox_loop.run(bot_for(TOKEN).call(call, deadline=deadline), timeout=20)


def trouble_of(call: ApiCall = HELLO, *, deadline: float | None = None) -> Trouble:
    with pytest.raises(TelegramError) as caught:
        make(call, deadline=deadline)
    return classify(caught.value).trouble


def test_a_call_arrives_and_its_result_comes_back(telegram: FakeTelegram) -> None:
    result = make()

    (call,) = telegram.accepted()
    assert (call.token, call.method, call.chat_id, call.text) == (TOKEN, "sendMessage", 5, "olá 😀")
    assert call.parameters["reply_markup"] == {"inline_keyboard": []}
    assert (result["message_id"], result["text"]) == (call.message_id, "olá 😀")


def test_a_file_is_uploaded_beside_the_other_parameters(telegram: FakeTelegram) -> None:
    upload = Upload("photo", "pix.png", "image/png", b"\x89PNG\x00\xff")

    make(ApiCall("sendPhoto", {"chat_id": 5, "caption": "é", "reply_markup": {"inline_keyboard": []}}, upload))

    (call,) = telegram.accepted()
    assert call.files == {"photo": b"\x89PNG\x00\xff"}
    assert (call.text, call.parameters["reply_markup"]) == ("é", {"inline_keyboard": []})


@pytest.mark.parametrize(
    ("fault", "trouble"),
    [
        (refuse(500, "Internal Server Error"), Trouble.OUTCOME_UNKNOWN),
        (refuse(502, "Bad Gateway"), Trouble.OUTCOME_UNKNOWN),
        (Fault(status=504, body=b"<html>gateway timeout</html>"), Trouble.OUTCOME_UNKNOWN),
        (drop_after(), Trouble.OUTCOME_UNKNOWN),
        (drop_before(), Trouble.OUTCOME_UNKNOWN),
        (Fault(status=200, body=b"not json"), Trouble.OUTCOME_UNKNOWN),
        (Fault(status=302, body=b""), Trouble.OUTCOME_UNKNOWN),
        (too_many_requests(3), Trouble.FLOOD),
        (refuse(429, "Too Many Requests"), Trouble.FLOOD),
        (refuse(413, "Request Entity Too Large"), Trouble.BAD_MEDIA),
        (refuse(400, "Bad Request: can't parse entities"), Trouble.BAD_MARKUP),
        (refuse(403, "Forbidden: bot was blocked by the user"), Trouble.BLOCKED),
        (refuse(401, "Unauthorized"), Trouble.BOT_REVOKED),
        (refuse(404, "Not Found"), Trouble.BOT_REVOKED),
        (refuse(409, "Conflict"), Trouble.USED_ELSEWHERE),
        (
            Fault(status=400, description="Bad Request: group upgraded", parameters={"migrate_to_chat_id": -9}),
            Trouble.MIGRATED,
        ),
    ],
)
def test_every_failure_is_told_apart(telegram: FakeTelegram, fault: Fault, trouble: Trouble) -> None:
    telegram.fail(fault)

    assert trouble_of() is trouble


@pytest.mark.parametrize("status", [401, 403, 404])
def test_only_the_bot_api_itself_can_revoke_a_token(telegram: FakeTelegram, status: int) -> None:
    telegram.fail(Fault(status=status, body=b"<html>a proxy on the way</html>"))

    assert trouble_of() is Trouble.OUTCOME_UNKNOWN


def test_no_connection_is_known_not_to_be_sent(settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.TELEGRAM_API_BASE_URL = f"http://127.0.0.1:{unused.getsockname()[1]}"

    assert trouble_of() is Trouble.NOT_SENT


def test_a_call_ends_at_its_deadline(telegram: FakeTelegram) -> None:
    telegram.latency = 2.0

    assert trouble_of(deadline=0.05) is Trouble.OUTCOME_UNKNOWN


def test_one_session_serves_every_bot_of_the_process(telegram: FakeTelegram) -> None:
    async def many() -> list[Any]:
        calls: list[Awaitable[Any]] = [bot_for(f"{n}:{TOKEN_TAIL}").call(HELLO) for n in range(1_000_001, 1_000_021)]
        return await asyncio.gather(*calls)

    outbox_loop.run(many(), timeout=20)

    assert len({call.token for call in telegram.accepted()}) == 20
    assert bot_for(TOKEN) is bot_for(TOKEN)


@pytest.mark.parametrize(
    "fault", [None, refuse(401, "Unauthorized"), refuse(400, f"bad {TOKEN}"), drop_after(), too_many_requests(1)]
)
def test_the_token_is_in_no_log_and_no_error(
    telegram: FakeTelegram, fault: Fault | None, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    caplog.set_level(logging.DEBUG)
    if fault:
        telegram.fail(fault)
    texts = _said(make)
    settings.TELEGRAM_API_BASE_URL = "http://127.0.0.1:1"
    texts += _said(make)

    assert TOKEN_TAIL not in caplog.text
    assert TOKEN_TAIL not in texts


def _said(act: Callable[[], object]) -> str:
    """All an error would show of itself and of what caused it, once classified."""
    try:
        act()
    except TelegramError as error:
        verdict = classify(error)
        shown, cause = f"{verdict!r} {verdict.error}", error.__cause__
        while cause is not None:
            shown, cause = f"{shown} {cause!r} {cause}", cause.__cause__
        return shown
    return ""
