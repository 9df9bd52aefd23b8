"""The process's one event loop, in a thread of its own: asynchronous handlers all run on it, together; and threads for
what it must not wait for."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import uvloop

Answer = TypeVar("Answer")
Given = ParamSpec("Given")


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


class Threads(Executor):
    """A pool of so many threads. Those of a parent do not survive a fork, and a pool that does not notice lets the
    child wait for ever: here the child has new ones. Meant for modules: a pool is never forgotten."""

    def __init__(self, number: int, name: str) -> None:
        self._number, self._name = number, name
        self._start_anew()
        os.register_at_fork(after_in_child=self._start_anew)

    def _start_anew(self) -> None:
        self._pool = ThreadPoolExecutor(self._number, self._name)

    def submit(self, fn: Callable[Given, Answer], /, *args: Given.args, **kwargs: Given.kwargs) -> Future[Answer]:
        return self._pool.submit(fn, *args, **kwargs)
