"""The process's one event loop, in a thread of its own: asynchronous handlers all run on it, together."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import uvloop

Answer = TypeVar("Answer")


class LoopThread:
    """Started by the first use, started anew after a fork. What lives on the loop (an HTTP session, a limiter) is made
    on it and stays."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        """The running loop."""
        with self._lock:
            if self._loop is None:
                self._loop = uvloop.new_event_loop()
                threading.Thread(target=self._run, args=(self._loop,), name="outbox-loop", daemon=True).start()
            return self._loop

    def run(self, coroutine: Coroutine[Any, Any, Answer], *, timeout: float | None = None) -> Answer:
        """Run a coroutine there and wait for its answer; never called from the loop itself."""
        future: Future[Answer] = asyncio.run_coroutine_threadsafe(coroutine, self.get())
        return future.result(timeout)

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()


outbox_loop = LoopThread()
os.register_at_fork(after_in_child=outbox_loop._reset)
