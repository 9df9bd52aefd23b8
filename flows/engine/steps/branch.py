"""`branch`: goes on by what is known, at once."""

from typing import ClassVar, Literal

from flows.engine.conditions import ConditionType, Occasion, Stimulus, first_match
from flows.engine.effects import TimelineKind
from flows.engine.fields import Part
from flows.engine.steps.behaviour import Behaviour
from flows.engine.steps.model import StepBase, StepType
from flows.engine.walk import END, Go, Move, Walk


class BranchConfig(Part):
    """Nothing: its conditions say it all."""


class BranchStep(StepBase):
    """Leaves by the first `variable` condition that matches, else by `next`."""

    fitting_conditions: ClassVar[frozenset[ConditionType]] = frozenset({ConditionType.VARIABLE})

    type: Literal[StepType.BRANCH] = StepType.BRANCH
    config: BranchConfig = BranchConfig()

    @property
    def waits(self) -> bool:
        return False


class BranchBehaviour(Behaviour[BranchStep]):
    """Looks at the variables, tags and open accesses as they are now; without a way on the run ends."""

    def enter(self, walk: Walk, step: BranchStep) -> Move:
        stimulus = Stimulus(Occasion.ARRIVAL, variables=walk.condition_variables())
        found = first_match(step.ordered_conditions, stimulus)
        walk.record(TimelineKind.BRANCHED, condition=found[0] if found else None)
        way = found[1].target_step if found else step.connections.next
        return Go(way) if way else END
