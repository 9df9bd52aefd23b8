"""A flow's document: the models that are the single source of its JSON Schema, forms and checks."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from flows.engine import limits
from flows.engine.content import MainButton, RedirectButton
from flows.engine.fields import Command, Flag, NotBlank, Part, StepId, Text
from flows.engine.steps.access import AccessStep
from flows.engine.steps.branch import BranchStep
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.delay import DelayStep
from flows.engine.steps.deliver import DeliverStep
from flows.engine.steps.handoff import HandoffStep
from flows.engine.steps.http import HttpStep
from flows.engine.steps.message import MessageStep
from flows.engine.steps.model import Connections, Position, StepBase, StepType
from flows.engine.steps.payment import PaymentStep
from flows.engine.steps.question import QuestionStep
from flows.engine.steps.set import SetStep
from flows.engine.steps.split import SplitStep
from flows.engine.steps.subflow import SubflowStep

SPEC_VERSION: Final = 1

Step = Annotated[
    MessageStep
    | ButtonsStep
    | QuestionStep
    | PaymentStep
    | AccessStep
    | DeliverStep
    | DelayStep
    | BranchStep
    | SetStep
    | SplitStep
    | SubflowStep
    | HttpStep
    | HandoffStep,
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
    StepType.BRANCH: BranchStep,
    StepType.SET: SetStep,
    StepType.SPLIT: SplitStep,
    StepType.SUBFLOW: SubflowStep,
    StepType.HTTP: HttpStep,
    StepType.HANDOFF: HandoffStep,
}


class OnStart(StrEnum):
    """What `/start` does during a run."""

    RESTART = "restart"
    RESUME = "resume"


class KeywordMatch(StrEnum):
    """How much of a message a keyword must be."""

    EQUALS = "equals"
    CONTAINS = "contains"


class Trigger(Part):
    """A command, or a keyword, that leads to a step from anywhere; exactly one of `command` and `keyword`."""

    command: Command | None = Field(
        default=None, description="Without the slash: `menu`. Case does not matter. Wins over the present step."
    )
    keyword: Annotated[NotBlank, Field(max_length=limits.MAX_NAME)] | None = Field(
        default=None,
        description="Words of a message, case and accents aside; only where the present step does not take it.",
    )
    match: KeywordMatch = Field(
        default=KeywordMatch.EQUALS, description="Whether the keyword is the whole message, or words within it."
    )
    description: Annotated[Text, Field(max_length=limits.TELEGRAM_COMMAND_DESCRIPTION)] = Field(
        default="", description="What Telegram's menu says of the command; else the command itself."
    )
    target_step: StepId


def _whole(version: object) -> object:
    # To Python, and so to `Literal`, true is 1.
    return version if type(version) is int else None


class FlowDocument(Part):
    """One flow: the bot's welcome, its buttons, and the steps."""

    spec_version: Annotated[Literal[1], BeforeValidator(_whole)] = Field(
        default=1, description="The version of this format."
    )
    flow_enabled: Flag = Field(default=True, description="Taken over by the bot when a flow is made or imported.")
    flow_start_step_id: Text = Field(default="", description="The id of the first step.")
    welcome_message: Text = Field(default="", description="Said where no flow runs.")
    main_buttons: tuple[MainButton, ...] = Field(default=(), description="The bot's products and answers.")
    redirect_buttons: tuple[RedirectButton, ...] = Field(default=(), description="The bot's links.")
    on_start: OnStart = Field(default=OnStart.RESTART, description="What `/start` does during a run.")
    triggers: tuple[Trigger, ...] = Field(
        default=(), max_length=limits.MAX_TRIGGERS, description="Commands and keywords that lead to a step."
    )
    allow_loops: Flag = Field(default=False, description="Loops with a step that waits on them are then allowed.")
    flow_steps: tuple[Step, ...] = ()


__all__ = [
    "SPEC_VERSION",
    "STEP_MODELS",
    "Connections",
    "FlowDocument",
    "KeywordMatch",
    "OnStart",
    "Position",
    "Step",
    "StepBase",
    "StepType",
    "Trigger",
]
