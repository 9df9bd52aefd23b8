"""Every step has an id of its own."""

from collections import Counter
from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject


@check
def step_ids(subject: Subject) -> Iterator[Finding]:
    for step_id, count in Counter(subject.step_ids).items():
        if count > 1:
            yield Finding(Code.DUPLICATE_STEP_ID, step_id, "id", {"id": step_id})
