"""An unpaid charge is asked about often at first, at its end, and for a week after."""

from datetime import UTC, datetime, timedelta

from payments.domain.polling import next_poll

MADE = datetime(2026, 1, 1, 12, tzinfo=UTC)


def minutes_of_every_poll(expires_after: int) -> list[int]:
    expires_at = MADE + timedelta(minutes=expires_after)
    asked, now = [], MADE
    while (moment := next_poll(created_at=MADE, expires_at=expires_at, now=now)) is not None:
        asked.append(int((moment - MADE).total_seconds() // 60))
        now = moment
    return asked


def test_a_code_of_half_an_hour() -> None:
    days = [30 + 24 * 60 * day for day in range(1, 8)]
    assert minutes_of_every_poll(30) == [1, 2, 5, 10, 30, 30, 90, *days]


def test_a_code_of_two_hours() -> None:
    assert minutes_of_every_poll(120)[:9] == [1, 2, 5, 10, 30, 60, 90, 120, 120]


def test_a_code_of_one_minute() -> None:
    assert minutes_of_every_poll(1)[:3] == [1, 1, 61]


def test_the_watch_ends_after_a_week() -> None:
    expires_at = MADE + timedelta(minutes=30)
    assert next_poll(created_at=MADE, expires_at=expires_at, now=expires_at + timedelta(days=8)) is None
