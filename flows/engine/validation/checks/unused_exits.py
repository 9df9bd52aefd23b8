"""A connection that its type of step never leaves by is a mistake (a warning)."""

from collections.abc import Iterator

from flows.engine.conditions import TextValidation
from flows.engine.definition import StepBase
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.access import AccessStep
from flows.engine.steps.message import MessageStep
from flows.engine.steps.question import QuestionStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def unused_exits(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if isinstance(step, AccessStep):
            continue
        for name in ("next", "pending", "retry"):
            if getattr(step.connections, name) is not None and not _taken(step, name):
                yield on_step(Code.UNUSED_CONNECTION, step, f"connections.{name}", name=name)


def _taken(step: StepBase, name: str) -> bool:
    if name not in step.outcomes:
        return False
    if name == "next" and isinstance(step, (MessageStep, QuestionStep)):
        return not any(isinstance(condition, TextValidation) for condition in step.conditions)
    return True
