"""Every step type, against golden files: definition, events, and what must come of each.

A case holds the `steps` of a flow (and what is `embedded` in its version) and its `turns`: seconds that pass, one
event, the fields of the state it changes and its effects. The state is written and read between every two turns.
`GOLDEN_UPDATE=1` writes what comes out now; read
the difference before you keep it.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from flows.engine.codec import dump_effect, dump_state, load_event
from flows.engine.definition import StepType
from flows.engine.events import Answered, Event
from tests.support.conversation import Talk

# A run never stands in them, so that no event comes there.
PASSED_THROUGH = (StepType.ACCESS, StepType.DELIVER, StepType.BRANCH, StepType.SET, StepType.SPLIT, StepType.SUBFLOW)
GOLDEN = Path(__file__).parents[2] / "golden" / "steps"
CASES = sorted(GOLDEN.glob("*/*.json"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", CASES, ids=name_of)
def test_goes_as_written(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    turns = played(case)
    if os.environ.get("GOLDEN_UPDATE") == "1":
        case["turns"] = turns
        path.write_text(json.dumps(case, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert turns == case["turns"]


def played(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The case's turns with what really came of them."""
    talk = Talk(*case["steps"], embedded=case.get("embedded"), **case.get("document", {}))
    assert [flow.skipped for flow in (talk.flow, *talk.flow.embedded.values()) if flow.skipped] == []
    turns = []
    for turn in case["turns"]:
        talk.later(seconds=turn.get("after_seconds", 0))
        before = dump_state(talk.state)
        talk.send(load_event(turn["event"]))
        after = dump_state(talk.state)
        turns.append(
            {
                **{key: turn[key] for key in ("after_seconds", "event") if key in turn},
                "changes": {name: after[name] for name in after if after[name] != before[name]},
                "effects": [bare(dump_effect(effect)) for effect in talk.last],
            }
        )
    return turns


def steps_in(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of the flow and of the subflows embedded in it."""
    versions = case.get("embedded", {}).get("versions", {}).values()
    return [*case["steps"], *(step for version in versions for step in version["definition"]["flow_steps"])]


def bare(value: Any) -> Any:
    """Without what is empty or null, so that a file shows only what is said."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if item is not None and item != [] and item != {}}
    return [bare(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("step_type", StepType)
def test_every_step_type_has_golden_cases(step_type: StepType) -> None:
    assert [path for path in CASES if path.parent.name == step_type]


@pytest.mark.parametrize("step_type", StepType)
def test_its_cases_enter_it_and_meet_an_event_there(step_type: StepType) -> None:
    met: set[type[Event]] = set()
    for path in (path for path in CASES if path.parent.name == step_type):
        case = json.loads(path.read_text(encoding="utf-8"))
        ids = {step["id"] for step in steps_in(case) if step["type"] == step_type}
        at = None
        entered = False
        for turn in case["turns"]:
            if at in ids:
                met.add(type(load_event(turn["event"])))
            entered = entered or any(effect.get("step_id") in ids for effect in turn["effects"])
            at = turn["changes"].get("step_id", at)
        assert entered, name_of(path)
    if step_type not in PASSED_THROUGH:
        assert Answered in met
