"""`validate` as a whole: everything at once, in order, in both languages, for any value, in linear time."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine import limits, problem_texts_en, problem_texts_pt
from flows.engine.catalogue import EMPTY_CATALOGUE
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.problem_codes import Code, Expected
from flows.engine.problems import Problem, has_errors
from flows.engine.validation import validate
from tests.flows.engine.validation.cases import CASES, CONDITIONS, STRUCTURE, WITH_SANDBOX
from tests.support.flows import a_condition, a_flow, a_message, a_payment, a_question, an_access, buttons, sales_flow
from tests.support.json_values import json_values


def errors(document: Any) -> list[Problem]:
    return [problem for problem in validate(document, EMPTY_CATALOGUE) if problem.is_error]


def shown(document: Any) -> list[tuple[str, str | None, str]]:
    return [(problem.code, problem.step_id, problem.field) for problem in errors(document)]


def test_the_example_flows_are_sound() -> None:
    assert errors(sales_flow()) == []
    assert validate(sales_flow(), WITH_SANDBOX) != ()
    assert not has_errors(validate(sales_flow(), WITH_SANDBOX))


def test_tells_every_problem_at_once_in_document_order() -> None:
    document = a_flow(
        [
            buttons(
                "menu",
                {"text": "A", "target_step": "gone"},
                "B",
                conditions=[
                    a_condition("button_click", "pay", button_text="Z"),
                    a_condition("text_validation", "pay", max_attempts=True),
                ],
            ),
            a_payment("pay", "29.999", retry="nowhere"),
            {"id": "odd", "type": "teleport"},
            an_access("end", next="menu"),
        ],
        start="begin",
        surplus=1,
    )

    assert shown(document) == [
        ("unknown_field", None, "surplus"),
        ("unknown_start_step", None, "flow_start_step_id"),
        ("wrong_type", "menu", "conditions.1.max_attempts"),
        ("unknown_button", "menu", "conditions.0.button_text"),
        ("button_leads_nowhere", "menu", "config.custom_buttons.1.target_step"),
        ("unknown_target", "menu", "config.custom_buttons.0.target_step"),
        ("amount_decimals", "pay", "config.amount"),
        ("payment_without_exit", "pay", "connections.next"),
        ("payment_without_paid_exit", "pay", "connections.next"),
        ("unknown_target", "pay", "connections.retry"),
        ("unknown_step_type", "odd", "type"),
        ("access_with_connection", "end", "connections.next"),
    ]


def test_looks_at_the_rest_of_a_step_of_which_a_field_is_missing() -> None:
    document = a_flow(
        [
            {
                "id": "menu",
                "type": "buttons",
                "config": {"custom_buttons": [{"text": "A", "target_step": "gone"}, {"text": 3}]},
                "connections": {"next": "lost"},
            }
        ]
    )

    assert shown(document) == [
        ("required", "menu", "config.text"),
        ("wrong_type", "menu", "config.custom_buttons.1.text"),
        ("unknown_target", "menu", "connections.next"),
        ("unknown_target", "menu", "config.custom_buttons.0.target_step"),
    ]


def test_names_a_condition_by_its_place_as_it_came() -> None:
    broken = {"type": "nothing"}
    wrong = a_condition("button_click", "end", button_text="B")
    document = a_flow([buttons("b", "A", next="end", conditions=[broken, wrong]), an_access("end")])

    assert shown(document) == [
        ("unknown_condition_type", "b", "conditions.0.type"),
        ("unknown_button", "b", "conditions.1.button_text"),
    ]


def test_names_the_whole_path_of_a_cycle() -> None:
    document = a_flow([a_question("menu", next="prices"), a_question("prices", next="menu")])

    (problem,) = errors(document)

    assert problem.message == "O fluxo volta ao mesmo ponto: menu → prices → menu."
    assert "allow_loops" in problem.hint


def test_speaks_english_too() -> None:
    (problem,) = validate(a_flow([an_access("end")], start="gone"), EMPTY_CATALOGUE, locale="en")

    assert problem.message == "The start step “gone” does not exist."
    assert problem.hint == "Choose a step that exists."


@pytest.mark.parametrize("texts", [problem_texts_pt, problem_texts_en])
def test_every_code_has_a_message_and_a_hint_in_each_language(texts: Any) -> None:
    assert set(texts.TEXTS) == set(Code)
    assert set(texts.EXPECTED) == set(Expected)
    assert all(message and hint for message, hint in texts.TEXTS.values())


def test_both_languages_fill_in_the_same_values() -> None:
    def names(texts: Any, code: Code) -> set[str]:
        return set(re.findall(r"\[(\w+)\]", texts.TEXTS[code][0]))

    for code in Code:
        assert names(problem_texts_pt, code) == names(problem_texts_en, code), code


def test_no_placeholder_is_left_in_a_message() -> None:
    failing = [case for cases in CASES.values() for case in cases.failing]
    for case in [*failing, *STRUCTURE, *CONDITIONS]:
        for locale in ("pt-br", "en"):
            for problem in validate(case.document, case.catalogue, locale=locale):
                assert "[" not in problem.message.replace("[…]", "").replace("[[]", ""), problem


def test_what_the_document_holds_cannot_break_a_message() -> None:
    (problem,) = errors(a_flow([an_access("end")], start="[hint] {0} %s {{x}}"))
    assert problem.message == "O passo inicial “[hint] {0} %s {{x}}” não existe."


def test_gives_at_most_so_many_problems_errors_first() -> None:
    steps = [a_message(f"m{n}", next="gone") for n in range(limits.MAX_PROBLEMS + 100)]

    problems = validate(a_flow(steps), EMPTY_CATALOGUE)

    assert len(problems) == limits.MAX_PROBLEMS
    assert all(problem.is_error for problem in problems)


@given(json_values())
def test_never_raises_for_any_json_value(value: object) -> None:
    for problem in validate(value, EMPTY_CATALOGUE):
        json.dumps(problem.as_dict(), ensure_ascii=False).encode()


@st.composite
def damaged_flows(draw: st.DrawFn) -> Any:
    """A sound flow with some of its values replaced by anything."""
    document = json.loads(json.dumps(sales_flow()))
    for _ in range(draw(st.integers(1, 4))):
        node: Any = document
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = draw(st.sampled_from(keys))
            if not isinstance(node[key], (dict, list)) or not node[key] or draw(st.integers(0, 3)) == 0:
                break
            node = node[key]
        node[key] = draw(json_values())
    return document


@given(damaged_flows())
def test_never_raises_for_a_damaged_flow(document: Any) -> None:
    validate(document, EMPTY_CATALOGUE)


def test_validating_twice_gives_the_same() -> None:
    document = a_flow([buttons("b", "A", "A"), a_question("b")], start="x")
    assert validate(document, EMPTY_CATALOGUE) == validate(document, EMPTY_CATALOGUE)


def test_leaves_the_document_as_it_was() -> None:
    document = a_flow([{"id": "m", "type": "content", "config": {"content": "x", "y": 1}, "conditions": None}])
    before = json.dumps(document)
    validate(document, EMPTY_CATALOGUE)
    assert json.dumps(document) == before


HOSTILE: dict[str, Any] = {
    "steps without anything": {"flow_steps": [{}] * 300_000},
    "conditions without anything": a_flow([a_question("q", conditions=[{}] * 200_000)]),
    "unknown fields": {str(n): 1 for n in range(50_000)},
    "an endless amount": a_flow([a_payment("pay", "1" * 100_000, next="pay")]),
    "endless zeros": a_flow([a_payment("pay", "0" * 100_000, next="pay")]),
    "braces": a_flow([a_message("m", "{{" * 100_000, next="m")]),
    "spaces in braces": a_flow([a_message("m", "{{ " + " " * 200_000, next="m")]),
    "tags": a_flow([a_message("m", "<a " * 100_000, next="m")]),
    "prices": a_flow([a_payment("pay", config={"text": "R$ " * 100_000}, next="pay")]),
    "a long host": a_flow([an_access("end", config={"link": "https://" + "a." * 200_000})]),
    "buttons and conditions": a_flow(
        [
            buttons(
                "b",
                *[{"text": f"B{n}", "price": "1"} for n in range(8_000)],
                conditions=[a_condition("button_click", "b", button_text=f"B{n}") for n in range(3_000)],
            )
        ]
    ),
    "every step back to the start": a_flow(
        [a_payment(f"s{n}", next=f"s{(n + 1) % 1_000}", pending="s0", retry=f"s{n}") for n in range(1_000)]
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_gives_an_answer_to_hostile_documents(name: str) -> None:
    problems = validate(HOSTILE[name], EMPTY_CATALOGUE)
    assert has_errors(problems)
    assert len(problems) <= limits.MAX_PROBLEMS
    compile_flow(UUID(int=1), HOSTILE[name], kind=VersionKind.TEST)
