"""Redis answers within its budget or is unavailable; nothing between."""

import socket
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import redis as redis_py
from redis.backoff import NoBackoff
from redis.retry import Retry

from bots import redis
from bots.breaker import Breaker
from bots.redis import RedisUnavailable, Script, call, owned_lock, release, run_script


@pytest.fixture(autouse=True)
def fresh_breaker(monkeypatch: pytest.MonkeyPatch) -> Breaker:
    breaker = Breaker("redis", failures=3, cool_down=60.0, counts=redis.FAILURES)
    monkeypatch.setattr(redis, "breaker", breaker)
    return breaker


@pytest.fixture
def key() -> Iterator[str]:
    key = f"test:{uuid4().hex}"
    yield key
    call(lambda client: client.delete(key))


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = redis_py.Redis(
            host="127.0.0.1",
            port=server.getsockname()[1],
            socket_timeout=0.05,
            socket_connect_timeout=0.05,
            retry=Retry(NoBackoff(), 0),
        )
        calls: list[int] = []

        def connection(_alias: str) -> Any:
            calls.append(1)
            return client

        monkeypatch.setattr(redis, "get_redis_connection", connection)
        yield calls


def test_a_lock_has_one_owner_and_only_the_owner_lets_go(key: str) -> None:
    token = owned_lock(key, 30)
    assert token is not None
    assert owned_lock(key, 30) is None
    assert release(key, "somebody else") is False
    assert owned_lock(key, 30) is None
    assert release(key, token) is True
    assert release(key, token) is False
    assert owned_lock(key, 30) is not None


def test_a_lock_ends_by_itself(key: str) -> None:
    owned_lock(key, 30)
    assert 29_000 < int(call(lambda client: client.pttl(key))) <= 30_000


def test_a_script_runs_atomically_and_again_after_the_server_forgot_it(key: str) -> None:
    count = Script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    assert run_script(count, keys=[key], args=[2]) == 2
    call(lambda client: client.script_flush())
    assert run_script(count, keys=[key], args=[3]) == 5


def test_a_hung_server_is_unavailable_and_soon_not_asked_any_more(hung: list[int]) -> None:
    for _ in range(10):
        with pytest.raises(RedisUnavailable) as refused:
            owned_lock("k", 1)
        assert refused.value.retry_after is not None
    assert len(hung) == 3


def test_our_own_mistakes_are_not_hidden_as_unavailability(key: str) -> None:
    with pytest.raises(ZeroDivisionError):
        call(lambda _client: 1 // 0)
