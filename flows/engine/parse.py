"""Reading a document: strictly, with every problem at once, or leniently, skipping what is invalid in old data."""

from collections.abc import Iterable
from dataclasses import dataclass

from flows.engine.definition import FlowDocument
from flows.engine.hygiene import Path, inspect
from flows.engine.mending import Mended, Policy, mend
from flows.engine.migrations import upgrade
from flows.engine.problem_codes import Code
from flows.engine.problems import DEFAULT_LOCALE, Finding, Problem, in_words
from flows.engine.structure import finding_of, placed


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The document, or None where it has a problem."""

    document: FlowDocument | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class LenientResult:
    """What can be run. `order` holds the ids by place in the original, "" for a step that could not be read at all."""

    document: FlowDocument
    problems: tuple[Problem, ...]
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it came, in its present form, and what of it the policy could read."""

    raw: dict[str, object]
    mended: Mended
    findings: tuple[Finding, ...]
    fatal: bool


def read(document: object, policy: Policy) -> Reading:
    """Reads any value; never raises."""
    inspected = inspect(document)
    value = inspected.value
    if inspected.fatal or not isinstance(value, dict):
        found = [finding for _, finding in inspected.findings] or [Finding(Code.NOT_AN_OBJECT, None, "")]
        return Reading({}, Mended(FlowDocument(), (), (), ()), tuple(found), fatal=True)
    raw = upgrade(value)
    mended = mend(raw, policy)
    dirty = [placed(finding.code, path, raw, finding.values) for path, finding in inspected.findings]
    known = {(finding.step_id, finding.field) for finding in dirty}
    structural = [finding_of(path, detail, raw) for path, detail in mended.errors]
    findings = [*dirty, *(f for f in structural if (f.step_id, f.field) not in known)]
    return Reading(raw, mended, tuple(findings), fatal=mended.hopeless)


def parse_strict(document: object, *, locale: str = DEFAULT_LOCALE) -> ParseResult:
    """Every structural problem of any JSON value at once; never raises.

    Rules that look at more than one field (targets, cycles, amounts) are `validate`'s.
    """
    reading = read(document, Policy.CHECKING)
    problems = _in_words(reading.findings, locale)
    return ParseResult(None if problems else reading.mended.document, problems)


def parse_lenient(document: object, *, locale: str = DEFAULT_LOCALE) -> LenientResult:
    """What can be run of any value, and a problem for each condition, step or field that was skipped; never raises.

    A step that had conditions of which none is valid is skipped whole, so that no answer slips through its `next`; so
    is a second step with an id already used. A skipped step counts as missing when a run comes to it.
    """
    reading = read(document, Policy.RUNNING)
    mended = reading.mended
    findings = list(reading.findings)
    kept = []
    used: set[str] = set()
    for step, place in zip(mended.document.flow_steps, mended.step_places, strict=True):
        path: Path = ("flow_steps", place)
        if step.id in used:
            findings.append(placed(Code.DUPLICATE_STEP_ID, (*path, "id"), reading.raw, {"id": step.id}))
        elif not step.conditions and _had_conditions(reading.raw, place):
            findings.append(placed(Code.NO_VALID_CONDITION, (*path, "conditions"), reading.raw))
            used.add(step.id)
        else:
            kept.append(step)
            used.add(step.id)
    whole = len(kept) == len(mended.document.flow_steps)
    runnable = mended.document if whole else mended.document.model_copy(update={"flow_steps": tuple(kept)})
    return LenientResult(runnable, _in_words(findings, locale), _order(reading.raw))


def steps_of(raw: dict[str, object]) -> list[object]:
    """The steps as they came; empty where that is no list."""
    steps = raw.get("flow_steps")
    return list(steps) if isinstance(steps, (list, tuple)) else []


def id_of(step: object) -> str:
    """A raw step's id, "" where it has none."""
    step_id = step.get("id") if isinstance(step, dict) else None
    return step_id if isinstance(step_id, str) else ""


def _order(raw: dict[str, object]) -> tuple[str, ...]:
    used: set[str] = set()
    order = []
    for step in steps_of(raw):
        step_id = id_of(step)
        order.append("" if step_id in used else step_id)
        used.add(step_id)
    return tuple(order)


def _had_conditions(raw: dict[str, object], place: int) -> bool:
    step = steps_of(raw)[place]
    return isinstance(step, dict) and bool(step.get("conditions"))


def _in_words(findings: Iterable[Finding], locale: str) -> tuple[Problem, ...]:
    return tuple(in_words(finding, locale) for finding in findings)
