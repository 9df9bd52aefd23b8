"""The limiter: never over the rate, whoever asks at once; without Redis at half of it."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django.fixtures import Settings

from bots import redis
from bots.outbox.loop import outbox_loop
from telegram_gateway import ratelimit
from telegram_gateway.ratelimit import CHAT_BURST, LocalBuckets, Rates, Request, take_shared

CHAT = 5


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def bot_id() -> Iterator[uuid.UUID]:
    """A bot whose buckets are new, and gone afterwards."""
    bot_id = uuid.uuid4()
    yield bot_id
    redis.call(lambda client: [client.delete(key) for key in client.scan_iter(f"trilho:rate:{bot_id}*")])


def admitted(waits: Sequence[float]) -> int:
    return sum(wait == 0 for wait in waits)


# --- within one process ---


def test_a_chat_has_a_burst_and_then_one_a_second() -> None:
    clock, rates = Clock(), Rates(bot=0, chat=1)
    buckets, request = LocalBuckets(clock), Request(uuid.uuid4(), CHAT)

    assert buckets.take([request] * 7, rates) == [0, 0, 0, 0, 0, 1, 1]
    clock.now += 1
    assert buckets.take([request] * 2, rates) == [0, 1]


def test_a_bot_is_limited_over_all_its_chats() -> None:
    clock, bot_id = Clock(), uuid.uuid4()
    buckets, rates = LocalBuckets(clock), Rates(bot=25, chat=1)

    first = buckets.take([Request(bot_id, chat) for chat in range(100)], rates)
    sent = admitted(first)
    for _ in range(100):
        clock.now += 0.01
        sent += admitted(buckets.take([Request(bot_id, chat) for chat in range(1_000, 1_010)], rates))

    assert admitted(first) == 5
    assert 25 <= sent <= 30


def test_bots_and_chats_do_not_wait_for_each_other() -> None:
    buckets, rates = LocalBuckets(Clock()), Rates(bot=0, chat=1)
    bot_id = uuid.uuid4()
    buckets.take([Request(bot_id, CHAT)] * 9, rates)

    assert buckets.take([Request(bot_id, CHAT + 1), Request(uuid.uuid4(), CHAT)], rates) == [0, 0]


def test_what_is_refused_costs_nothing() -> None:
    clock, rates, bot_id = Clock(), Rates(bot=25, chat=1), uuid.uuid4()
    buckets = LocalBuckets(clock)
    buckets.take([Request(bot_id, CHAT)] * 100, rates)
    clock.now += 10

    assert admitted(buckets.take([Request(bot_id, chat) for chat in range(10)], rates)) == 5


def test_a_message_of_many_calls_waits_for_them_all() -> None:
    clock, rates = Clock(), Rates(bot=0, chat=1)
    buckets, bot_id = LocalBuckets(clock), uuid.uuid4()

    assert buckets.take([Request(bot_id, CHAT, 4), Request(bot_id, CHAT, 4)], rates) == [0, 3]
    clock.now += 3
    assert buckets.take([Request(bot_id, CHAT, 4)], rates) == [0]


def test_a_message_larger_than_the_bucket_is_not_held_for_ever() -> None:
    assert LocalBuckets(Clock()).take([Request(uuid.uuid4(), CHAT, CHAT_BURST + 3)], Rates(bot=0, chat=1)) == [0]


# --- shared through Redis ---


def test_redis_keeps_the_same_rule(bot_id: uuid.UUID) -> None:
    waits = take_shared([Request(bot_id, CHAT)] * 7, Rates(bot=0, chat=0.01))

    assert waits[:5] == [0] * 5
    assert waits[5] == pytest.approx(100, rel=0.01)
    # Who is refused behind another is told to come behind it.
    assert waits[6] == pytest.approx(200, rel=0.01)


def test_redis_limits_a_bot_over_all_its_chats(bot_id: uuid.UUID) -> None:
    waits = take_shared([Request(bot_id, chat) for chat in range(40)], Rates(bot=0.5, chat=0))

    assert (admitted(waits), waits[1] > 1, waits[39] > 70) == (1, True, True)


def test_redis_lifts_a_limit_of_zero(bot_id: uuid.UUID) -> None:
    assert take_shared([Request(bot_id, CHAT)] * 50, Rates(bot=0, chat=0)) == [0] * 50


def test_forty_at_once_are_never_over_the_limit(bot_id: uuid.UUID) -> None:
    assert race(bot_id, lambda request, rates: take_shared([request], rates)[0]) == CHAT_BURST


def test_without_one_atomic_step_they_would_be(bot_id: uuid.UUID) -> None:
    barrier = threading.Barrier(40)

    def take_in_two_steps(request: Request, rates: Rates) -> float:
        key = request.keys[1]
        level = redis.call(lambda client: float(client.get(key) or CHAT_BURST))
        barrier.wait()
        if level < 1:
            return 1.0
        redis.call(lambda client: client.set(key, level - 1))
        return 0.0

    assert race(bot_id, take_in_two_steps) > CHAT_BURST


def race(bot_id: uuid.UUID, take: Callable[[Request, Rates], float]) -> int:
    """How many of forty who ask at the same moment are let through."""
    start = threading.Barrier(40)

    def ask(_: int) -> float:
        start.wait()
        return take(Request(bot_id, CHAT), Rates(bot=0, chat=0.001))

    with ThreadPoolExecutor(40) as pool:
        return admitted(list(pool.map(ask, range(40))))


# --- as the outbox's loop asks ---


def ask_limiter(limiter: ratelimit.Limiter, requests: Sequence[Request]) -> list[float]:
    async def all_at_once() -> list[float]:
        return await asyncio.gather(*[limiter.admit(request) for request in requests])

    return outbox_loop.run(all_at_once(), timeout=20)


def test_no_limit_asks_nobody(settings: Settings) -> None:
    settings.TELEGRAM_BOT_RATE = settings.TELEGRAM_CHAT_RATE = 0

    def never(requests: Sequence[Request], rates: Rates) -> list[float]:
        raise AssertionError("asked")

    assert ask_limiter(ratelimit.Limiter(never), [Request(uuid.uuid4(), CHAT)] * 3) == [0, 0, 0]


def test_questions_that_come_together_are_asked_together(settings: Settings) -> None:
    settings.TELEGRAM_BOT_RATE, settings.TELEGRAM_CHAT_RATE = 25, 1
    sizes: list[int] = []

    def take(requests: Sequence[Request], rates: Rates) -> list[float]:
        sizes.append(len(requests))
        return [float(request.chat_id) for request in requests]

    waits = ask_limiter(ratelimit.Limiter(take), [Request(uuid.uuid4(), chat) for chat in range(450)])

    assert waits == [float(chat) for chat in range(450)]
    assert sum(sizes) == 450
    assert len(sizes) <= 5


def test_a_failing_question_fails_those_who_asked_and_nobody_else(settings: Settings) -> None:
    settings.TELEGRAM_BOT_RATE, settings.TELEGRAM_CHAT_RATE = 25, 1
    failures = [ValueError("once")]

    def take(requests: Sequence[Request], rates: Rates) -> list[float]:
        if failures:
            raise failures.pop()
        return [0.0]

    limiter = ratelimit.Limiter(take)
    with pytest.raises(ValueError, match="once"):
        ask_limiter(limiter, [Request(uuid.uuid4(), CHAT)])

    assert ask_limiter(limiter, [Request(uuid.uuid4(), CHAT)]) == [0.0]


def test_without_redis_the_process_limits_itself_at_half_the_rate(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TELEGRAM_BOT_RATE, settings.TELEGRAM_CHAT_RATE = 0, 0.5

    def away(*_: object, **__: object) -> None:
        raise redis.RedisUnavailable

    monkeypatch.setattr(redis, "run_script", away)

    waits = ask_limiter(ratelimit.Limiter(), [Request(uuid.uuid4(), CHAT), *[Request(uuid.UUID(int=1), CHAT)] * 6])

    assert waits[:6] == [0] * 6
    assert waits[6] == pytest.approx(1 / 0.25, rel=0.01)
