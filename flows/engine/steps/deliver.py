"""`deliver`: gives what was bought and goes on."""

from typing import Literal

from flows.engine.content import AccessContent
from flows.engine.steps.model import StepBase, StepType


class DeliverStep(StepBase):
    """Delivers text, link, media or a place in a chat, then leaves by `next`."""

    type: Literal[StepType.DELIVER] = StepType.DELIVER
    config: AccessContent

    @property
    def waits(self) -> bool:
        return self.config.chat is not None
