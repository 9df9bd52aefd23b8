"""A flow's document: the models that are the single source of its JSON Schema, forms and checks."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from flows.engine.content import MainButton, RedirectButton
from flows.engine.fields import Command, Flag, Part, StepId, Text
from flows.engine.steps.access import AccessStep
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.delay import DelayStep
from flows.engine.steps.deliver import DeliverStep
from flows.engine.steps.message import MessageStep
from flows.engine.steps.model import Connections, Position, StepBase, StepType
from flows.engine.steps.payment import PaymentStep
from flows.engine.steps.question import QuestionStep

SPEC_VERSION: Final = 1

Step = Annotated[
    MessageStep | ButtonsStep | QuestionStep | PaymentStep | AccessStep | DeliverStep | DelayStep,
    Field(discriminator="type"),
]

STEP_MODELS: Final[dict[StepType, type[StepBase]]] = {
    StepType.MESSAGE: MessageStep,
    StepType.BUTTONS: ButtonsStep,
    StepType.QUESTION: QuestionStep,
    StepType.PAYMENT: PaymentStep,
    StepType.ACCESS: AccessStep,
    StepType.DELIVER: DeliverStep,
    StepType.DELAY: DelayStep,
}


class OnStart(StrEnum):
    """What `/start` does during a run."""

    RESTART = "restart"
    RESUME = "resume"


class Trigger(Part):
    """A command that leads to a step."""

    command: Command = Field(description="Without the slash: `menu`. Case does not matter.")
    target_step: StepId


class FlowDocument(Part):
    """One flow: the bot's welcome, its buttons, and the steps."""

    spec_version: Literal[1] = Field(default=1, description="The version of this format.")
    flow_enabled: Flag = Field(default=True, description="Taken over by the bot when a flow is made or imported.")
    flow_start_step_id: Text = Field(default="", description="The id of the first step.")
    welcome_message: Text = Field(default="", description="Said where no flow runs.")
    main_buttons: tuple[MainButton, ...] = Field(default=(), description="The bot's products and answers.")
    redirect_buttons: tuple[RedirectButton, ...] = Field(default=(), description="The bot's links.")
    on_start: OnStart = Field(default=OnStart.RESTART, description="What `/start` does during a run.")
    triggers: tuple[Trigger, ...] = Field(default=(), description="Commands that lead to a step.")
    allow_loops: Flag = Field(default=False, description="Loops with a step that waits on them are then allowed.")
    flow_steps: tuple[Step, ...] = ()


__all__ = [
    "SPEC_VERSION",
    "STEP_MODELS",
    "Connections",
    "FlowDocument",
    "OnStart",
    "Position",
    "Step",
    "StepBase",
    "StepType",
    "Trigger",
]
