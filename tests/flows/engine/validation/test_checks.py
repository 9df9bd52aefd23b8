"""Every check of the registry against its failing and its passing definitions."""

import pytest

from flows.engine.mending import Policy
from flows.engine.parse import read
from flows.engine.problem_codes import WARNINGS, Code
from flows.engine.problems import Severity
from flows.engine.validation.registry import CHECKS
from flows.engine.validation.subject import subject_of
from flows.engine.validation.validate import validate
from tests.flows.engine.validation.cases import CASES, CONDITIONS, STRUCTURE, Failing, Found, Passing

FAILING = [(name, case) for name, cases in CASES.items() for case in cases.failing]
PASSING = [(name, case) for name, cases in CASES.items() for case in cases.passing]


def found_by(name: str, case: Failing | Passing) -> list[Found]:
    subject = subject_of(read(case.document, Policy.CHECKING), case.catalogue)
    return [(finding.code, finding.step_id, finding.field) for finding in CHECKS[name](subject)]


def validated(case: Failing) -> list[Found]:
    problems = validate(case.document, case.catalogue)
    return [(Code(problem.code), problem.step_id, problem.field) for problem in problems]


def test_every_check_has_failing_and_passing_cases() -> None:
    assert set(CASES) == set(CHECKS)
    for name, cases in CASES.items():
        assert cases.failing, name
        assert cases.passing, name


def test_every_code_has_a_failing_case() -> None:
    shown = {code for _, case in FAILING for code, _, _ in case.finds}
    shown |= {code for case in (*STRUCTURE, *CONDITIONS) for code, _, _ in case.finds}
    only_when_running = {Code.NO_VALID_CONDITION}
    only_when_publishing = {Code.CONVERSATION_TEST_FAILED}
    deep = {Code.TOO_DEEP}
    assert shown | only_when_running | only_when_publishing | deep == set(Code)


@pytest.mark.parametrize(("name", "case"), FAILING)
def test_finds_exactly_what_is_wrong(name: str, case: Failing) -> None:
    assert sorted(found_by(name, case)) == sorted(case.finds)
    assert set(case.finds) <= set(validated(case))


@pytest.mark.parametrize(("name", "case"), PASSING)
def test_finds_nothing_where_nothing_is_wrong(name: str, case: Passing) -> None:
    assert found_by(name, case) == []


@pytest.mark.parametrize("case", [*STRUCTURE, *CONDITIONS])
def test_refuses_a_wrong_field_with_its_path(case: Failing) -> None:
    (found,) = case.finds
    problems = [p for p in validate(case.document, case.catalogue) if (p.code, p.step_id, p.field) == found]
    assert [problem.severity for problem in problems] == [Severity.ERROR]
    others = [
        problem
        for problem in validate(case.document, case.catalogue)
        if problem.is_error and (problem.step_id, problem.field) == found[1:] and problem.code != found[0]
    ]
    assert others == []


def test_warnings_and_errors_are_told_apart() -> None:
    for _, case in FAILING:
        for problem in validate(case.document, case.catalogue):
            expected = Severity.WARNING if Code(problem.code) in WARNINGS else Severity.ERROR
            assert problem.severity is expected
