"""How often a key may call: an atomic count per minute in Redis; per process, at half, while Redis is away."""

import time
from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import Final

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from bots.models import ApiKey
from bots.redis import RedisUnavailable, Script, run_script

WINDOW_SECONDS: Final = 60
# Counting and expiring in one step: a check that reads first lets a crowd through.
_COUNT = Script("""
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {used, redis.call('PTTL', KEYS[1])}
""")


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls of the present window and the seconds left of it."""

    used: int
    resets_in: float


class _Local:
    """The count of this process alone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._window = 0
        self._used: Counter[str] = Counter()

    def count(self, key: str) -> Usage:
        now = time.monotonic()
        window = int(now // WINDOW_SECONDS)
        with self._lock:
            if window != self._window:
                self._window = window
                self._used.clear()
            self._used[key] += 1
            # Several processes count apart, so each counts double.
            return Usage(self._used[key] * 2, (window + 1) * WINDOW_SECONDS - now)


_local = _Local()


def count(key: str) -> Usage:
    """Count one call under this name."""
    try:
        used, ttl = run_script(_COUNT, keys=[f"trilho:throttle:{key}"], args=[WINDOW_SECONDS * 1000])
    except RedisUnavailable:
        return _local.count(key)
    return Usage(int(used), max(0, int(ttl)) / 1000)


class KeyThrottle(BaseThrottle):
    """`API_CALLS_PER_MINUTE` for each key; the view puts `usage` into the answer's headers."""

    def __init__(self) -> None:
        self.usage: Usage | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiKey):
            return True
        self.usage = count(request.auth.pk.hex)
        request._request.api_usage = self.usage  # type: ignore[attr-defined]
        return self.usage.used <= limit()

    def wait(self) -> float | None:
        return self.usage.resets_in if self.usage else None


def limit() -> int:
    """Calls a key may make in a minute."""
    allowed: int = settings.API_CALLS_PER_MINUTE
    return allowed


def headers(usage: Usage) -> dict[str, str]:
    """What an answer says of it."""
    return {
        "X-RateLimit-Limit": str(limit()),
        "X-RateLimit-Remaining": str(max(0, limit() - usage.used)),
        "X-RateLimit-Reset": str(round(usage.resets_in)),
    }
