"""`deliver`: gives what was bought and goes on."""

from typing import Literal

from flows.engine.content import AccessContent
from flows.engine.delivery import give
from flows.engine.steps.behaviour import Behaviour
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import END, Go, Move, Walk


class DeliverStep(StepBase):
    """Delivers text, link, media or a place in a chat, then leaves by `next`."""

    type: Literal[StepType.DELIVER] = StepType.DELIVER
    config: AccessContent

    @property
    def waits(self) -> bool:
        return self.config.chat is not None


class DeliverBehaviour(Behaviour[DeliverStep]):
    """Gives, and goes on; without a way on the run ends."""

    def enter(self, walk: Walk, step: DeliverStep) -> Move:
        give(walk, step.id, step.config)
        return Go(step.connections.next) if step.connections.next else END
