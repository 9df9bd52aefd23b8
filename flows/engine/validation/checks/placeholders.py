"""What stands between double braces is a variable that something fills (warnings)."""

from collections.abc import Iterator

from flows.engine.expressions import BUILTIN_VARIABLES, broken_placeholders_in, variables_in
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject
from flows.engine.variables import is_contacts


@check
def placeholders(subject: Subject) -> Iterator[Finding]:
    known = BUILTIN_VARIABLES | {write.name for step in subject.steps for write in step.writes()}
    known = known.union(*(facts.writes for facts in subject.subflows))
    for piece in subject.pieces:
        if "{{" not in piece.text:
            continue
        for text in broken_placeholders_in(piece.text):
            yield Finding(Code.BROKEN_PLACEHOLDER, piece.step_id, piece.field, {"text": text})
        for name in dict.fromkeys(variables_in(piece.text)):
            # The contact's may come from another flow, or from a partner.
            if name not in known and not is_contacts(name):
                yield Finding(Code.UNKNOWN_VARIABLE, piece.step_id, piece.field, {"name": name})
