"""A definition keeps to the limits: steps, conditions a step, variables."""

from collections.abc import Iterator

from flows.engine import limits
from flows.engine.conditions import VariableCondition
from flows.engine.expressions import variables_in
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document


@check
def sizes(subject: Subject) -> Iterator[Finding]:
    steps = subject.step_count
    if steps > limits.MAX_STEPS:
        yield on_document(Code.TOO_MANY_STEPS, "flow_steps", count=steps, limit=limits.MAX_STEPS)
    variables = len(_variables(subject))
    if variables > limits.MAX_VARIABLES:
        yield on_document(Code.TOO_MANY_VARIABLES, "flow_steps", count=variables, limit=limits.MAX_VARIABLES)
    for step_id, count in subject.condition_counts.items():
        if count > limits.MAX_CONDITIONS:
            values = {"count": count, "limit": limits.MAX_CONDITIONS}
            yield Finding(Code.TOO_MANY_CONDITIONS, step_id, "conditions", values)


def _variables(subject: Subject) -> set[str]:
    named = {name for piece in subject.pieces for name in variables_in(piece.text)}
    for step in subject.steps:
        named.update(write.name for write in step.writes())
        named.update(condition.name for condition in step.conditions if isinstance(condition, VariableCondition))
    return named
