"""`split`: weighted A/B arms; the same contact always takes the same one."""

import hashlib
import math
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.effects import TimelineKind
from flows.engine.fields import Finite, NotBlank, Part, Several, StepId
from flows.engine.state import State
from flows.engine.steps.behaviour import Behaviour
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import Go, Move, Walk

# A share of the hash that a float holds exactly, so that the same arm comes out on every machine.
_BITS: Final = 52


class Arm(Part):
    """One way of a split."""

    name: Annotated[NotBlank, Field(max_length=limits.MAX_NAME)] = Field(
        description="Told in the numbers. A contact stays with its arm by this name."
    )
    weight: Annotated[Finite, Field(gt=0, le=limits.MAX_WEIGHT)] = Field(
        default=1.0, description="Its share, against the other arms' weights."
    )
    target_step: StepId = Field(description="Where it leads.")


class SplitConfig(Part):
    """The arms among which contacts are shared out."""

    arms: Annotated[Several[Arm], Field(max_length=limits.MAX_ARMS)] = Field(description="The ways out.")


class SplitStep(StepBase):
    """Leads each contact down one of its arms."""

    outcomes: ClassVar[frozenset[str]] = frozenset()

    type: Literal[StepType.SPLIT] = StepType.SPLIT
    config: SplitConfig

    @property
    def waits(self) -> bool:
        return False


class SplitBehaviour(Behaviour[SplitStep]):
    """Takes the contact's arm."""

    def enter(self, walk: Walk, step: SplitStep) -> Move:
        place = arm_of(who(walk.state), step.id, step.config.arms)
        arm = step.config.arms[place]
        walk.record(TimelineKind.SPLIT, arm=arm.name, place=place)
        return Go(arm.target_step)


def who(state: State) -> str:
    """Whom the arm sticks to: the contact, in every run; where none is known, the run by its seed."""
    contact = state.facts.contact.chat_id
    return str(contact) if contact else f"run:{state.seed}"


def arm_of(name: str, step_id: str, arms: Sequence[Arm]) -> int:
    """The place of this contact's arm: rendezvous hashing by weight.

    Nothing has to be stored, and when weights or arms change only as many contacts move as must: none between two arms
    that keep their shares.
    """
    return max(range(len(arms)), key=lambda place: (_score(name, step_id, arms[place]), -place))


def _score(name: str, step_id: str, arm: Arm) -> float:
    digest = hashlib.sha256("\0".join((name, step_id, arm.name)).encode("utf-8", "replace")).digest()
    chance = ((int.from_bytes(digest[:8], "big") >> (64 - _BITS)) + 0.5) / (1 << _BITS)
    return -arm.weight / math.log(chance)
