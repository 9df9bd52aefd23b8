"""A condition can happen where it stands, and its fallback can be taken (warnings)."""

from collections.abc import Iterator

from flows.engine.conditions import ConditionType
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.access import AccessStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def fitting_conditions(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if isinstance(step, AccessStep):
            continue
        for index, condition in enumerate(step.conditions):
            # A press where there are no buttons is an error of its own.
            if condition.type not in step.fitting_conditions and condition.type is not ConditionType.BUTTON_CLICK:
                values = {"type": condition.type.value, "step_type": step.type.value}
                yield on_step(Code.CONDITION_NEVER_FITS, step, f"conditions.{index}.type", **values)
            if condition.fallback_step is not None and condition.max_attempts is None:
                yield on_step(Code.FALLBACK_WITHOUT_ATTEMPTS, step, f"conditions.{index}.max_attempts")
