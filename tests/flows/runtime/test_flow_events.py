"""The `flow_event` log and the owner's counters: what they say, and that they never stop a flow."""

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from bots import redis
from bots.redis import RedisUnavailable
from flows.engine.effects import TimelineKind
from flows.runtime import flow_events
from flows.runtime.flow_events import Announcer, counter_key, counts_of
from flows.runtime.output import FlowEvent
from tests.factories.flows import Person, drain, make_flow_bot

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def an_event(event_type: str = "entered", **fields: Any) -> FlowEvent:
    values = {
        "organization_id": uuid4(),
        "bot_id": uuid4(),
        "telegram_user_id": 42,
        "run_id": uuid4(),
        "step_id": "ask",
        "at": AT,
        **fields,
    }
    return FlowEvent(event_type, **values)


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_names_everything_the_reader_needs() -> None:
    stream = io.StringIO()
    announcer = Announcer(stream=stream)
    event = an_event(data={"visit": 1})
    announcer.announce([event])
    announcer.flush(5)
    assert written(stream) == [
        {
            "event": "flow_event",
            "level": "info",
            "event_type": "entered",
            "organization_id": str(event.organization_id),
            "bot_id": str(event.bot_id),
            "telegram_user_id": 42,
            "run_id": str(event.run_id),
            "step_id": "ask",
            "timestamp": "2026-03-02T12:00:00+00:00",
            "data": {"visit": 1},
        }
    ]


def test_events_keep_their_order() -> None:
    stream = io.StringIO()
    announcer = Announcer(stream=stream)
    for number in range(300):
        announcer.announce([an_event(str(number))])
    announcer.flush(5)
    assert [line["event_type"] for line in written(stream)] == [str(number) for number in range(300)]


def test_counters_are_kept_per_bot_for_a_day() -> None:
    announcer = Announcer(stream=io.StringIO())
    bot_id = uuid4()
    announcer.announce([an_event("entered", bot_id=bot_id)] * 3 + [an_event("ended", bot_id=bot_id)])
    announcer.flush(5)
    assert counts_of(bot_id, ["entered", "ended", "failed"]) == {"entered": 3, "ended": 1}
    lifetime = redis.call(lambda client: client.ttl(counter_key("entered", bot_id)))
    assert 24 * 3600 - 60 < lifetime <= 24 * 3600
    assert counter_key("entered", bot_id) == f"metrics:flow:entered:{bot_id}"


def test_without_redis_the_lines_are_still_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*args: object) -> object:
        raise RedisUnavailable

    monkeypatch.setattr(flow_events, "call", dead)
    stream = io.StringIO()
    announcer = Announcer(stream=stream)
    announcer.announce([an_event()])
    announcer.flush(5)
    assert len(written(stream)) == 1


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    announcer = Announcer(stream=stream)
    announcer.announce([an_event()])
    announcer.flush(5)
    assert announcer.dropped == 1


def test_what_does_not_fit_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_events, "WAITING_LIMIT", 2)
    announcer = Announcer(stream=io.StringIO())
    monkeypatch.setattr(announcer, "_start", lambda: None)
    for _ in range(5):
        announcer.announce([an_event(), an_event()])
    assert announcer.dropped == 6


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[FlowEvent]:
    seen: list[FlowEvent] = []
    monkeypatch.setattr(flow_events.announcer, "announce", seen.extend)
    return seen


@pytest.mark.django_db
def test_what_a_drain_commits_is_announced_and_tells_nothing_that_was_said(announced: list[FlowEvent]) -> None:
    ana = Person(make_flow_bot())
    for text in ("/start", "Ana Secreta", "39053344705"):
        ana.say(text)
    drain()
    assert [event.event_type for event in announced] == [
        "started",
        "entered",
        "answered",
        "left",
        "entered",
        "answered",
        "left",
        "entered",
        "delivered",
        "ended",
    ]
    first = announced[0]
    assert (first.organization_id, first.bot_id) == (ana.bot.organization_id, ana.bot.pk)
    assert (first.telegram_user_id, first.run_id) == (ana.telegram_user_id, ana.runs[0].pk)
    lines = "".join(flow_events.rendered(event) for event in announced)
    assert "Secreta" not in lines
    assert "39053344705" not in lines


def test_every_type_is_in_the_documented_list() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "flow_events.md").read_text()
    documented = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert documented == {kind.value for kind in TimelineKind} | {"attention", "set_aside"}
