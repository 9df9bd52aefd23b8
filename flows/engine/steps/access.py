"""`access`: gives what was bought and ends the run."""

from typing import ClassVar, Literal

from flows.engine.content import AccessContent
from flows.engine.steps.model import StepBase, StepType


class AccessStep(StepBase):
    """Delivers text, link, media or a place in a chat; nothing leads on from here."""

    outcomes: ClassVar[frozenset[str]] = frozenset()

    type: Literal[StepType.ACCESS] = StepType.ACCESS
    config: AccessContent
