"""What the models know and nothing runs yet is refused, so that no definition promises it."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.question import QuestionStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def availability(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if isinstance(step, QuestionStep) and step.config.retention_days is not None:
            yield on_step(Code.NOT_AVAILABLE, step, "config.retention_days", name="retention_days")
