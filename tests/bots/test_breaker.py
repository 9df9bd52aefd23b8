"""The circuit breaker."""

import asyncio
import threading

import pytest

from bots.breaker import Breaker, BreakerOpen, BreakerState
from tests.support.races import at_once


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Ignored(Exception):
    """Not the service's fault."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("test", failures=3, cool_down=5.0, counts=(OSError,), clock=clock)


def state_of(breaker: Breaker) -> BreakerState:
    return breaker.state


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(OSError, match="dead"), breaker:
            raise OSError("dead")


def test_opens_after_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, 2)
    with breaker:
        pass
    fail(breaker, 2)
    assert state_of(breaker) is BreakerState.CLOSED
    fail(breaker)
    assert state_of(breaker) is BreakerState.OPEN
    assert breaker.retry_after == 5.0
    with pytest.raises(BreakerOpen), breaker:
        pytest.fail("was let through")


def test_closes_after_one_good_probe(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 5.0
    assert state_of(breaker) is BreakerState.HALF_OPEN
    with breaker:
        pass
    assert state_of(breaker) is BreakerState.CLOSED
    fail(breaker, 2)
    assert state_of(breaker) is BreakerState.CLOSED


def test_a_bad_probe_opens_it_again_at_once(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 5.0
    fail(breaker)
    assert state_of(breaker) is BreakerState.OPEN
    assert breaker.retry_after == 5.0


def test_lets_a_single_caller_probe(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 5.0
    with breaker:
        answers = at_once(4, lambda _place: breaker.__enter__(), database=False)
    assert [type(answer) for answer in answers] == [BreakerOpen] * 4


def test_errors_that_say_nothing_about_the_service_do_not_count(breaker: Breaker, clock: Clock) -> None:
    for _ in range(5):
        with pytest.raises(Ignored), breaker:
            raise Ignored
    assert state_of(breaker) is BreakerState.CLOSED
    fail(breaker, 3)
    clock.now = 5.0
    with pytest.raises(Ignored), breaker:
        raise Ignored
    assert state_of(breaker) is BreakerState.CLOSED


def test_callers_do_not_wait_for_each_other(breaker: Breaker) -> None:
    """Both are inside at the same time: a barrier of two inside the breaker would otherwise break."""
    inside = threading.Barrier(2)

    def call(_place: int) -> str:
        with breaker:
            inside.wait(10)
        return "met"

    assert at_once(2, call, database=False) == ["met", "met"]


def test_tasks_of_one_thread_are_told_apart(breaker: Breaker, clock: Clock) -> None:
    """A call that began before the breaker opened does not speak for the probe."""

    async def late() -> None:
        begun, let_go = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            with pytest.raises(Ignored), breaker:  # noqa: PT012 - the wait inside is the point
                begun.set()
                await let_go.wait()
                raise Ignored

        async def probe() -> None:
            with breaker:
                let_go.set()
                await first
                assert state_of(breaker) is BreakerState.HALF_OPEN

        first = asyncio.create_task(slow())
        await begun.wait()
        fail(breaker, 3)
        clock.now = 5.0
        await asyncio.create_task(probe())

    asyncio.run(late())
    assert state_of(breaker) is BreakerState.CLOSED
