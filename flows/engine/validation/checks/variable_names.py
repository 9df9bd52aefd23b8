"""No step writes a variable whose name means something of its own."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.set import SetStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step
from flows.engine.variables import is_reserved


@check
def variable_names(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        for write in step.writes():
            if is_reserved(write.name):
                yield on_step(Code.RESERVED_VARIABLE, step, write.field, name=write.name)
        for index, name in enumerate(step.config.clear if isinstance(step, SetStep) else ()):
            if is_reserved(name):
                yield on_step(Code.RESERVED_VARIABLE, step, f"config.clear.{index}", name=name)
