"""How fast messages may leave: a token bucket per bot and per private chat, shared by all workers through Redis.

Admission is asked for in batches: while one question is on its way, the next ones gather. What is not admitted is told
when to come back; nobody waits here. Without Redis each process keeps buckets of its own at half the rate.
"""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from bots import redis
from bots.outbox.loop import Threads

CHAT_BURST: Final = 5
# A bucket nobody has used for so long is full again.
IDLE_MILLISECONDS: Final = 60_000
HELD_BY_OUTAGE: Final = 0.5
MOST_BUCKETS: Final = 50_000
BATCH: Final = 200

# KEYS: bot and chat bucket of each request, in turn. ARGV: bot rate, bot burst, chat rate, chat burst, idle time, then
# the cost of each request. Both buckets must have the tokens, or neither is touched. The answer: 0 for admitted, else
# the milliseconds to wait; requests refused in one batch are told to come one after the other.
TAKE: Final = redis.Script(
    """
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local rates = {tonumber(ARGV[1]), tonumber(ARGV[3])}
local bursts = {tonumber(ARGV[2]), tonumber(ARGV[4])}
local idle = tonumber(ARGV[5])
local buckets, refused, answer = {}, {}, {}

local function bucket(key, kind)
    local known = buckets[key]
    if known then return known end
    local stored = redis.call('HMGET', key, 'level', 'at')
    local level = tonumber(stored[1]) or bursts[kind]
    local at = tonumber(stored[2]) or now
    level = math.min(bursts[kind], level + math.max(0, now - at) * rates[kind] / 1000)
    buckets[key] = {level = level, kind = kind}
    return buckets[key]
end

local function missing(key, kind, cost)
    if rates[kind] <= 0 then return 0 end
    local short = math.min(cost, bursts[kind]) - bucket(key, kind).level + (refused[key] or 0)
    if short <= 0 then return 0 end
    return short * 1000 / rates[kind]
end

for n = 1, #KEYS / 2 do
    local keys = {KEYS[2 * n - 1], KEYS[2 * n]}
    local cost = tonumber(ARGV[5 + n])
    local wait = math.max(missing(keys[1], 1, cost), missing(keys[2], 2, cost))
    for kind = 1, 2 do
        if rates[kind] > 0 then
            if wait > 0 then
                refused[keys[kind]] = (refused[keys[kind]] or 0) + cost
            else
                local taken = bucket(keys[kind], kind)
                taken.level = taken.level - cost
                taken.changed = true
            end
        end
    end
    answer[n] = math.ceil(wait)
end

for key, state in pairs(buckets) do
    if state.changed then
        redis.call('HSET', key, 'level', tostring(state.level), 'at', tostring(now))
        redis.call('PEXPIRE', key, idle)
    end
end
return answer
"""
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second; 0 lifts a limit."""

    bot: float
    chat: float

    @property
    def is_unlimited(self) -> bool:
        return self.bot <= 0 and self.chat <= 0

    def scaled(self, factor: float) -> "Rates":
        return Rates(self.bot * factor, self.chat * factor)

    @property
    def bot_burst(self) -> float:
        """Small, so that no second sees much more than the rate, not even the first after a quiet one."""
        return max(1.0, self.bot / 5)


@dataclass(frozen=True, slots=True)
class Request:
    """So many messages of one bot to one chat."""

    bot_id: uuid.UUID
    chat_id: int
    cost: int = 1

    @property
    def keys(self) -> tuple[str, str]:
        return f"trilho:rate:{self.bot_id}", f"trilho:rate:{self.bot_id}:{self.chat_id}"


def configured_rates() -> Rates:
    """The rates of TELEGRAM_BOT_RATE and TELEGRAM_CHAT_RATE."""
    return Rates(bot=settings.TELEGRAM_BOT_RATE, chat=settings.TELEGRAM_CHAT_RATE)


class LocalBuckets:
    """The same rule within one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, requests: Sequence[Request], rates: Rates) -> list[float]:
        """Seconds to wait for each request; 0 for those that are admitted, whose tokens are gone."""
        with self._lock:
            if len(self._levels) > MOST_BUCKETS:
                self._levels.clear()
            now = self._clock()
            return [self._take(request, rates, now) for request in requests]

    def _take(self, request: Request, rates: Rates, now: float) -> float:
        limits = ((rates.bot, rates.bot_burst), (rates.chat, float(CHAT_BURST)))
        levels: dict[str, float] = {}
        wait = 0.0
        for key, (rate, burst) in zip(request.keys, limits, strict=True):
            if rate <= 0:
                continue
            level, at = self._levels.get(key, (burst, now))
            levels[key] = min(burst, level + (now - at) * rate)
            wait = max(wait, (min(request.cost, burst) - levels[key]) / rate)
        if wait <= 0:
            self._levels.update({key: (level - request.cost, now) for key, level in levels.items()})
        return max(0.0, wait)


def take_shared(requests: Sequence[Request], rates: Rates) -> list[float]:
    """Ask Redis: seconds to wait for each request, 0 for those admitted. Raises RedisUnavailable."""
    keys = [key for request in requests for key in request.keys]
    costs = [request.cost for request in requests]
    arguments = [rates.bot, rates.bot_burst, rates.chat, CHAT_BURST, IDLE_MILLISECONDS, *costs]
    return [milliseconds / 1000 for milliseconds in redis.run_script(TAKE, keys=keys, args=arguments)]


class Limiter:
    """Admission for coroutines of the outbox's loop. The question to Redis is asked in a thread, so the loop never
    waits for it."""

    def __init__(self, take: Callable[[Sequence[Request], Rates], list[float]] | None = None) -> None:
        self._local = LocalBuckets()
        self._take = take or self._take_anywhere
        self._thread = Threads(1, "rate-limit")
        self._waiting: list[tuple[Request, asyncio.Future[float]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def admit(self, request: Request) -> float:
        """Seconds to come back after; 0 when the messages may be sent now, their tokens being taken."""
        rates = configured_rates()
        if rates.is_unlimited:
            return 0.0
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if self._asking is None or self._asking.done():
            # A task of its own: whoever asked first may be cancelled, the others still want their answer.
            self._asking = asyncio.create_task(self._ask(rates))
        return await answer

    async def _ask(self, rates: Rates) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            try:
                waits = await loop.run_in_executor(self._thread, self._take, [request for request, _ in batch], rates)
            except Exception as error:  # noqa: BLE001 - each of those who asked is told
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), wait in zip(batch, waits, strict=True):
                if not answer.done():
                    answer.set_result(wait)

    def _take_anywhere(self, requests: Sequence[Request], rates: Rates) -> list[float]:
        """Admission by Redis, or by this process alone at half the rate."""
        try:
            return take_shared(requests, rates)
        except redis.RedisUnavailable:
            return self._local.take(requests, rates.scaled(HELD_BY_OUTAGE))


limiter = Limiter()
