"""`access`: gives what was bought and ends the run."""

from typing import ClassVar, Literal

from flows.engine.content import AccessContent
from flows.engine.delivery import give
from flows.engine.steps.behaviour import Behaviour
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import END, Move, Walk


class AccessStep(StepBase):
    """Delivers text, link, media or a place in a chat; nothing leads on from here."""

    outcomes: ClassVar[frozenset[str]] = frozenset()

    type: Literal[StepType.ACCESS] = StepType.ACCESS
    config: AccessContent


class AccessBehaviour(Behaviour[AccessStep]):
    """Gives, and ends the run."""

    def enter(self, walk: Walk, step: AccessStep) -> Move:
        give(walk, step.id, step.config)
        return END
