"""Every step can be come to (a warning)."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def reachability(subject: Subject) -> Iterator[Finding]:
    # Without a start, or with ways that could not be read, nothing can be said.
    if not subject.whole or not subject.graph.roots:
        return
    reached = subject.graph.reachable(subject.graph.roots)
    for step in subject.steps:
        if step.id not in reached:
            yield on_step(Code.UNREACHABLE_STEP, step, "id")
