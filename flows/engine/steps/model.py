"""What all steps share: identity, place on the canvas, connections and conditions."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import ClassVar

from pydantic import Field

from flows.engine.conditions import Condition, ConditionBase, ConditionType, in_order
from flows.engine.fields import Finite, Part, StepId


class StepType(StrEnum):
    MESSAGE = "message"
    BUTTONS = "buttons"
    QUESTION = "question"
    PAYMENT = "payment"
    ACCESS = "access"
    DELIVER = "deliver"
    DELAY = "delay"
    BRANCH = "branch"
    SET = "set"
    SPLIT = "split"
    SUBFLOW = "subflow"
    HTTP = "http"
    HANDOFF = "handoff"


@dataclass(frozen=True, slots=True)
class Write:
    """A variable that a step may write, and the field that says so.

    `value` is what the definition writes; None where it comes from outside: a contact's answer, another system.
    """

    name: str
    field: str
    value: str | bool | int | float | None = None


class Position(Part):
    """Where the step stands on the canvas."""

    x: Finite = 0.0
    y: Finite = 0.0


class Connections(Part):
    """The ways out that need no condition."""

    next: StepId | None = Field(default=None, description="Where it goes on; after a payment, when it is paid.")
    pending: StepId | None = Field(default=None, description="Where a payment goes that is still unpaid.")
    retry: StepId | None = Field(default=None, description="Where an unmatched answer or a failed payment goes.")


class StepBase(Part):
    """A step without its type and config.

    `fitting_conditions` names the condition types that can ever match here; others are warned of. `outcomes` names the
    connections this type can leave by.
    """

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset()
    outcomes: ClassVar[frozenset[str]] = frozenset({"next"})

    id: StepId = Field(description="Unique in the flow; at most 64 characters.")
    position: Position = Field(default=Position(), description="Where it stands on the canvas.")
    connections: Connections = Field(default=Connections(), description="The ways out that need no condition.")
    conditions: tuple[Condition, ...] = Field(default=(), description="Asked in `order`; the first that matches wins.")

    @cached_property
    def ordered_conditions(self) -> tuple[tuple[int, ConditionBase], ...]:
        """The conditions with their place in the list, in the order they are asked."""
        return in_order(self.conditions)

    @property
    def waits(self) -> bool:
        """Whether the run stops here for the customer, a payment or a timer."""
        return True

    def writes(self) -> tuple[Write, ...]:
        """The variables this step may write."""
        return ()
