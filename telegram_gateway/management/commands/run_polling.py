"""Serves bots that have no public address, by long polling; any number of these may run."""

import asyncio
import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from bots.outbox.loop import outbox_loop
from telegram_gateway.polling import Poller


class Command(BaseCommand):
    help = "Fetches the updates of every bot that is polled, until it is told to stop (SIGTERM or Ctrl-C)."

    def handle(self, *args: Any, **options: Any) -> None:
        loop = outbox_loop.get()
        poller = outbox_loop.run(_make_poller())

        def stop(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(poller.stop)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        ended = threading.Event()
        running = asyncio.run_coroutine_threadsafe(poller.run(), loop)
        running.add_done_callback(lambda _: ended.set())
        # In short waits, since a signal's handler runs only between them.
        while not ended.wait(0.5):
            continue
        running.result()


async def _make_poller() -> Poller:
    """On the loop, which its events belong to."""
    return Poller()
