"""Threads with connections of their own that start together, for tests of races."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connections

Result = TypeVar("Result")


def at_once(functions: Sequence[Callable[[], Result]], *, timeout: float = 60.0) -> list[Result]:
    """Calls them all at the same moment; their results in order. Raises the first exception of any."""
    barrier = threading.Barrier(len(functions))
    results: dict[int, Result] = {}
    errors: list[BaseException] = []

    def run(place: int, function: Callable[[], Result]) -> None:
        try:
            barrier.wait(timeout)
            results[place] = function()
        except BaseException as error:  # noqa: BLE001 - handed to the test, whatever it is
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
    if errors:
        raise errors[0]
    assert len(results) == len(functions), "a thread did not end in time"
    return [results[place] for place in range(len(functions))]
