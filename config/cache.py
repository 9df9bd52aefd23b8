"""Django's cache, which signing in counts its attempts with: Redis, and while that is away the process's own memory."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted

from bots.breaker import BreakerOpen
from bots.redis import FAILURES, breaker

Answer = TypeVar("Answer")

_AWAY: Final = (ConnectionInterrupted, BreakerOpen, *FAILURES)


class ManneredCache(RedisCache):  # type: ignore[misc]
    """For limits and other manners alone: nothing that must be true may stand here.

    Attempts are then counted per process, so nobody is kept out, and nobody may try without end. Whoever must know that
    Redis is away uses `bots.redis`.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._memory = LocMemCache("redis-away", {})

    def get(self, key: Any, default: Any = None, version: int | None = None, client: Any = None) -> Any:
        return self._try(
            lambda: super(ManneredCache, self).get(key, default, version=version, client=client),
            lambda: self._memory.get(key, default, version=version),
        )

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        return self._try(
            lambda: super(ManneredCache, self).set(key, value, *args, **kwargs),
            lambda: self._memory.set(key, value, *args, **kwargs),
        )

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        return self._try(
            lambda: super(ManneredCache, self).add(key, value, *args, **kwargs),
            lambda: self._memory.add(key, value, *args, **kwargs),
        )

    def delete(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        return self._try(
            lambda: super(ManneredCache, self).delete(key, *args, **kwargs),
            lambda: self._memory.delete(key, *args, **kwargs),
        )

    def _try(self, ask: Callable[[], Answer], otherwise: Callable[[], Answer]) -> Answer:
        try:
            with breaker:
                return ask()
        except _AWAY:
            return otherwise()
