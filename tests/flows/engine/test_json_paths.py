"""Paths into an answer: small, total, and never out of bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine import limits
from flows.engine.json_paths import MISSING, parse_path, value_at

DATA = {"data": {"items": [{"price": 12.5, "tags": ["a", 1, {"x": 1}, None, True]}, {"price": None}], "0": "zero"}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.items[0].price", 12.5),
        ("$.data.items[0].price", 12.5),
        ("data.items.0.price", 12.5),
        ("data.0", "zero"),
        ("data.items[0].tags", ["a", 1, True]),
        ("data.items[1].price", MISSING),
        ("data.items[9].price", MISSING),
        ("data.items.x", MISSING),
        ("data.items[0]", MISSING),
        ("nothing.at.all", MISSING),
        ("$", MISSING),
    ],
)
def test_what_stands_there(path: str, value: object) -> None:
    parsed = parse_path(path)
    assert parsed is not None
    assert value_at(DATA, parsed) == value


@pytest.mark.parametrize("path", ["", " ", ".", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[-1]", "a b", "[0", "$a b"])
def test_what_is_no_path(path: str) -> None:
    assert parse_path(path) is None


def test_the_whole_answer() -> None:
    assert value_at("x", parse_path("$") or ()) == "x"
    assert value_at([1, "b"], parse_path("[1]") or ()) == "b"


def test_long_values_are_cut_where_one_sees_that_they_were() -> None:
    assert value_at("x" * 9_999, ()) == "x" * (limits.MAX_VARIABLE_TEXT + 1)
    assert value_at([1] * 9_999, ()) == [1] * (limits.MAX_VARIABLE_ITEMS + 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


@given(json_values, st.text(alphabet="ab.[]01$ ", max_size=10))
def test_any_path_into_any_answer(data: object, text: str) -> None:
    path = parse_path(text)
    if path is not None:
        value_at(data, path)
