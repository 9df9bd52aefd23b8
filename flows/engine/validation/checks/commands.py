"""A command leads to one step only."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document


@check
def commands(subject: Subject) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, trigger in enumerate(subject.document.triggers):
        command = trigger.command.lstrip("/").lower()
        if command in seen:
            yield on_document(Code.DUPLICATE_COMMAND, f"triggers.{index}.command", command=command)
        seen.add(command)
