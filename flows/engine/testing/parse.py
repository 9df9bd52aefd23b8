"""Reading a test conversation: every problem of any JSON value at once, in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flows.engine.hygiene import Path, dotted, inspect
from flows.engine.problem_codes import Code
from flows.engine.problems import DEFAULT_LOCALE, Finding, Problem, in_words
from flows.engine.structure import finding_of
from flows.engine.testing.document import ConversationTest

MAX_BYTES: Final = 128 * 1024


@dataclass(frozen=True, slots=True)
class ParsedTest:
    """The test, or None where it has a problem."""

    test: ConversationTest | None
    problems: tuple[Problem, ...]


def parse_test(document: object, *, locale: str = DEFAULT_LOCALE) -> ParsedTest:
    """Never raises."""
    inspected = inspect(document)
    findings = [finding for _, finding in inspected.findings]
    if not findings and not isinstance(inspected.value, dict):
        findings = [Finding(Code.NOT_AN_OBJECT, None, "")]
    if not findings and len(json.dumps(inspected.value, ensure_ascii=False).encode()) > MAX_BYTES:
        findings = [Finding(Code.TOO_LARGE, None, "", {"limit": "128 KiB"})]
    test: ConversationTest | None = None
    if not findings:
        try:
            test = ConversationTest.model_validate(inspected.value)
        except ValidationError as error:
            findings = [
                _finding(detail, inspected.value) for detail in error.errors(include_url=False, include_input=False)
            ]
    return ParsedTest(test if not findings else None, tuple(in_words(finding, locale) for finding in findings))


def _finding(detail: ErrorDetails, document: object) -> Finding:
    path = _path(detail["loc"])
    if detail["type"] == "union_tag_invalid":
        options = str(detail.get("ctx", {}).get("expected_tags", "")).replace("'", "")
        return Finding(Code.NOT_AN_OPTION, None, dotted((*path, "type")), {"name": "type", "options": options})
    return finding_of(path, detail, document)


def _path(loc: tuple[int | str, ...]) -> Path:
    """Without the tag that the union of items puts after an item's place."""
    if len(loc) > 2 and loc[0] == "steps" and isinstance(loc[1], int):
        return (*loc[:2], *loc[3:])
    return loc
