"""An access ends the run: it has no connections and no conditions."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.access import AccessStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def access_exits(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if not isinstance(step, AccessStep):
            continue
        for name in ("next", "pending", "retry"):
            if getattr(step.connections, name) is not None:
                yield on_step(Code.ACCESS_WITH_CONNECTION, step, f"connections.{name}")
        if subject.condition_counts[step.id]:
            yield on_step(Code.ACCESS_WITH_CONDITION, step, "conditions")
