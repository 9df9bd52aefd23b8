"""The background publisher of bells: bounded, behind a breaker, so that a hung broker never blocks an answer."""

import os
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

import structlog
from celery import current_app

from bots.breaker import Breaker, BreakerOpen

logger = structlog.get_logger(__name__)

# A bell older than this rings for nobody: a sweep has looked since.
EXPIRES_SECONDS = 5
WAITING_LIMIT = 1_000
# Bells of one key are at least this far apart; the first rings at once.
SPACING_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Bell:
    task_name: str
    queue: str
    args: tuple[object, ...]
    key: str


class BellPublisher:
    """One daemon thread per process, started by the first bell, started anew after a fork."""

    def __init__(self) -> None:
        self.breaker = Breaker("broker", failures=3, cool_down=2.0)
        self.dropped = 0
        self._reset()

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, Bell] = OrderedDict()
        self._rung_at: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def ring(self, bell: Bell) -> None:
        """Leave the bell to the thread; drops it where too many wait already."""
        with self._changed:
            if bell.key in self._waiting:
                return
            if len(self._waiting) >= WAITING_LIMIT:
                self.dropped += 1
                return
            self._waiting[bell.key] = bell
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bells", daemon=True)
                self._thread.start()
            self._changed.notify()

    def waiting(self) -> int:
        """How many bells are not yet with the broker."""
        with self._changed:
            return len(self._waiting)

    def _run(self) -> None:
        while True:
            self._publish(self._next())

    def _next(self) -> Bell:
        """The first bell whose key has been silent long enough; sleeps until there is one."""
        with self._changed:
            while True:
                now = time.monotonic()
                wait: float | None = None
                for key, bell in self._waiting.items():
                    remaining = self._rung_at.get(key, 0.0) + SPACING_SECONDS - now
                    if remaining <= 0:
                        del self._waiting[key]
                        if len(self._rung_at) > WAITING_LIMIT:
                            self._rung_at.clear()
                        self._rung_at[key] = now
                        return bell
                    wait = remaining if wait is None else min(wait, remaining)
                self._changed.wait(wait)

    def _publish(self, bell: Bell) -> None:
        try:
            with self.breaker:
                current_app.send_task(
                    bell.task_name,
                    args=bell.args,
                    queue=bell.queue,
                    ignore_result=True,
                    expires=EXPIRES_SECONDS,
                    retry=False,
                )
        except BreakerOpen:
            self.dropped += 1
        except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, a bell may be lost
            self.dropped += 1
            logger.warning("bell_lost", task=bell.task_name, error=type(error).__name__)


publisher = BellPublisher()
# The thread does not survive a fork, and the lock might be held by it.
os.register_at_fork(after_in_child=publisher._reset)
