"""The sweep: in each worker process, one thread per registered function, looking for due rows without any broker."""

import threading
import time

import structlog
from celery import bootsteps
from celery.worker import WorkController
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections

from bots.jobs import Sweep, sweeps

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 5.0


class SweepThread(threading.Thread):
    """Calls one sweep for ever. A failure is logged and slows it down; nothing ends it but `stop`."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(name=f"sweep-{sweep.name}", daemon=True)
        self.sweep = sweep
        self.stopping = threading.Event()

    def run(self) -> None:
        failures = 0
        self.sweep.running.set()
        while not self.stopping.is_set():
            self.sweep.woken.clear()
            began = time.monotonic()
            try:
                # As a request does: a connection that died or is too old is replaced before it is needed.
                close_old_connections()
                self.sweep.run()
            except DatabaseError as error:
                failures += 1
                connections.close_all()
                log.warning("sweep_failed", sweep=self.sweep.name, failures=failures, error=str(error))
            except Exception:
                failures += 1
                log.exception("sweep_failed", sweep=self.sweep.name, failures=failures)
            else:
                failures = 0
            # A bell rung in this process ends the pause, but not the longer one after a failure.
            waiting_for = self.stopping if failures else self.sweep.woken
            waiting_for.wait(self.pause(time.monotonic() - began, failures))
        self.sweep.running.clear()
        connections.close_all()

    def pause(self, took: float, failures: int) -> float:
        """Seconds to wait before the next call: the rest of the period, or longer and longer while it fails."""
        every = self.sweep.every_ms / 1000
        if failures:
            return min(every * 2.0 ** min(failures, 20), LONGEST_PAUSE)
        return max(every - took, 0.0)

    def stop(self) -> None:
        """Ask it to end after the present call."""
        self.stopping.set()
        self.sweep.woken.set()


class SweepStep(bootsteps.StartStopStep):
    """Starts the sweeps with the worker. Before the consumer, which waits for a dead broker as long as it takes."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: WorkController, **options: object) -> None:
        super().__init__(parent, **options)
        self.threads: list[SweepThread] = []

    def start(self, parent: WorkController) -> None:
        self.threads = [SweepThread(sweep) for sweep in sweeps(settings.PROCESS_ROLE)]
        for thread in self.threads:
            thread.start()

    def stop(self, parent: WorkController) -> None:
        for thread in self.threads:
            thread.stop()
        for thread in self.threads:
            thread.join(timeout=5)

    def terminate(self, parent: WorkController) -> None:
        for thread in self.threads:
            thread.stop()
