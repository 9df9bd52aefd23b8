"""A step as pages name it: its id and how its type looks, and the subflow it is of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.engine.embedded import read_embedded
from flows.models import FlowVersion, Run
from flows.web.looks import StepLook, step_look

BETWEEN = " › "


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step of a version that somebody is or was in. `id` has before it what leads to it inside subflows."""

    id: str
    look: StepLook


def shown_step(definition: Mapping[str, Any], step_id: str | None, *, within: str = "") -> ShownStep | None:
    """The step; one that the version does not have (any more) as a plain step."""
    if step_id is None:
        return None
    step = step_of(definition, step_id) or {}
    named = f"{within}{BETWEEN}{step_id}" if within else step_id
    return ShownStep(named, step_look(step.get("type")))


def present_step(run: Run) -> ShownStep | None:
    """Where a run stands: the step of its own version, and inside subflows the steps down to the present one."""
    frames = run.state.get("frames") or []
    step_id = run.state.get("step_id")
    if not frames or step_id is None:
        return shown_step(run.version.definition, run.step_id)
    definition, _name = definition_of(run.version, frames[-1]["version_id"])
    return shown_step(definition, step_id, within=BETWEEN.join(frame["step_id"] for frame in frames))


def flow_of_present_step(run: Run) -> str:
    """The flow whose draft has the step where a run stands: its own, or that of the subflow it is in."""
    frames = run.state.get("frames") or []
    carried = read_embedded(run.version.embedded).versions if frames else {}
    found = next((one for version_id, one in carried.items() if str(version_id) == frames[-1]["version_id"]), None)
    return found.flow_id if found is not None else str(run.version.flow_id)


def way_to(step_id: str | None, frames: Sequence[Mapping[str, str]] | None, inner: str | None) -> str:
    """Where a run stands, as one line of a list: its own version's step, then those inside subflows."""
    return BETWEEN.join(filter(None, [*(frame["step_id"] for frame in frames), inner])) if frames else step_id or ""


def definition_of(version: FlowVersion, subflow: object) -> tuple[Mapping[str, Any], str]:
    """The definition of a version, or of the subflow's version it carries, with that flow's name."""
    if subflow is None:
        return version.definition, ""
    carried = read_embedded(version.embedded).versions.items()
    found = next((one for version_id, one in carried if str(version_id) == subflow), None)
    return (found.definition, found.name) if found is not None else ({}, "")


def step_of(definition: Mapping[str, Any], step_id: str | None) -> Mapping[str, Any] | None:
    """The step of a stored definition, whatever its state."""
    steps = definition.get("flow_steps") or ()
    return next((step for step in steps if isinstance(step, Mapping) and step.get("id") == step_id), None)


def steps_of(definition: Mapping[str, Any]) -> list[ShownStep]:
    """Every step of a stored definition that can be named, in its order."""
    steps = definition.get("flow_steps") or ()
    ids = [step["id"] for step in steps if isinstance(step, Mapping) and isinstance(step.get("id"), str)]
    return [step for step in (shown_step(definition, one) for one in ids) if step is not None]
