"""A circuit breaker per process: after some failures in a row nobody waits for a dead service for a while."""

import asyncio
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerOpen(Exception):
    """Not even tried: the service was dead a moment ago."""


def _caller() -> object:
    """Who calls: a task among the others of its event loop, else a thread."""
    try:
        return asyncio.current_task() or threading.get_ident()
    except RuntimeError:
        return threading.get_ident()


class Breaker:
    """`with breaker: call()`. The lock guards the counters only, never the call, so callers do not queue behind each
    other. Once the cool-down is over a single caller may try; the others are refused until it is back."""

    def __init__(
        self,
        name: str,
        *,
        failures: int = 5,
        cool_down: float = 5.0,
        counts: tuple[type[BaseException], ...] = (Exception,),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.limit = failures
        self.cool_down = cool_down
        self.counts = counts
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._probe: object = None

    @property
    def state(self) -> BreakerState:
        with self._lock:
            if self._open_until is None:
                return BreakerState.CLOSED
            return BreakerState.OPEN if self._clock() < self._open_until else BreakerState.HALF_OPEN

    @property
    def retry_after(self) -> float:
        """Seconds until the next try is let through; 0 when it would be now."""
        with self._lock:
            return max(0.0, (self._open_until or 0.0) - self._clock())

    def __enter__(self) -> None:
        with self._lock:
            if self._open_until is None:
                return
            if self._clock() < self._open_until or self._probe is not None:
                raise BreakerOpen(self.name)
            self._probe = _caller()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            is_probe = self._probe is not None and self._probe == _caller()
            if is_probe:
                self._probe = None
            if error is None or not isinstance(error, self.counts):
                if error is None or is_probe:
                    self._failures = 0
                    self._open_until = None
                return
            self._failures += 1
            if is_probe or self._failures >= self.limit:
                self._open_until = self._clock() + self.cool_down
