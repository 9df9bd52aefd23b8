"""What stands between double braces is a variable that something fills (warnings)."""

from collections.abc import Iterator

from flows.engine.expressions import BUILTIN_VARIABLES, broken_placeholders_in, variables_in
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.question import QuestionStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject


@check
def placeholders(subject: Subject) -> Iterator[Finding]:
    known = BUILTIN_VARIABLES | {
        step.config.save_as for step in subject.steps if isinstance(step, QuestionStep) and step.config.save_as
    }
    for piece in subject.pieces:
        if "{{" not in piece.text:
            continue
        for text in broken_placeholders_in(piece.text):
            yield Finding(Code.BROKEN_PLACEHOLDER, piece.step_id, piece.field, {"text": text})
        for name in dict.fromkeys(variables_in(piece.text)):
            if name not in known:
                yield Finding(Code.UNKNOWN_VARIABLE, piece.step_id, piece.field, {"name": name})
