"""Whatever a document or an item says, reading and playing never raise."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine.effects import EFFECT_TYPES
from flows.engine.testing.chat import CARRIED_OUT, NOT_SEEN
from flows.engine.testing.parse import parse_test
from tests.support.conversation_tests import a_test, played
from tests.support.random_flows import documents

START = {"type": "command", "command": "start"}


def test_every_effect_is_carried_out_or_known_to_show_nothing() -> None:
    assert set(EFFECT_TYPES) == CARRIED_OUT | NOT_SEEN


def test_a_document_says_everything_that_is_wrong_with_it_at_once() -> None:
    parsed = parse_test(
        {
            "name": "",
            "oops": 1,
            "steps": [{"type": "dance"}, {"type": "press", "index": -1}, {"type": "wait", "days": "x"}],
        }
    )
    assert parsed.test is None
    assert {(problem.field, problem.code) for problem in parsed.problems} == {
        ("name", "blank"),
        ("oops", "unknown_field"),
        ("steps.0.type", "not_an_option"),
        ("steps.1.index", "out_of_range"),
        ("steps.2.days", "wrong_type"),
    }


@pytest.mark.parametrize("nonsense", [None, [], "x", 3, {"name": float("nan")}, {"name": "a\0b"}, {"steps": {}}])
def test_reading_never_raises(nonsense: object) -> None:
    parsed = parse_test(nonsense)
    assert parsed.test is None
    assert parsed.problems


ITEMS = st.sampled_from(
    [
        START,
        {"type": "text", "text": "Ana"},
        {"type": "text", "text": "/menu"},
        {"type": "press", "index": 0},
        {"type": "press", "index": 0, "message": 1},
        {"type": "contact"},
        {"type": "location"},
        {"type": "wait"},
        {"type": "wait", "days": 3},
        {"type": "payment", "outcome": "ready"},
        {"type": "payment", "outcome": "paid"},
        {"type": "payment", "outcome": "late_paid"},
        {"type": "payment", "outcome": "expired"},
        {"type": "charge_failed"},
        {"type": "http_answer", "status": 200, "json": {"a": 1}},
        {"type": "operator_resume"},
    ]
)


@given(document=documents(), items=st.lists(ITEMS, max_size=12), by_hand=st.booleans())
def test_playing_never_raises_and_gives_the_same_report_twice(
    document: dict[str, Any], items: list[dict[str, Any]], by_hand: bool
) -> None:
    test = a_test(*items, charges="by_hand" if by_hand else "at_once")
    assert played(document, test) == played(document, test)
