"""Documents of older shape, read as the present one: stored examples, and anything at all."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from flows.engine.catalogue import EMPTY_CATALOGUE
from flows.engine.definition import SPEC_VERSION
from flows.engine.migrations import STEPS, upgrade
from flows.engine.parse import parse_lenient, parse_strict
from flows.engine.problem_codes import Code
from flows.engine.validation import validate
from tests.support.flows import a_flow, a_payment, an_access
from tests.support.json_values import json_values

EXAMPLES = sorted((Path(__file__).parents[2] / "golden" / "documents").glob("*.json"))


def example(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    stored = json.loads(path.read_text(encoding="utf-8"))
    return stored["was"], stored["is"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_reads_the_stored_example_as_written_beside_it(path: Path) -> None:
    was, expected = example(path)
    given_in = copy.deepcopy(was)
    assert upgrade(was) == expected
    assert was == given_in, "the document that was given is changed"
    assert upgrade(expected) == expected


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_way_in_takes_it_and_it_runs(path: Path) -> None:
    was, expected = example(path)
    strict = parse_strict(was)
    assert strict.problems == ()
    assert strict.document == parse_strict(expected).document == parse_lenient(was).document
    assert [problem for problem in validate(was, EMPTY_CATALOGUE) if problem.is_error] == []


def test_there_is_a_step_from_every_version_to_the_present_one() -> None:
    assert sorted(STEPS) == list(range(SPEC_VERSION))


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (0, Code.AMOUNT_NOT_POSITIVE),
        (-5, Code.AMOUNT_NOT_POSITIVE),
        (1.999, Code.AMOUNT_DECIMALS),
        (True, Code.WRONG_TYPE),
    ],
)
def test_a_number_that_was_no_amount_is_none_now(amount: object, code: Code) -> None:
    document = a_flow([a_payment("pay", None, config={"amount": amount}, next="end", pending="end"), an_access("end")])
    del document["spec_version"]
    assert code in [problem.code for problem in validate(document, EMPTY_CATALOGUE)]


def test_a_document_that_says_its_version_writes_amounts_as_texts() -> None:
    document = a_flow([a_payment("pay", None, config={"amount": 10}, next="end", pending="end"), an_access("end")])
    assert [problem.code for problem in parse_strict(document).problems] == [Code.WRONG_TYPE]


@pytest.mark.parametrize("version", [2, -1, True, "1", 1.5, []])
def test_a_version_that_there_never_was_is_named(version: object) -> None:
    problems = parse_strict(a_flow() | {"spec_version": version}).problems
    assert [(problem.code, problem.field) for problem in problems] == [(Code.UNSUPPORTED_VERSION, "spec_version")]


@given(json_values())
def test_never_raises_and_doing_it_again_changes_nothing(value: object) -> None:
    document = value if isinstance(value, dict) else {"flow_steps": value}
    once = upgrade(document)
    assert upgrade(once) == once
