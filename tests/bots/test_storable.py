"""What PostgreSQL refuses is taken out before it is written."""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bots.models import Contact
from bots.storable import clean_json, clean_text, dump_json, one_line

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=[]))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("olá 🙂", "olá 🙂"),
        ("a\0b", "ab"),
        ("\ud83d\ude42", "🙂"),
        ("a\ud83db", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("\\u0000", "\\u0000"),
    ],
)
def test_cleans_text(text: str, clean: str) -> None:
    assert clean_text(text) == clean


def test_a_backslash_before_u0000_is_text_like_any_other() -> None:
    assert json.loads(dump_json({"a": "\\u0000", "b": "x\0y"})) == {"a": "\\u0000", "b": "xy"}


@pytest.mark.parametrize(
    ("value", "stored"),
    [(float("nan"), None), ({"a": [float("inf"), 1.5]}, {"a": [None, 1.5]}), (2**80, 2**80), ({"\0a": 1}, {"a": 1})],
)
def test_dumps_what_json_cannot_say(value: Any, stored: Any) -> None:
    assert json.loads(dump_json(value)) == stored


@pytest.mark.django_db
@given(value=ANY_JSON)
def test_postgresql_takes_whatever_comes(value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb", [dump_json(value)])
        (stored,) = cursor.fetchone()
    assert json.loads(stored, parse_int=float) == json.loads(json.dumps(clean_json(value)), parse_int=float)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Ana  Lúcia\n", "Ana Lúcia"),
        ("\u202eagnalam", "agnalam"),
        ("\u2067\u200fAna\u2069\u061c", "Ana"),
        ("\u202e \t", ""),
        ("علي", "علي"),
        ("👩\u200d💻 Bia", "👩\u200d💻 Bia"),
    ],
)
def test_a_strangers_words_neither_turn_nor_break_the_line_they_stand_in(written: str, read: str) -> None:
    assert one_line(written) == read


def test_a_name_of_nothing_that_can_be_seen_gives_way_to_the_username() -> None:
    assert str(Contact(first_name="\u202e", last_name="\n", username="ana")) == "@ana"
    assert str(Contact(first_name="\u202eAna", last_name="Souza", username="ana")) == "Ana Souza"
