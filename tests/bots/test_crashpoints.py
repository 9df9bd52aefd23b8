"""The places where a process can be made to die."""

from pathlib import Path

import pytest

from bots.crashpoints import CrashAction, CrashPointReached, PlannedCrash, crash_point, parse_plan, planned, registered


def test_does_nothing_without_a_plan() -> None:
    crash_point("relay.after_claim")


def test_raises_at_the_planned_hit_only() -> None:
    with planned("a.b:2:raise"):
        crash_point("a.b")
        with pytest.raises(CrashPointReached):
            crash_point("a.b")
        crash_point("a.b")
        crash_point("another")
    crash_point("a.b")


def test_reads_several_entries() -> None:
    assert parse_plan("a:1:kill, b:2:stop,a:3:exit") == {
        "a": (PlannedCrash("a", 1, CrashAction.KILL), PlannedCrash("a", 3, CrashAction.EXIT)),
        "b": (PlannedCrash("b", 2, CrashAction.STOP),),
    }


@pytest.mark.parametrize("text", ["a", "a:1", "a:x:kill", "a:1:burn", "a:1:kill:2"])
def test_refuses_a_plan_it_cannot_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"valid|unpack|literal"):
        parse_plan(text)


def test_happens_once_where_marks_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASH_MARKS", str(tmp_path))
    with planned("a.b:1:raise"), pytest.raises(CrashPointReached):
        crash_point("a.b")
    with planned("a.b:1:raise"):
        crash_point("a.b")
    assert [mark.name for mark in tmp_path.iterdir()] == ["a.b.1.raise"]


def test_the_relay_names_every_boundary_it_crosses() -> None:
    assert {
        "relay.after_claim",
        "relay.before_call",
        "relay.after_call",
        "relay.before_mark",
        "relay.between_marks",
        "relay.after_mark",
    } <= registered()
