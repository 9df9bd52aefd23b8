"""When a delay is over: durations, times of day, weekdays, on the organization's clock."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine.effects import ArmTimer
from flows.engine.state import Facts, QuietHours
from tests.support.conversation import Talk
from tests.support.flows import a_delay, an_access

# Talk begins on Monday 2 March 2026, 12:00 UTC: 09:00 in São Paulo.
CASES: list[tuple[dict[str, Any], str]] = [
    ({"seconds": 90}, "2026-03-02T12:01:30"),
    ({"days": 1.5}, "2026-03-04T00:00:00"),
    ({"until": "09:30"}, "2026-03-02T12:30:00"),
    ({"until": "09:00"}, "2026-03-03T12:00:00"),
    ({"until": "8:00"}, "2026-03-03T11:00:00"),
    ({"until": "09:30", "weekdays": ["mon"]}, "2026-03-02T12:30:00"),
    ({"until": "08:00", "weekdays": ["mon"]}, "2026-03-09T11:00:00"),
    ({"hours": 2, "weekdays": ["sat", "sun"]}, "2026-03-07T14:00:00"),
]


@pytest.mark.parametrize(("config", "due"), CASES, ids=[str(config) for config, _ in CASES])
def test_is_due_at(config: dict[str, Any], due: str) -> None:
    talk = Talk(a_delay("nap", next="end", **config), an_access("end")).begin()
    assert [timer.due_at for timer in talk.of(ArmTimer)] == [datetime.fromisoformat(due).replace(tzinfo=UTC)]


def test_follows_the_organizations_clock_through_a_change_of_it() -> None:
    facts = Facts(time_zone="America/New_York")
    talk = Talk(a_delay("nap", until="09:00", weekdays=["sun"], next="end"), an_access("end"), facts=facts).begin()
    # Daylight saving time begins on Sunday 8 March 2026.
    assert [timer.due_at for timer in talk.of(ArmTimer)] == [datetime(2026, 3, 8, 13, 0, tzinfo=UTC)]


# New York in 2026: clocks go from 02:00 to 03:00 on 8 March, and from 02:00 back to 01:00 on 1 November.
CHANGES: list[tuple[str, dict[str, Any], str]] = [
    # Half past two does not exist that night: it counts as much later as the clock was put forward.
    ("2026-03-08T05:00", {"until": "02:30"}, "2026-03-08T07:30"),
    ("2026-03-08T07:29", {"until": "02:30"}, "2026-03-08T07:30"),
    ("2026-03-08T07:30", {"until": "02:30"}, "2026-03-09T06:30"),
    # Half past one comes twice: the first that is still to come.
    ("2026-11-01T04:00", {"until": "01:30"}, "2026-11-01T05:30"),
    ("2026-11-01T05:30", {"until": "01:30"}, "2026-11-01T06:30"),
    ("2026-11-01T06:30", {"until": "01:30"}, "2026-11-02T06:30"),
    # In the hour that is there twice, a quarter to two of the second time is ahead, not behind.
    ("2026-11-01T06:15", {"until": "01:45"}, "2026-11-01T06:45"),
    # A day is twenty-four hours, a time of day is what the clock shows.
    ("2026-10-31T16:00", {"days": 1}, "2026-11-01T16:00"),
    ("2026-10-31T16:00", {"until": "12:00"}, "2026-11-01T17:00"),
    ("2026-03-07T17:00", {"hours": 1, "weekdays": ["sun"]}, "2026-03-08T17:00"),
]


@pytest.mark.parametrize(("now", "config", "due"), CHANGES)
def test_keeps_to_the_clock_where_it_is_put_forward_or_back(now: str, config: dict[str, Any], due: str) -> None:
    talk = Talk(a_delay("nap", next="end", **config), an_access("end"), facts=Facts(time_zone="America/New_York"))
    talk.now = datetime.fromisoformat(now).replace(tzinfo=UTC)
    talk.begin()
    assert [timer.due_at for timer in talk.of(ArmTimer)] == [datetime.fromisoformat(due).replace(tzinfo=UTC)]


NIGHT = QuietHours(time(22), time(8))
NOON = QuietHours(time(12), time(14))

# From Monday 09:00 in São Paulo.
QUIET: list[tuple[QuietHours | None, dict[str, Any], str]] = [
    (NIGHT, {"hours": 12}, "2026-03-03T00:00:00"),
    (NIGHT, {"hours": 13}, "2026-03-03T11:00:00"),
    (NIGHT, {"hours": 22.5}, "2026-03-03T11:00:00"),
    (NIGHT, {"hours": 23}, "2026-03-03T11:00:00"),
    (NIGHT, {"hours": 23.5}, "2026-03-03T11:30:00"),
    (NIGHT, {"until": "07:00"}, "2026-03-03T11:00:00"),
    (NIGHT, {"until": "23:00", "weekdays": ["fri"]}, "2026-03-13T11:00:00"),
    (NOON, {"hours": 3}, "2026-03-02T17:00:00"),
    (NOON, {"hours": 5}, "2026-03-02T17:00:00"),
    (None, {"hours": 13}, "2026-03-03T01:00:00"),
]


@pytest.mark.parametrize(("hours", "config", "due"), QUIET)
def test_waits_for_the_end_of_the_quiet_hours(hours: QuietHours | None, config: dict[str, Any], due: str) -> None:
    facts = Facts(quiet_hours=hours)
    talk = Talk(a_delay("nap", next="end", avoid_quiet_hours=True, **config), an_access("end"), facts=facts).begin()
    assert [timer.due_at for timer in talk.of(ArmTimer)] == [datetime.fromisoformat(due).replace(tzinfo=UTC)]


def test_a_delay_that_does_not_ask_for_it_knows_no_quiet_hours() -> None:
    talk = Talk(a_delay("nap", next="end", hours=13), an_access("end"), facts=Facts(quiet_hours=NIGHT)).begin()
    assert [timer.due_at for timer in talk.of(ArmTimer)] == [datetime(2026, 3, 3, 1, 0, tzinfo=UTC)]


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["America/New_York", "America/Sao_Paulo", "Europe/Lisbon", "Australia/Lord_Howe", "Africa/Cairo"]),
    st.sampled_from([{"until": "02:30"}, {"until": "00:00"}, {"hours": 5}, {"minutes": 1}]),
    st.lists(st.sampled_from(["mon", "thu", "sun"]), unique=True),
    st.none() | st.just(NIGHT),
)
def test_is_never_due_before_now_and_on_the_right_day_and_out_of_the_quiet_hours(
    moment: datetime, zone: str, config: dict[str, Any], weekdays: list[str], hours: QuietHours | None
) -> None:
    facts = Facts(time_zone=zone, quiet_hours=hours)
    config = {**config, "weekdays": weekdays, "avoid_quiet_hours": True}
    talk = Talk(a_delay("nap", next="end", **config), an_access("end"), facts=facts)
    talk.now = moment.replace(tzinfo=UTC)
    (timer,) = talk.begin().of(ArmTimer)
    due = timer.due_at.astimezone(ZoneInfo(zone))
    assert talk.now < timer.due_at < talk.now + timedelta(days=16)
    assert not weekdays or ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[due.weekday()] in weekdays
    assert hours is None or not hours.hold(due.time())


@pytest.mark.parametrize("config", [{"days": 366}, {"until": "09:00", "weekdays": ["mon"]}])
def test_the_end_of_the_calendar_stops_nobody(config: dict[str, Any]) -> None:
    talk = Talk(a_delay("nap", next="end", **config), an_access("end"))
    talk.now = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    assert len(talk.begin().of(ArmTimer)) == 1


def test_an_unknown_time_zone_is_utc() -> None:
    facts = Facts(time_zone="Mars/Olympus")
    talk = Talk(a_delay("nap", until="13:00", next="end"), an_access("end"), facts=facts).begin()
    assert [timer.due_at for timer in talk.of(ArmTimer)] == [datetime(2026, 3, 2, 13, 0, tzinfo=UTC)]
