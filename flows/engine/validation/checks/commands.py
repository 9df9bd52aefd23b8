"""A trigger has one word that leads to it, its own, and none that the bot answers by itself."""

from collections.abc import Iterator

from flows.engine.commands import RESERVED, keyword_form, written_command
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document


@check
def commands(subject: Subject) -> Iterator[Finding]:
    seen: set[tuple[Code, str]] = set()
    for index, trigger in enumerate(subject.document.triggers):
        field = f"triggers.{index}"
        command, keyword = written_command(trigger), trigger.keyword
        if (command is None) is (keyword is None):
            yield on_document(Code.TRIGGER_WORD, field)
        if command is not None:
            if (Code.DUPLICATE_COMMAND, command) in seen:
                yield on_document(Code.DUPLICATE_COMMAND, f"{field}.command", command=command)
            elif command in RESERVED:
                yield on_document(Code.RESERVED_COMMAND, f"{field}.command", command=command)
            seen.add((Code.DUPLICATE_COMMAND, command))
        if keyword is not None:
            form = keyword_form(keyword)
            if (Code.DUPLICATE_KEYWORD, form) in seen:
                yield on_document(Code.DUPLICATE_KEYWORD, f"{field}.keyword", keyword=keyword)
            seen.add((Code.DUPLICATE_KEYWORD, form))
