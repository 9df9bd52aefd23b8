"""The threads that look for due rows: they go on whatever happens."""

import threading

import pytest
from django.db import OperationalError
from structlog.testing import capture_logs

from bots.jobs import Sweep
from config.sweep import LONGEST_PAUSE, SweepStep, SweepThread

DEADLINE = 20


class Calls:
    """A sweep that fails a few times, then tells that it was called often enough."""

    def __init__(self, error: Exception, *, failures: int, enough: int) -> None:
        self.error, self.failures, self.enough, self.count = error, failures, enough, 0
        self.done = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        if self.count >= self.enough:
            self.done.set()
        if self.count <= self.failures:
            raise self.error


def sweep_of(run: Calls) -> Sweep:
    return Sweep("tested", run, 1, ("runtime",))


@pytest.mark.parametrize("error", [OperationalError("gone"), RuntimeError("a mistake")])
def test_goes_on_after_a_failure(error: Exception) -> None:
    calls = Calls(error, failures=2, enough=5)
    thread = SweepThread(sweep_of(calls))
    with capture_logs() as lines:
        thread.start()
        assert calls.done.wait(DEADLINE)
        thread.stop()
        thread.join(DEADLINE)
    assert not thread.is_alive()
    assert [line["failures"] for line in lines if line["event"] == "sweep_failed"] == [1, 2]


def test_a_bell_of_this_process_ends_the_pause() -> None:
    """The period is an hour: the second call is the bell's."""
    ran = threading.Semaphore(0)
    sweep = Sweep("tested", ran.release, 3_600_000, ("runtime",))
    thread = SweepThread(sweep)
    thread.start()
    assert ran.acquire(timeout=DEADLINE)
    assert sweep.running.is_set()
    sweep.woken.set()
    assert ran.acquire(timeout=DEADLINE)
    thread.stop()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert not sweep.running.is_set()


def test_slows_down_while_it_fails_but_not_without_end() -> None:
    thread = SweepThread(Sweep("tested", lambda: None, 100, ("runtime",)))
    assert [thread.pause(0.0, failures) for failures in (1, 2, 3)] == [0.2, 0.4, 0.8]
    assert thread.pause(0.0, 50) == LONGEST_PAUSE


def test_the_time_a_sweep_took_counts_as_pause() -> None:
    thread = SweepThread(Sweep("tested", lambda: None, 250, ("runtime",)))
    assert thread.pause(0.0, 0) == 0.25
    assert thread.pause(0.2, 0) == pytest.approx(0.05)
    assert thread.pause(3.0, 0) == 0.0


def test_starts_only_the_sweeps_of_its_role(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fake_sweeps(role: str) -> tuple[Sweep, ...]:
        asked.append(role)
        return ()

    monkeypatch.setattr("config.sweep.sweeps", fake_sweeps)
    SweepStep(None).start(None)  # type: ignore[arg-type]
    assert asked == ["owner"]
