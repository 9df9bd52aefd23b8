"""Django's cache: Redis, and the process's own memory while that is away. Signing in works either way."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from bots.breaker import Breaker
from bots.models import User
from bots.redis import FAILURES
from config.cache import ManneredCache
from tests.factories.bots import PASSWORD

NOBODY = "redis://127.0.0.1:9/0"


@pytest.fixture
def without_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that nobody answers for, and a breaker that no other test has a part in."""
    monkeypatch.setattr("config.cache.breaker", Breaker("test", failures=3, cool_down=1.0, counts=FAILURES))
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": NOBODY}}


def test_it_is_redis_as_long_as_that_answers(settings: Any) -> None:
    key = uuid4().hex
    assert cache.add(key, "first", 10)
    assert not cache.add(key, "second", 10)
    other = ManneredCache(settings.CACHES["default"]["LOCATION"], {**settings.CACHES["default"]})
    assert (other.get(key), cache.get(key)) == ("first", "first")
    cache.delete(key)
    assert other.get(key, "gone") == "gone"


@pytest.mark.usefixtures("without_redis")
def test_without_redis_the_process_remembers_by_itself() -> None:
    key = uuid4().hex
    assert cache.get(key, "nothing") == "nothing"
    assert cache.add(key, [1], 10)
    assert not cache.add(key, [2], 10)
    cache.set(key, [3], 10)
    assert cache.get(key) == [3]
    cache.delete(key)
    assert cache.get(key) is None


@pytest.mark.django_db
@pytest.mark.usefixtures("without_redis")
def test_people_sign_in_without_redis_and_still_not_without_end() -> None:
    user = User.objects.create_user(f"{uuid4().hex}@example.com", PASSWORD)
    address = reverse("account_login")
    assert Client().post(address, {"login": user.email, "password": PASSWORD}).status_code == 302
    answers = [Client().post(address, {"login": user.email, "password": "wrong"}) for _ in range(12)]
    assert {answer.status_code for answer in answers} <= {200, 429}
    assert "Muitas tentativas" in answers[-1].content.decode() or answers[-1].status_code == 429
