"""Bells: rung in no time, lost without harm."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from bots import bells, jobs
from bots.bells import WAITING_LIMIT, Bell, BellPublisher
from bots.breaker import BreakerState
from tests.support.races import wait_until


class Broker:
    """Stands for Celery's side of `send_task`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.calls = 0
        self.error: Exception | None = None
        self.hung = threading.Event()
        self.hung.set()

    def send_task(self, name: str, **options: Any) -> None:
        self.calls += 1
        self.hung.wait(20)
        if self.error is not None:
            raise self.error
        self.sent.append((name, options))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    broker = Broker()
    monkeypatch.setattr(bells, "current_app", broker)
    yield broker
    broker.hung.set()


@pytest.fixture
def publisher(broker: Broker) -> Iterator[BellPublisher]:
    publisher = BellPublisher()
    yield publisher
    # Its thread lives on: what it has not published yet is not for the next test's broker.
    with publisher._changed:
        publisher._waiting.clear()


def a_bell(key: str = "k") -> Bell:
    return Bell("app.look", "updates", (3,), key)


def test_a_bell_is_a_task_that_soon_expires_and_is_never_retried(publisher: BellPublisher, broker: Broker) -> None:
    publisher.ring(a_bell())
    wait_until(lambda: bool(broker.sent), what="the bell")
    assert broker.sent == [
        (
            "app.look",
            {"args": (3,), "queue": "updates", "ignore_result": True, "expires": 5, "retry": False},
        )
    ]


def test_bells_of_one_key_that_still_wait_become_one(publisher: BellPublisher, broker: Broker) -> None:
    broker.hung.clear()
    publisher.ring(a_bell("first"))
    wait_until(lambda: broker.calls == 1, what="the first call")
    for _ in range(50):
        publisher.ring(a_bell("second"))
    assert publisher.waiting() == 1
    broker.hung.set()
    wait_until(lambda: len(broker.sent) == 2, what="both bells")


def test_a_hung_broker_blocks_nobody_and_fills_no_memory(publisher: BellPublisher, broker: Broker) -> None:
    broker.hung.clear()
    publisher.ring(a_bell("first"))
    wait_until(lambda: broker.calls == 1, what="the first call")
    for number in range(WAITING_LIMIT + 7):
        publisher.ring(a_bell(str(number)))
    assert publisher.waiting() == WAITING_LIMIT
    assert publisher.dropped == 7


def test_a_dead_broker_is_asked_a_few_times_only(publisher: BellPublisher, broker: Broker) -> None:
    broker.error = OSError("refused")
    publisher.breaker.cool_down = 3600
    for number in range(20):
        publisher.ring(a_bell(str(number)))
    wait_until(lambda: publisher.dropped == 20, what="all bells dropped")
    assert broker.calls == 3
    assert publisher.breaker.state is BreakerState.OPEN


def test_a_forked_process_starts_with_a_thread_of_its_own(publisher: BellPublisher, broker: Broker) -> None:
    publisher.ring(a_bell("parent"))
    wait_until(lambda: len(broker.sent) == 1, what="the parent's bell")
    publisher._reset()
    publisher.ring(a_bell("child"))
    wait_until(lambda: len(broker.sent) == 2, what="the child's bell")


def test_enqueue_never_raises(monkeypatch: pytest.MonkeyPatch, publisher: BellPublisher, broker: Broker) -> None:
    broker.error = RuntimeError("whatever")
    monkeypatch.setattr(jobs, "publisher", publisher)
    jobs.enqueue("app.look", queue="updates", args=(1,))
    wait_until(lambda: publisher.dropped == 1, what="the bell lost")


@pytest.mark.django_db(transaction=True)
def test_rings_only_after_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[Bell] = []
    monkeypatch.setattr(bells.publisher, "ring", rung.append)
    with transaction.atomic():
        jobs.enqueue_on_commit("app.look", queue="updates")
        transaction.set_rollback(True)
    assert rung == []
    with transaction.atomic():
        jobs.enqueue_on_commit("app.look", queue="updates", args=(1,), coalesce_key="look:1")
        assert rung == []
    assert rung == [Bell("app.look", "updates", (1,), "look:1")]


def test_sweeps_are_listed_by_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_sweeps", {})
    jobs.register_sweep("a", lambda: None, every_ms=100)
    jobs.register_sweep("b", lambda: None, roles=("app",))
    assert [sweep.name for sweep in jobs.sweeps()] == ["a", "b"]
    assert [sweep.name for sweep in jobs.sweeps("app")] == ["b"]
    assert jobs.sweeps("runtime")[0].every_ms == 100


def test_a_sweep_of_this_process_is_woken_and_one_elsewhere_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_sweeps", {})
    jobs.register_sweep("a", lambda: None)
    (sweep,) = jobs.sweeps()
    assert (jobs.wake("a"), jobs.wake("unknown"), sweep.woken.is_set()) == (False, False, False)
    sweep.running.set()
    assert (jobs.wake("a"), sweep.woken.is_set()) == (True, True)


def test_a_bell_answered_here_spares_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[Bell] = []
    monkeypatch.setattr(bells.publisher, "ring", rung.append)
    monkeypatch.setattr(jobs, "_answers_here", {})
    answers = [True, False]
    jobs.answer_here("here", lambda: answers.pop(0))
    for key in ("here", "here", "elsewhere"):
        jobs.enqueue("app.look", queue="updates", coalesce_key=key)
    assert [bell.key for bell in rung] == ["here", "elsewhere"]
