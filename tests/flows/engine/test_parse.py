"""Reading documents, strictly and leniently."""

import json
from typing import Any

import pytest
from hypothesis import given

from flows.engine import limits
from flows.engine.definition import FlowDocument
from flows.engine.parse import parse_lenient, parse_strict
from flows.engine.steps.access import AccessStep
from flows.engine.steps.message import MessageStep
from tests.support.flows import a_condition, a_flow, a_message, a_question, an_access, buttons, sales_flow
from tests.support.json_values import json_values


def nested(depth: int, wrap: Any = lambda inner: [inner]) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    return value


def strict_codes(document: object) -> list[str]:
    return [problem.code for problem in parse_strict(document).problems]


def test_reads_a_sound_document() -> None:
    result = parse_strict(sales_flow())

    assert result.problems == ()
    assert result.document is not None
    assert [step.id for step in result.document.flow_steps][:3] == ["menu", "ask_email", "pay"]


def test_gives_no_document_where_there_is_a_problem() -> None:
    assert parse_strict({**sales_flow(), "extra": 1}).document is None


def test_an_empty_object_is_a_document_without_steps() -> None:
    assert parse_strict({}).document == FlowDocument()


@pytest.mark.parametrize("value", [None, True, 3, 3.5, "x", [], [sales_flow()], b"{}", object()])
def test_what_is_no_object_is_no_flow(value: object) -> None:
    assert strict_codes(value) in (["not_an_object"], ["not_json"])
    assert parse_lenient(value).document == FlowDocument()


@pytest.mark.parametrize("depth", [33, 1_000, 100_000])
def test_survives_depth_bombs(depth: int) -> None:
    bomb = {"flow_steps": nested(depth)}
    assert strict_codes(bomb) == ["too_deep"]
    assert parse_lenient(bomb).document == FlowDocument()
    assert strict_codes({"flow_steps": nested(depth, lambda inner: {"config": inner})}) == ["too_deep"]


def test_survives_a_value_that_holds_itself() -> None:
    loop: dict[str, Any] = {}
    loop["flow_steps"] = [loop, loop]
    assert strict_codes(loop) in (["too_deep"], ["too_large"])


def test_refuses_what_is_larger_than_the_limit() -> None:
    assert strict_codes({"welcome_message": "a" * limits.MAX_DOCUMENT_BYTES}) == ["too_large"]
    assert strict_codes({"welcome_message": "é" * (limits.MAX_DOCUMENT_BYTES // 2)}) == ["too_large"]
    assert strict_codes({"welcome_message": "a" * (limits.MAX_DOCUMENT_BYTES - 1_000)}) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [(float("nan"), "bad_number"), (float("inf"), "bad_number"), (10**400, "bad_number"), (True, "wrong_type")],
)
def test_refuses_numbers_that_are_none(number: object, code: str) -> None:
    document = a_flow([{**an_access("end"), "position": {"x": number, "y": 0}}])
    assert [(p.code, p.step_id, p.field) for p in parse_strict(document).problems] == [(code, "end", "position.x")]


def test_names_what_holds_a_lone_surrogate_or_nul() -> None:
    document = a_flow([an_access("end", "a\ud800"), a_message("m\0", "b\0")], welcome_message="\0")
    found = {(p.code, p.step_id, p.field) for p in parse_strict(document).problems}
    assert found == {
        ("bad_text", "end", "config.text"),
        ("bad_text", "m", "id"),
        ("bad_text", "m", "config.text"),
        ("bad_text", None, "welcome_message"),
    }


def test_keys_are_looked_at_too() -> None:
    assert [(p.code, p.field) for p in parse_strict({"\ud800": 1}).problems] == [("bad_text", "?")]
    assert [(p.code, p.field) for p in parse_strict({"x\0": 1}).problems] == [("bad_text", "x")]


@given(json_values())
def test_strict_reading_never_raises(value: object) -> None:
    result = parse_strict(value)
    assert (result.document is None) == bool(result.problems)
    json.dumps([problem.as_dict() for problem in result.problems], ensure_ascii=False).encode()


@given(json_values())
def test_lenient_reading_never_raises_and_reads_what_it_gave_again(value: object) -> None:
    document = parse_lenient(value).document
    written = document.model_dump(mode="json", exclude_unset=True)
    assert parse_lenient(written).document == document


# Lenient


def test_skips_an_invalid_condition_with_its_index_and_reason() -> None:
    good = a_condition("text_validation", "end")
    document = a_flow(
        [
            a_question("q", conditions=[{**good, "max_attempts": True}, good, {"type": "telepathy"}]),
            an_access("end"),
        ]
    )

    result = parse_lenient(document)

    assert [condition.target_step for condition in result.document.flow_steps[0].conditions] == ["end"]
    assert [(p.code, p.step_id, p.field) for p in result.problems] == [
        ("wrong_type", "q", "conditions.0.max_attempts"),
        ("unknown_condition_type", "q", "conditions.2.type"),
    ]


def test_a_step_with_no_valid_condition_left_is_skipped_so_that_no_answer_slips_through_next() -> None:
    document = a_flow([a_question("q", next="end", conditions=[{"type": "telepathy"}]), an_access("end")])

    result = parse_lenient(document)

    assert [step.id for step in result.document.flow_steps] == ["end"]
    assert [p.code for p in result.problems] == ["unknown_condition_type", "no_valid_condition"]
    assert result.order == ("q", "end")


def test_a_step_without_conditions_keeps_its_next() -> None:
    document = a_flow([a_question("q", next="end", conditions=[]), an_access("end")])
    assert [step.id for step in parse_lenient(document).document.flow_steps] == ["q", "end"]


def test_skips_a_step_whose_config_is_invalid_rather_than_charge_another_price() -> None:
    document = sales_flow()
    document["flow_steps"][2]["config"]["amount"] = 29.9

    result = parse_lenient(document)

    assert "pay" not in [step.id for step in result.document.flow_steps]
    assert result.order[2] == "pay"
    assert [(p.code, p.step_id, p.field) for p in result.problems] == [("wrong_type", "pay", "config.amount")]


def test_leaves_out_unknown_fields_and_bad_positions_only() -> None:
    document = a_flow([{**an_access("end", config={"colour": "red"}), "position": "left", "note": "x"}], theme="dark")

    result = parse_lenient(document)

    assert [step.id for step in result.document.flow_steps] == ["end"]
    assert sorted(p.field for p in result.problems) == ["config.colour", "note", "position", "theme"]


def test_keeps_the_first_of_two_steps_with_one_id() -> None:
    document = a_flow([an_access("end", "one"), an_access("end", "two")])

    result = parse_lenient(document)

    assert [step.config.text for step in result.document.flow_steps if isinstance(step, AccessStep)] == ["one"]
    assert result.order == ("end", "")
    assert [p.code for p in result.problems] == ["duplicate_step_id"]


def test_steps_keep_their_places_though_others_cannot_be_read() -> None:
    document = a_flow([3, {"id": "odd"}, an_access("end"), {}], start="end")  # type: ignore[list-item]
    assert parse_lenient(document).order == ("", "odd", "end", "")


def test_a_document_with_nul_can_still_be_run() -> None:
    result = parse_lenient(a_flow([an_access("end", "Olá\0 \ud800!")]))
    (step,) = result.document.flow_steps
    assert isinstance(step, AccessStep)
    assert step.config.text == "Olá ?!"


# Older names


@pytest.mark.parametrize(
    ("step_type", "config", "text", "media"),
    [
        ("content", {"content": "Oi"}, "Oi", None),
        ("content", {"text": "Oi"}, "Oi", None),
        ("message", {"content": "Oi"}, "Oi", None),
        ("audio", {"audio": "AwACAg"}, None, ("audio", None, "AwACAg")),
        (
            "audio",
            {"url": "https://example.com/a.mp3", "caption": "Ouça"},
            "Ouça",
            ("audio", "https://example.com/a.mp3", None),
        ),
        (
            "video",
            {"video": "https://example.com/v.mp4", "text": "Veja"},
            "Veja",
            ("video", "https://example.com/v.mp4", None),
        ),
        ("video", {"file_id": "BAACAg"}, None, ("video", None, "BAACAg")),
    ],
)
def test_takes_older_names_of_a_message(
    step_type: str, config: dict[str, Any], text: str | None, media: tuple[str, str | None, str | None] | None
) -> None:
    document = a_flow(
        [{"id": "m", "type": step_type, "config": config, "connections": {"next": "end"}}, an_access("end")]
    )

    result = parse_strict(document)

    assert result.problems == ()
    assert result.document is not None
    step = result.document.flow_steps[0]
    assert isinstance(step, MessageStep)
    assert step.config.text == text
    found = step.config.media
    assert (found and (found.type.value, found.url, found.file_id)) == media


def test_takes_empty_parts_written_as_null() -> None:
    document = a_flow([{**an_access("end"), "connections": None, "conditions": None, "position": None}])
    assert parse_strict(document).problems == ()


def test_order_of_conditions_is_by_order_then_by_place() -> None:
    conditions = [
        a_condition("button_click", "end", button_text=text, order=order)
        for text, order in [("C", 5), ("A", -1), ("B", 0), ("D", 5), ("E", 0)]
    ]
    result = parse_strict(a_flow([buttons("b", *"ABCDE", conditions=conditions), an_access("end")]))
    assert result.document is not None
    assert [place for place, _ in result.document.flow_steps[0].ordered_conditions] == [1, 2, 4, 0, 3]
