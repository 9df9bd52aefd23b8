"""`subflow`: runs another published flow of the same bot, then goes on."""

from typing import Literal

from pydantic import Field

from flows.engine.fields import NotBlank, Part
from flows.engine.steps.behaviour import Behaviour
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import Call, Move, Walk


class SubflowConfig(Part):
    """The flow to run."""

    flow: NotBlank = Field(description="The id of another published flow of the same bot.")


class SubflowStep(StepBase):
    """Runs a flow from its start to its end, an `access` included, and leaves by `next`."""

    type: Literal[StepType.SUBFLOW] = StepType.SUBFLOW
    config: SubflowConfig


class SubflowBehaviour(Behaviour[SubflowStep]):
    """Goes into the version that was embedded when this one was published. The run never waits here, but inside."""

    def enter(self, walk: Walk, step: SubflowStep) -> Move:
        return Call(walk.flow.subflows.get(step.config.flow))
