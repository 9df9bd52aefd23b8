"""The one wrapper of django-redis: a call answers within its budget or raises RedisUnavailable, never anything between.

Nothing here may decide what is true: after a lost reply, a flush or a restart the database still knows.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import redis as redis_py
from django.utils.translation import gettext_lazy as _
from django_redis import get_redis_connection

from bots.breaker import Breaker, BreakerOpen
from bots.errors import Unavailable

Answer = TypeVar("Answer")

FAILURES = (redis_py.RedisError, OSError)
breaker = Breaker("redis", failures=3, cool_down=1.0, counts=FAILURES)


class RedisUnavailable(Unavailable):
    """Redis did not answer in time, refused, or was not asked because it was dead a moment ago."""

    def __init__(self) -> None:
        super().__init__(
            "redis_unavailable",
            _("A part of the system is busy. Try again in a moment."),
            retry_after=breaker.cool_down,
        )


def call(operation: Callable[[redis_py.Redis], Answer]) -> Answer:
    """Run an operation on the raw client (keys as given, no prefix); raises RedisUnavailable.

    Socket deadlines (CACHES) are the budget. After an error the outcome is unknown: it may have happened.
    """
    try:
        with breaker:
            return operation(get_redis_connection("default"))
    except (*FAILURES, BreakerOpen):
        raise RedisUnavailable from None


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """A Lua script, sent by its hash once the server knows it."""

    source: str
    _registered: list[Any] = field(default_factory=list, repr=False)

    def run(self, client: redis_py.Redis, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        if not self._registered:
            self._registered.append(client.register_script(self.source))
        return self._registered[0](keys=list(keys), args=list(args), client=client)


def run_script(script: Script, *, keys: Sequence[str], args: Sequence[str | int | float] = ()) -> Any:
    """Run a script atomically; raises RedisUnavailable."""
    return call(lambda client: script.run(client, keys, args))


RELEASE = Script("if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0")


def owned_lock(key: str, ttl: float) -> str | None:
    """Take a lock that nobody else holds: its token, or None if it is taken. `ttl` in seconds.

    For manners only. A lost reply leaves it held by nobody until `ttl` is over.
    """
    token = uuid.uuid4().hex
    taken = call(lambda client: client.set(key, token, nx=True, px=int(ttl * 1000)))
    return token if taken else None


def release(key: str, token: str) -> bool:
    """Let go of a lock if it is still ours; False if it had run out."""
    return bool(run_script(RELEASE, keys=[key], args=[token]))
