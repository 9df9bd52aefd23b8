"""The command as it is started: fetches, and lets go when it is told to stop."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection

from bots.models import Bot, Delivery
from flows.models import InboxEvent
from tests.chaos import hostile
from tests.support.fake_telegram import Chat, FakeTelegram, to_polling
from tests.telegram_gateway.conftest import MakeBot

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@contextmanager
def run_polling(telegram: FakeTelegram, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py run_polling` on the test's database; ended by SIGKILL if nothing else ends it."""
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": urlunsplit(address),
        "DATABASE_RUNTIME_URL": urlunsplit(address),
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(settings.FIELD_ENCRYPTION_KEYS),
        "TELEGRAM_API_BASE_URL": telegram.url,
        "TRILHO_PROCESS_ROLE": "runtime",
        "TRILHO_RUN_DIR": str(folder),
    }
    with subprocess.Popen([sys.executable, "manage.py", "run_polling"], env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def test_serves_a_bot_until_it_is_told_to_stop(telegram: FakeTelegram, make_bot: MakeBot, tmp_path: Path) -> None:
    bot = make_bot(delivery=Delivery.POLLING)
    token = str(bot.token)
    chat = Chat(telegram, token, hostile.USER_ID, to_polling(telegram, token))
    update_id = chat.start()

    with run_polling(telegram, tmp_path) as process:
        telegram.wait_for(
            lambda: [call for call in telegram.accepted("getUpdates") if call.parameters["offset"] == update_id + 1],
            timeout=60,
        )
        process.send_signal(signal.SIGTERM)
        code = process.wait(20)

    bot.refresh_from_db()
    assert code == 0
    assert InboxEvent.unscoped.get().external_id == str(update_id)
    assert (bot.polling_lease_token, bot.polling_offset) == (None, update_id + 1)


def test_a_killed_poller_loses_nothing(telegram: FakeTelegram, make_bot: MakeBot, tmp_path: Path) -> None:
    bot = make_bot(delivery=Delivery.POLLING)
    token = str(bot.token)
    chat = Chat(telegram, token, hostile.USER_ID, to_polling(telegram, token))
    with run_polling(telegram, tmp_path) as process:
        telegram.wait_for(lambda: telegram.accepted("getUpdates"), timeout=60)
        process.kill()
        process.wait(20)
    update_id = chat.start()
    # The lease of the dead is waited out by the clock; here it has run out already.
    Bot.unscoped.update(polling_lease_until=None)

    with run_polling(telegram, tmp_path):
        telegram.wait_for(
            lambda: [call for call in telegram.accepted("getUpdates") if call.parameters["offset"] == update_id + 1],
            timeout=60,
        )

    assert InboxEvent.unscoped.get().external_id == str(update_id)
