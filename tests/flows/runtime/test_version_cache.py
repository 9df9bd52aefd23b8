"""Compiled versions are kept per process, as many as fit."""

from uuid import uuid4

import pytest

from flows.runtime import version_cache
from flows.runtime.content import content_hash
from tests.factories.flows import make_bot, publish, two_questions
from tests.support.sql import recorded_sql

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cold() -> None:
    version_cache.forget_all()


def test_all_that_are_missing_cost_one_statement_and_later_none() -> None:
    versions = [publish(make_bot(), two_questions()) for _ in range(3)]
    ids = [version.pk for version in versions]
    with recorded_sql() as first:
        found = version_cache.compiled(ids)
    with recorded_sql() as second:
        again = version_cache.compiled(ids)
    assert (len(first), len(second)) == (1, 0)
    assert {version.flow.version_id for version in found.values()} == set(ids)
    assert [found[version.pk].flow_id for version in versions] == [version.flow_id for version in versions]
    assert all(again[version_id] is found[version_id] for version_id in ids)


def test_a_version_that_is_gone_is_left_out() -> None:
    assert version_cache.compiled([uuid4()]) == {}


def test_the_one_used_longest_ago_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_cache, "CAPACITY", 2)
    first, second, third = (publish(make_bot(), two_questions()).pk for _ in range(3))
    version_cache.compiled([first])
    version_cache.compiled([second])
    version_cache.compiled([first])
    version_cache.compiled([third])
    with recorded_sql() as statements:
        version_cache.compiled([first, third])
    assert statements == []
    with recorded_sql() as statements:
        version_cache.compiled([second])
    assert len(statements) == 1


def test_content_is_the_same_whatever_the_order_of_its_keys() -> None:
    assert content_hash({"a": 1, "b": [1, 2]}) == content_hash({"b": [1, 2], "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": 2})
