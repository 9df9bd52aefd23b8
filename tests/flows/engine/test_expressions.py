"""Variables in texts: plain substitution, escaped, once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine.expressions import (
    BUILTIN_VARIABLES,
    TRUSTED_VARIABLES,
    broken_placeholders_in,
    escape_html,
    escape_nothing,
    escape_url,
    render,
    shown,
    variables_in,
    without_placeholders,
)


def test_fills_in_variables_with_or_without_spaces() -> None:
    rendered = render("Olá {{first_name}} {{ last_name }}!", {"first_name": "Ana", "last_name": "Lima"}, escape_nothing)
    assert rendered.text == "Olá Ana Lima!"
    assert rendered.unknown == ()


def test_an_unknown_variable_is_empty_and_told_once() -> None:
    rendered = render("[{{a}}{{b}}{{a}}]", {"b": 1}, escape_nothing)
    assert rendered.text == "[1]"
    assert rendered.unknown == ("a",)


def test_names_with_a_point_are_plain_names() -> None:
    assert render("{{payment.amount}}", {"payment.amount": "29,90"}, escape_nothing).text == "29,90"
    assert render("{{payment.amount}}", {"payment": {"amount": 1}}, escape_nothing).unknown == ("payment.amount",)


@pytest.mark.parametrize(
    "template",
    [
        "{{}}",
        "{{ }}",
        "{{a b}}",
        "{{a|upper}}",
        "{{a.__class__}}x",
        "{{a()}}",
        "{{1a}}",
        "{a}",
        "{{{a",
        "{% if a %}",
        "{{ã}}",
    ],
)
def test_is_no_language(template: str) -> None:
    rendered = render(template, {"a": "X", "1a": "X", "ã": "X"}, escape_nothing)
    assert "X" not in rendered.text


def test_a_value_is_never_read_as_a_template() -> None:
    rendered = render("{{a}}{{b}}", {"a": "{{b}}", "b": "{{a}}"}, escape_nothing)
    assert rendered.text == "{{b}}{{a}}"


def test_html_is_escaped_in_values_not_in_the_template() -> None:
    rendered = render('<b>{{a}}</b> <a href="{{a}}">', {"a": "<\"&'>"}, escape_html)
    assert rendered.text == '<b>&lt;&quot;&amp;&#x27;&gt;</b> <a href="&lt;&quot;&amp;&#x27;&gt;">'


def test_values_cannot_leave_their_part_of_a_url() -> None:
    rendered = render("https://example.com/?n={{a}}&x=1", {"a": "a b&c=/../#"}, escape_url)
    assert rendered.text == "https://example.com/?n=a%20b%26c%3D%2F..%2F%23&x=1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (3, "3"),
        (29.9, "29.9"),
        (29.0, "29"),
        (1e22, "10000000000000000000000"),
        (Decimal("1.50"), "1.5"),
        (True, "true"),
        (None, ""),
        (float("nan"), ""),
        (10**400, ""),
        (["a", 1], "a, 1"),
        ({"a": 1}, ""),
        ("a\0\ud800", "a?"),
    ],
)
def test_shows_values_plainly(value: object, text: str) -> None:
    assert shown(value) == text


def test_knows_what_a_template_asks_for() -> None:
    assert list(variables_in("{{a}} {{ b }} {{a}} {{c d}}")) == ["a", "b", "a"]
    assert list(broken_placeholders_in("{{a}} {{c d}} {{}}")) == ["{{c d}}", "{{}}"]
    assert without_placeholders("x{{a}}y") == "xy"


def test_nothing_that_a_contact_writes_is_trusted_with_a_price() -> None:
    assert {"first_name", "last_name", "username", "start_payload", "last_input"} & TRUSTED_VARIABLES == set()
    assert TRUSTED_VARIABLES < BUILTIN_VARIABLES


@given(st.text(), st.dictionaries(st.sampled_from(["a", "b", "first_name"]), st.text()))
def test_never_raises_and_never_leaves_a_known_placeholder(template: str, variables: dict[str, str]) -> None:
    rendered = render(template + "{{a}}", variables, lambda text: "")
    assert list(variables_in(rendered.text)) == [] or "{{" in template
