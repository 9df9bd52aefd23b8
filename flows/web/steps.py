"""A step as pages name it: its id and how its type looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.web.looks import StepLook, step_look


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step of a version that somebody is or was in."""

    id: str
    look: StepLook


def shown_step(definition: Mapping[str, Any], step_id: str | None) -> ShownStep | None:
    """The step; one that the version does not have (any more) as a plain step."""
    if step_id is None:
        return None
    step = step_of(definition, step_id) or {}
    return ShownStep(step_id, step_look(step.get("type")))


def step_of(definition: Mapping[str, Any], step_id: str | None) -> Mapping[str, Any] | None:
    """The step of a stored definition, whatever its state."""
    steps = definition.get("flow_steps") or ()
    return next((step for step in steps if isinstance(step, Mapping) and step.get("id") == step_id), None)
