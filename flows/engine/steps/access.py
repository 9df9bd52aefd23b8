"""`access`: gives what was bought and ends the run."""

from typing import ClassVar, Literal

from flows.engine.content import AccessContent
from flows.engine.delivery import after_link, give_and_wait, takes
from flows.engine.steps.behaviour import Behaviour, StepEvent
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import END, Move, Walk


class AccessStep(StepBase):
    """Delivers text, link, media or a place in a chat; nothing leads on from here."""

    outcomes: ClassVar[frozenset[str]] = frozenset()

    type: Literal[StepType.ACCESS] = StepType.ACCESS
    config: AccessContent


class AccessBehaviour(Behaviour[AccessStep]):
    """Gives, waits for the link where there is a chat, and ends the run."""

    def enter(self, walk: Walk, step: AccessStep) -> Move:
        return give_and_wait(walk, step.id, step.config, END)

    def accepts(self, walk: Walk, step: AccessStep, event: StepEvent) -> bool:
        return takes(event)

    def resume(self, walk: Walk, step: AccessStep, event: StepEvent) -> Move:
        return after_link(walk, event, END)
