"""`handoff`: a person of the team takes over, until they send the run on."""

from typing import ClassVar, Final, Literal

from pydantic import Field

from flows.engine.conditions import ConditionType
from flows.engine.effects import AttentionReason, TimelineKind
from flows.engine.events import Answered, OperatorResumed
from flows.engine.fields import NotBlank, Part, Text
from flows.engine.speech import step_message
from flows.engine.steps.behaviour import Behaviour, StepEvent
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import END, STAY, Go, Move, Walk

PARKED: Final = "handoff"


class HandoffConfig(Part):
    """What the contact is told, and what the team is."""

    text: NotBlank | None = Field(default=None, description="Said to the contact; else nothing is.")
    note: Text | None = Field(default=None, description="For the team: why this person needs somebody.")


class HandoffStep(StepBase):
    """Stops by itself and goes on by `next` when the team says so."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset({ConditionType.TIME_ELAPSED})

    type: Literal[StepType.HANDOFF] = StepType.HANDOFF
    config: HandoffConfig = HandoffConfig()


class HandoffBehaviour(Behaviour[HandoffStep]):
    """Waits for the team alone; what is written meanwhile is theirs to answer."""

    def enter(self, walk: Walk, step: HandoffStep) -> Move:
        self.say_again(walk, step)
        walk.record(TimelineKind.HANDED_OFF)
        walk.park(PARKED)
        walk.attention(AttentionReason.HANDOFF)
        return STAY

    def accepts(self, walk: Walk, step: HandoffStep, event: StepEvent) -> bool:
        return isinstance(event, Answered | OperatorResumed)

    def resume(self, walk: Walk, step: HandoffStep, event: StepEvent) -> Move:
        if isinstance(event, Answered):
            walk.attention(AttentionReason.TEXT_WHILE_WAITING)
            return STAY
        return Go(step.connections.next) if step.connections.next else END

    def carry(self, walk: Walk, step: HandoffStep) -> bool:
        return True

    def say_again(self, walk: Walk, step: HandoffStep) -> None:
        if step.config.text is not None:
            walk.say(step_message(walk, step.config.text))
