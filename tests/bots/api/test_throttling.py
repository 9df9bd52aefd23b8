"""Calls per minute and key: exact however many come at once, and without Redis too."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django_redis import get_redis_connection

from bots.api import throttling
from bots.redis import RedisUnavailable
from tests.support.partner import Partner, answer, make_partner, refusal
from tests.support.races import at_once
from tests.support.tenancy import make_tenant

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)

LIMIT = 5
CROWD = 40


@pytest.fixture(autouse=True)
def small_limit(settings: Any) -> Iterator[None]:
    settings.API_CALLS_PER_MINUTE = LIMIT
    with mock.patch.object(throttling, "_local", throttling._Local()):
        yield


@pytest.fixture
def partner() -> Partner:
    return make_partner(make_tenant().organization)


def test_says_how_much_is_left(partner: Partner) -> None:
    for left in range(LIMIT - 1, -1, -1):
        response = partner.get("bots/")
        answer(response)
        assert response["X-RateLimit-Limit"] == str(LIMIT)
        assert response["X-RateLimit-Remaining"] == str(left)
        assert 0 <= int(response["X-RateLimit-Reset"]) <= throttling.WINDOW_SECONDS


def test_refuses_what_is_over_the_limit_and_says_when_to_come_back(partner: Partner) -> None:
    for _ in range(LIMIT):
        answer(partner.get("bots/"))
    response = partner.get("bots/")
    assert refusal(response)["code"] == "throttled"
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= throttling.WINDOW_SECONDS
    assert response["X-RateLimit-Remaining"] == "0"


def test_each_key_has_a_limit_of_its_own(partner: Partner) -> None:
    for _ in range(LIMIT):
        answer(partner.get("bots/"))
    assert refusal(partner.get("bots/"))["code"] == "throttled"
    answer(make_partner(make_tenant().organization).get("bots/"))


def test_the_count_starts_again_after_a_minute(partner: Partner) -> None:
    for _ in range(LIMIT + 1):
        partner.get("bots/")
    assert partner.key
    redis = get_redis_connection("default")
    name = f"trilho:throttle:{partner.key.pk.hex}"
    assert 0 < redis.pttl(name) <= throttling.WINDOW_SECONDS * 1000
    redis.pexpire(name, 1)
    while redis.exists(name):
        pass
    answer(partner.get("bots/"))


def test_a_refused_call_changes_nothing(partner: Partner) -> None:
    body = {"bot": "00000000-0000-0000-0000-000000000000", "name": "x", "definition": {}}
    for _ in range(LIMIT):
        assert partner.post("flows/", body, Idempotency_Key="a").status_code == 404
    assert partner.post("flows/", body, Idempotency_Key="a").status_code == 429


def crowd(partner: Partner) -> Counter[int]:
    answers = at_once(CROWD, lambda _: Partner(partner.secret).get("bots/").status_code)
    return Counter(status for status in answers if isinstance(status, int))


@committed
def test_a_crowd_at_once_never_gets_over_the_limit(partner: Partner) -> None:
    assert crowd(partner) == {200: LIMIT, 429: CROWD - LIMIT}


@committed
def test_a_crowd_at_once_gets_through_a_count_that_is_read_before_it_is_written(partner: Partner) -> None:
    waiting = mock.Mock(side_effect=read_then_write())
    with mock.patch.object(throttling, "count", waiting):
        assert crowd(partner)[200] > LIMIT


def read_then_write() -> Any:
    """What a throttle does that asks the cache, looks, and stores."""
    redis = get_redis_connection("default")

    def count(key: str) -> throttling.Usage:
        used = int(redis.get(f"read-then-write:{key}") or 0) + 1
        # Another request's turn between the look and the write.
        redis.ping()
        redis.set(f"read-then-write:{key}", used, px=10_000)
        return throttling.Usage(used, 10)

    return count


@committed
def test_without_redis_each_process_counts_for_itself_at_half(partner: Partner) -> None:
    with mock.patch.object(throttling, "run_script", side_effect=RedisUnavailable):
        assert crowd(partner) == {200: LIMIT // 2, 429: CROWD - LIMIT // 2}
