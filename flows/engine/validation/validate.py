"""The one function that says what is wrong with a definition."""

import re
from collections.abc import Iterator
from typing import Final

from flows.engine import limits
from flows.engine.catalogue import CatalogueFacts
from flows.engine.mending import Policy
from flows.engine.parse import Reading, id_of, read, steps_of
from flows.engine.problem_codes import WARNINGS
from flows.engine.problems import DEFAULT_LOCALE, Finding, Problem, in_words
from flows.engine.validation import checks as _registered
from flows.engine.validation.registry import CHECKS
from flows.engine.validation.subject import Subject, subject_of

_CONDITION: Final = re.compile(r"conditions\.(\d+)(.*)")
_ = _registered


def validate(document: object, catalogue: CatalogueFacts, *, locale: str = DEFAULT_LOCALE) -> tuple[Problem, ...]:
    """Every problem of any value, in the order of the document, its own first; none where it is sound. Never raises.

    A definition with a problem whose severity is `error` must not be published. Warnings are for the owner to judge.
    At most `limits.MAX_PROBLEMS` are given, errors before warnings where some must be left out.
    """
    reading = read(document, Policy.CHECKING)
    findings = list(reading.findings)
    if not reading.fatal:
        # Of a field that cannot be read, one problem is enough.
        told = {(finding.step_id, finding.field) for finding in findings}
        checked = _checked(reading, catalogue)
        findings.extend(finding for finding in checked if (finding.step_id, finding.field) not in told)
    if len(findings) > limits.MAX_PROBLEMS:
        findings = sorted(findings, key=lambda finding: finding.code in WARNINGS)[: limits.MAX_PROBLEMS]
    places = {step_id: place for place, step_id in reversed(list(enumerate(map(id_of, steps_of(reading.raw)))))}
    findings.sort(key=lambda finding: -1 if finding.step_id is None else places.get(finding.step_id, -1))
    return tuple(in_words(finding, locale) for finding in findings)


def _checked(reading: Reading, catalogue: CatalogueFacts) -> Iterator[Finding]:
    subject = subject_of(reading, catalogue)
    moved = _moved_conditions(reading, subject)
    for check in CHECKS.values():
        for finding in check(subject):
            yield _at_home(finding, moved)


def _moved_conditions(reading: Reading, subject: Subject) -> dict[str, tuple[int, ...]]:
    """Where the conditions of damaged steps stand in the document as it came."""
    pairs = zip(reading.mended.document.flow_steps, reading.mended.condition_places, strict=True)
    return {step.id: places for step, places in pairs if step.id in subject.damaged}


def _at_home(finding: Finding, moved: dict[str, tuple[int, ...]]) -> Finding:
    places = moved.get(finding.step_id or "")
    found = _CONDITION.fullmatch(finding.field) if places else None
    if found is None or places is None:
        return finding
    field = f"conditions.{places[int(found.group(1))]}{found.group(2)}"
    return Finding(finding.code, finding.step_id, field, finding.values)
