"""Every connection, target and fallback names a step that exists."""

from collections.abc import Iterator

from flows.engine.graph import edges_of
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document, on_step


@check
def targets(subject: Subject) -> Iterator[Finding]:
    known = frozenset(subject.step_ids)
    for step in subject.steps:
        for edge in edges_of(step):
            if edge.target not in known:
                yield on_step(Code.UNKNOWN_TARGET, step, edge.field, target=edge.target)
    for index, trigger in enumerate(subject.document.triggers):
        if trigger.target_step not in known:
            yield on_document(Code.UNKNOWN_TARGET, f"triggers.{index}.target_step", target=trigger.target_step)
