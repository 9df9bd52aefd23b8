"""The behaviour of every step type; complete, or nothing that runs flows can be imported."""

from __future__ import annotations

from typing import Any, Final

from flows.engine.steps.access import AccessBehaviour
from flows.engine.steps.behaviour import Behaviour
from flows.engine.steps.branch import BranchBehaviour
from flows.engine.steps.buttons import ButtonsBehaviour
from flows.engine.steps.delay import DelayBehaviour
from flows.engine.steps.deliver import DeliverBehaviour
from flows.engine.steps.handoff import HandoffBehaviour
from flows.engine.steps.http import HttpBehaviour
from flows.engine.steps.message import MessageBehaviour
from flows.engine.steps.model import StepBase, StepType
from flows.engine.steps.payment import PaymentBehaviour
from flows.engine.steps.question import QuestionBehaviour
from flows.engine.steps.set import SetBehaviour
from flows.engine.steps.split import SplitBehaviour
from flows.engine.steps.subflow import SubflowBehaviour

# `Any`: each behaviour takes its own step model, and the step's `type` picks the behaviour.
BEHAVIOURS: Final[dict[StepType, Behaviour[Any]]] = {
    StepType.MESSAGE: MessageBehaviour(),
    StepType.BUTTONS: ButtonsBehaviour(),
    StepType.QUESTION: QuestionBehaviour(),
    StepType.PAYMENT: PaymentBehaviour(),
    StepType.ACCESS: AccessBehaviour(),
    StepType.DELIVER: DeliverBehaviour(),
    StepType.DELAY: DelayBehaviour(),
    StepType.BRANCH: BranchBehaviour(),
    StepType.SET: SetBehaviour(),
    StepType.SPLIT: SplitBehaviour(),
    StepType.SUBFLOW: SubflowBehaviour(),
    StepType.HTTP: HttpBehaviour(),
    StepType.HANDOFF: HandoffBehaviour(),
}

if missing := set(StepType) - BEHAVIOURS.keys():
    raise LookupError(f"step types without a behaviour: {sorted(missing)}")


def behaviour_of(step: StepBase) -> Behaviour[Any]:
    """The behaviour of a step by its type."""
    step_type: StepType = step.type  # type: ignore[attr-defined]
    return BEHAVIOURS[step_type]
