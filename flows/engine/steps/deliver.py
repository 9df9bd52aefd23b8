"""`deliver`: gives what was bought and goes on."""

from typing import Literal

from flows.engine.content import AccessContent
from flows.engine.delivery import after_link, give_and_wait, takes
from flows.engine.steps.behaviour import Behaviour, StepEvent
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import END, Go, Move, Walk


class DeliverStep(StepBase):
    """Delivers text, link, media or a place in a chat, then leaves by `next`.

    It waits for its link alone: a circle through it would turn by itself, so it does not count as a step that waits.
    """

    type: Literal[StepType.DELIVER] = StepType.DELIVER
    config: AccessContent

    @property
    def waits(self) -> bool:
        return False


class DeliverBehaviour(Behaviour[DeliverStep]):
    """Gives, waits for the link where there is a chat, and goes on; without a way on the run ends."""

    def enter(self, walk: Walk, step: DeliverStep) -> Move:
        return give_and_wait(walk, step.id, step.config, _on(step))

    def accepts(self, walk: Walk, step: DeliverStep, event: StepEvent) -> bool:
        return takes(event)

    def resume(self, walk: Walk, step: DeliverStep, event: StepEvent) -> Move:
        return after_link(walk, event, _on(step))


def _on(step: DeliverStep) -> Move:
    return Go(step.connections.next) if step.connections.next else END
