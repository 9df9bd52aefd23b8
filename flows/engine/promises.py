"""What a version promised for a charge, kept for a run that has gone on to another version (SPEC 3: paid is served)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pydantic import ValidationError

from flows.engine.compile import Flow
from flows.engine.content import AccessContent
from flows.engine.delivery import stored_content
from flows.engine.events import PaymentStatus
from flows.engine.state import Frame, PaymentVisit
from flows.engine.steps.access import AccessStep
from flows.engine.steps.deliver import DeliverStep
from flows.engine.steps.model import StepBase
from flows.engine.steps.payment import PaymentStep, outcome_way
from flows.engine.steps.subflow import SubflowStep
from flows.engine.walk import Walk

# How far a paid exit is followed to what it delivers.
_FARTHEST: Final = 50


def has_frames(root: Flow, frames: tuple[Frame, ...]) -> bool:
    """Whether a run in this version can be inside these subflows."""
    flow = root
    for frame in frames:
        caller = flow.steps.get(frame.step_id)
        if not isinstance(caller, SubflowStep) or flow.subflows.get(caller.config.flow) != frame.version_id:
            return False
        inner = root.embedded.get(frame.version_id)
        if inner is None:
            return False
        flow = inner
    return True


def honoured_step(root: Flow, visit: PaymentVisit) -> PaymentStep | None:
    """The step whose paid exit a visit takes in this version; None where the version that made the charge had it."""
    if not has_frames(root, visit.frames):
        return None
    step = root.within(visit.frames).steps.get(visit.step_id)
    return step if isinstance(step, PaymentStep) else None


def keep_promises(walk: Walk, onto: Flow) -> None:
    """A charge can be paid late: what this version would give for it goes along if the next has no such step."""
    visits = dict(walk.state.visits)
    for number, visit in visits.items():
        if not visit.taken_paid and visit.promise is None and honoured_step(onto, visit) is None:
            visits[number] = replace(visit, promise=_promised(walk.root, visit))
    walk.change(visits=visits)


def _promised(root: Flow, visit: PaymentVisit) -> dict[str, object] | None:
    """The access given on payment, else the one its paid exit comes to by itself."""
    step: StepBase | None = honoured_step(root, visit)
    if not isinstance(step, PaymentStep):
        return None
    if step.config.deliver is not None:
        return stored_content(step.config.deliver)
    flow, way = root.within(visit.frames), outcome_way(step, PaymentStatus.PAID)
    for _ in range(_FARTHEST):
        step = flow.steps.get(way or "")
        if isinstance(step, (AccessStep, DeliverStep)):
            return stored_content(step.config)
        if step is None or step.conditions or isinstance(step, (PaymentStep, SubflowStep)):
            return None
        way = step.connections.next
    return None


def promised_content(visit: PaymentVisit) -> AccessContent | None:
    """What was promised for this visit; None where nothing was, or nothing that can be read."""
    try:
        return AccessContent.model_validate(visit.promise) if visit.promise is not None else None
    except ValidationError:
        return None
