"""Keys that are times."""

from datetime import UTC, datetime

from bots.ids import uuid7, uuid7_floor, uuid7_time

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_keys_rise_also_within_a_millisecond() -> None:
    keys = [uuid7() for _ in range(10_000)]
    assert keys == sorted(set(keys))


def test_a_key_is_of_version_7_and_tells_its_moment() -> None:
    before = datetime.now(UTC)
    key = uuid7()
    assert key.version == 7
    assert abs((uuid7_time(key) - before).total_seconds()) < 60


def test_the_floor_of_a_moment_lies_between_the_keys_before_and_after() -> None:
    floor = uuid7_floor(NOON)
    assert uuid7_time(floor) == NOON
    assert floor < uuid7_floor(datetime(2026, 11, 22, 12, 0, 0, 1_000, tzinfo=UTC))
