"""How an update reaches a bot: posted to its webhook as Telegram does, or fetched by `getUpdates`."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from tests.support.fake_telegram.server import FakeTelegram

Deliver = Callable[[dict[str, Any]], None]

# Telegram waits longer between its attempts; the order of things is the same.
PAUSE = 0.05
PATIENCE = 60.0


def to_polling(telegram: FakeTelegram, token: str) -> Deliver:
    """Queue updates for `getUpdates`."""
    return lambda update: telegram.push_update(token, update)


def to_webhook(telegram: FakeTelegram, token: str, *, times: int = 1) -> Deliver:
    """Post updates where the bot registered its webhook, with its secret, until each is answered 2xx.

    `times` posts the same update so often at once, as Telegram does when it misses an answer.
    """

    def deliver(update: dict[str, Any]) -> None:
        hook = telegram.webhooks[token]
        body = json.dumps(update).encode()
        with ThreadPoolExecutor(times) as pool:
            posts = [
                pool.submit(post_until_taken, hook["url"], hook.get("secret_token", ""), body) for _ in range(times)
            ]
            for done in posts:
                done.result()

    return deliver


def recorded(deliver: Deliver, accepted: list[int]) -> Deliver:
    """Delivers, and adds the id of what was taken to `accepted`."""

    def record(update: dict[str, Any]) -> None:
        deliver(update)
        accepted.append(update["update_id"])

    return record


def post_until_taken(url: str, secret: str, body: bytes) -> None:
    """Post an update as Telegram does: again and again until it is answered 2xx."""
    end = time.monotonic() + PATIENCE
    while True:
        status = _post(url, secret, body)
        if 200 <= status < 300:
            return
        if time.monotonic() > end:
            raise AssertionError(f"the webhook never took the update; its last answer was {status}")
        time.sleep(PAUSE)


def _post(url: str, secret: str, body: bytes) -> int:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret}
    try:
        connection.request("POST", parts.path, body, headers)
        response = connection.getresponse()
        response.read()
    except (OSError, HTTPException):
        return 0
    else:
        return response.status
    finally:
        connection.close()
