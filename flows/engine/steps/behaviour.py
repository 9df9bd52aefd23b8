"""What every step type does in a run: enter, accept an event, resume with it, say itself again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from flows.engine.events import AccessReady, Answered, HttpAnswered, OperatorResumed, Pressed, TimerFired
from flows.engine.steps.model import StepBase
from flows.engine.walk import STAY, Move, Walk

# What a waiting step may be resumed with; charges find their visit by themselves (`flows.engine.charges`).
StepEvent = AccessReady | Answered | Pressed | TimerFired | HttpAnswered | OperatorResumed

S = TypeVar("S", bound=StepBase)


class Behaviour(ABC, Generic[S]):
    """One step type at work. Stateless: everything is in the walk."""

    @abstractmethod
    def enter(self, walk: Walk, step: S) -> Move:
        """The run arrives: say, ask, and tell whether it waits here."""

    def accepts(self, walk: Walk, step: S, event: StepEvent) -> bool:
        """Whether the waiting step takes this event; what it does not take changes nothing."""
        return False

    def resume(self, walk: Walk, step: S, event: StepEvent) -> Move:
        """Go on with an accepted event."""
        return STAY

    def say_again(self, walk: Walk, step: S) -> None:
        """Say what the contact has to answer, without counting as anything."""

    def carry(self, walk: Walk, step: S) -> bool:
        """The present wait goes on at the same step of a newer version, with nothing said: arm what entering arms.

        False where that cannot be, because what is waited for names the wait that asked for it.
        """
        return False
