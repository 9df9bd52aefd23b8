"""Making races happen on purpose: interleavings by hook, and many threads at once, each with its own connection."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar
from unittest import mock

from django.db import connection, connections

Answer = TypeVar("Answer")

DEADLINE = 20.0


@contextmanager
def run_before(target: str, callback: Callable[[], object]) -> Iterator[mock.Mock]:
    """Run `callback` once, just before the first call of the function named by its dotted path."""
    yield from _hooked(target, before=callback)


@contextmanager
def run_after(target: str, callback: Callable[[], object]) -> Iterator[mock.Mock]:
    """Run `callback` once, just after the first call of the function named by its dotted path."""
    yield from _hooked(target, after=callback)


def _hooked(
    target: str, *, before: Callable[[], object] | None = None, after: Callable[[], object] | None = None
) -> Iterator[mock.Mock]:
    module, _dot, name = target.rpartition(".")
    original = getattr(import_module(module), name)
    first = threading.Lock()

    @wraps(original)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        is_first = first.acquire(blocking=False)
        if is_first and before is not None:
            before()
        answer = original(*args, **kwargs)
        if is_first and after is not None:
            after()
        return answer

    with mock.patch(target, side_effect=hooked) as patched:
        yield patched


def at_once(number: int, act: Callable[[int], Answer], *, database: bool = True) -> list[Answer | BaseException]:
    """Call `act(0)` … `act(number - 1)` in as many threads, let go at one moment; an exception is an answer."""
    barrier = threading.Barrier(number)
    answers: list[Answer | BaseException] = [AssertionError("The thread did not end.")] * number

    def run(place: int) -> None:
        try:
            if database:
                connection.ensure_connection()
            barrier.wait(DEADLINE)
            answers[place] = act(place)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            answers[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    return answers


def together(actions: Sequence[Callable[[], Answer]], *, database: bool = False) -> list[Answer | BaseException]:
    """The same for different actions, their answers in order; each connects when it first needs to."""
    return at_once(len(actions), lambda place: actions[place](), database=database)


class Rival:
    """Something done by another thread with a connection of its own, while the test goes on."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._answer: object = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self) -> Any:
        """What it came to; raises what it raised."""
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive(), "The rival did not end."
        if self._error is not None:
            raise self._error
        return self._answer

    def settle(self) -> None:
        """Wait until it has ended or waits for a lock."""
        until = time.monotonic() + DEADLINE
        while self._thread.is_alive() and time.monotonic() < until and not _somebody_waits_for_a_lock():
            time.sleep(0.01)

    def _run(self) -> None:
        try:
            self._answer = self._act()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self._error = error
        finally:
            connections.close_all()


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        # Inside a transaction the view would say the same for ever.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def wait_until(condition: Callable[[], bool], *, what: str) -> None:
    """Wait for something another thread does; fails loudly, never silently goes on."""
    until = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < until, f"Waited in vain for: {what}"
        time.sleep(0.005)
