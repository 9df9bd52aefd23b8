"""When a delay is over: durations, times of day, weekdays, on the organization's clock."""

from datetime import UTC, datetime
from typing import Any

import pytest

from flows.engine.effects import ArmTimer
from flows.engine.state import Facts
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


def test_an_unknown_time_zone_is_utc() -> None:
    facts = Facts(time_zone="Mars/Olympus")
    talk = Talk(a_delay("nap", until="13:00", next="end"), an_access("end"), facts=facts).begin()
    assert [timer.due_at for timer in talk.of(ArmTimer)] == [datetime(2026, 3, 2, 13, 0, tzinfo=UTC)]
