"""A definition says where it begins."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document


@check
def start(subject: Subject) -> Iterator[Finding]:
    target = subject.document.flow_start_step_id
    if not target.strip():
        yield on_document(Code.NO_START_STEP, "flow_start_step_id")
    elif target not in subject.step_ids:
        yield on_document(Code.UNKNOWN_START_STEP, "flow_start_step_id", target=target)
