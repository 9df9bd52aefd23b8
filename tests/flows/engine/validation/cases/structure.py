"""What the models themselves refuse: fields of steps and of conditions."""

from typing import Any

from flows.engine.problem_codes import Code
from tests.flows.engine.validation.cases.build import END, Failing, asked, charged, pressed
from tests.support.flows import (
    a_branch,
    a_condition,
    a_delay,
    a_flow,
    a_message,
    a_question,
    a_split,
    a_step,
    an_access,
)

_WRONG_NOTES: list[tuple[dict[str, Any], Code, str]] = [
    ({"assign": [{"name": "x", "value": [1]}]}, Code.WRONG_TYPE, "config.assign.0.value"),
    ({"assign": [{"name": "x", "value": None}]}, Code.WRONG_TYPE, "config.assign.0.value"),
    ({"assign": [{"name": "x", "value": "a" * 4_097}]}, Code.TOO_LONG, "config.assign.0.value"),
    ({"assign": [{"name": "x"}]}, Code.REQUIRED, "config.assign.0.value"),
    ({"assign": [{"name": "um nome", "value": 1}]}, Code.BAD_VARIABLE_NAME, "config.assign.0.name"),
    ({"assign": [{"name": "x", "value": 1}] * 201}, Code.TOO_LONG, "config.assign"),
    ({"add_tags": ["x"] * 101}, Code.TOO_LONG, "config.add_tags"),
    ({"add_tags": ["x" * 65]}, Code.TOO_LONG, "config.add_tags.0"),
    ({"remove_tags": [" "]}, Code.BLANK, "config.remove_tags.0"),
]

# What the models themselves refuse: (a change of a sound step's part, what is found).
STRUCTURE: tuple[Failing, ...] = (
    Failing(a_flow([a_message("m", next="end", config={"txt": "x"}), END]), ((Code.UNKNOWN_FIELD, "m", "config.txt"),)),
    Failing({**a_flow([END]), "name": "x"}, ((Code.UNKNOWN_FIELD, None, "name"),)),
    Failing({**a_flow([END]), "spec_version": 2}, ((Code.UNSUPPORTED_VERSION, None, "spec_version"),)),
    Failing({**a_flow([END]), "on_start": "again"}, ((Code.NOT_AN_OPTION, None, "on_start"),)),
    Failing(a_flow([END, {"id": "x", "type": "teleport"}]), ((Code.UNKNOWN_STEP_TYPE, "x", "type"),)),
    Failing(a_flow([END, {"id": "x"}]), ((Code.REQUIRED, "x", "type"),)),
    Failing(a_flow([END, {"type": "message", "config": {}}]), ((Code.REQUIRED, None, "flow_steps.1.id"),)),
    Failing(a_flow([END, an_access("")]), ((Code.BLANK, None, "flow_steps.1.id"),)),
    Failing(a_flow([END, an_access("x" * 65)]), ((Code.TOO_LONG, "x" * 65, "id"),)),
    Failing({**a_flow([END]), "flow_steps": [END, 3]}, ((Code.WRONG_TYPE, None, "flow_steps.1"),)),
    Failing(a_flow([a_step("q", "question", next="end"), END]), ((Code.REQUIRED, "q", "config.text"),)),
    Failing(pressed(next="end"), ((Code.TOO_SHORT, "b", "config.custom_buttons"),)),
    Failing(pressed("A", next="end", config={"per_row": 9}), ((Code.OUT_OF_RANGE, "b", "config.per_row"),)),
    Failing(charged(config={"amount": 29.9}), ((Code.WRONG_TYPE, "pay", "config.amount"),)),
    Failing(
        a_flow([a_question("q", config={"save_as": "nome completo"}, next="end"), END]),
        ((Code.BAD_VARIABLE_NAME, "q", "config.save_as"),),
    ),
    Failing(a_flow([a_split("ab", ("A", 0, "end")), END]), ((Code.OUT_OF_RANGE, "ab", "config.arms.0.weight"),)),
    Failing(a_flow([a_split("ab", ("A", -1, "end")), END]), ((Code.OUT_OF_RANGE, "ab", "config.arms.0.weight"),)),
    Failing(a_flow([a_split("ab", ("A", True, "end")), END]), ((Code.WRONG_TYPE, "ab", "config.arms.0.weight"),)),
    Failing(a_flow([a_split("ab", (" ", 1, "end")), END]), ((Code.BLANK, "ab", "config.arms.0.name"),)),
    Failing(a_flow([a_split("ab"), END]), ((Code.TOO_SHORT, "ab", "config.arms"),)),
    Failing(
        a_flow([a_split("ab", *((f"A{n}", 1, "end") for n in range(21))), END]), ((Code.TOO_LONG, "ab", "config.arms"),)
    ),
    *(
        Failing(a_flow([a_step("n", "set", config, next="end"), END]), ((code, "n", field),))
        for config, code, field in _WRONG_NOTES
    ),
    Failing(
        a_flow([a_branch("fork", next="end", config={"on": "x"}), END]), ((Code.UNKNOWN_FIELD, "fork", "config.on"),)
    ),
    Failing(a_flow([a_delay("d", until="25:00", next="end"), END]), ((Code.BAD_TIME, "d", "config.until"),)),
    Failing(
        {**a_flow([END]), "triggers": [{"command": "start", "target_step": "end"}]},
        ((Code.BAD_COMMAND, None, "triggers.0.command"),),
    ),
    Failing(a_flow([a_message("m", "a\0b", next="end"), END]), ((Code.BAD_TEXT, "m", "config.text"),)),
    Failing(a_flow([a_message("m", "a\ud800b", next="end"), END]), ((Code.BAD_TEXT, "m", "config.text"),)),
    Failing(a_flow([{**END, "position": {"x": float("nan"), "y": 0}}]), ((Code.BAD_NUMBER, "end", "position.x"),)),
    Failing(a_flow([{**END, "position": {"x": 10**400, "y": 0}}]), ((Code.BAD_NUMBER, "end", "position.x"),)),
    Failing(a_flow([{**END, "position": {"x": b"1", "y": 0}}]), ((Code.NOT_JSON, "end", "position.x"),)),
    Failing([], ((Code.NOT_AN_OBJECT, None, ""),)),
    Failing(None, ((Code.NOT_AN_OBJECT, None, ""),)),
    Failing(a_flow([a_message("m", "a" * 1_100_000, next="end"), END]), ((Code.TOO_LARGE, None, ""),)),
)


def condition_case(condition_type: str, field: str, wrong: Any, code: Code, /, **others: Any) -> Failing:
    """A question with one condition whose field has a wrong value."""
    condition = {**a_condition(condition_type, "end"), **others, field: wrong}
    return Failing(asked(condition, next="end"), ((code, "q", f"conditions.0.{field}"),))


CONDITIONS: tuple[Failing, ...] = (
    *(
        condition_case("text_validation", "max_attempts", value, code)
        for value, code in [
            (0, Code.OUT_OF_RANGE),
            (101, Code.OUT_OF_RANGE),
            (-1, Code.OUT_OF_RANGE),
            (True, Code.WRONG_TYPE),
            (False, Code.WRONG_TYPE),
            (1.5, Code.WRONG_TYPE),
            (3.0, Code.WRONG_TYPE),
            ("3", Code.WRONG_TYPE),
            ([3], Code.WRONG_TYPE),
        ]
    ),
    *(
        condition_case("time_elapsed", "minutes", value, code)
        for value, code in [
            (0, Code.OUT_OF_RANGE),
            (0.99, Code.OUT_OF_RANGE),
            (-5, Code.OUT_OF_RANGE),
            (10**9, Code.OUT_OF_RANGE),
            (True, Code.WRONG_TYPE),
            ("5", Code.WRONG_TYPE),
            (None, Code.WRONG_TYPE),
            (float("nan"), Code.BAD_NUMBER),
            (float("inf"), Code.BAD_NUMBER),
            (10**400, Code.BAD_NUMBER),
        ]
    ),
    *(
        condition_case(condition_type, "target_step", value, code, **others)
        for condition_type, others in [
            ("text_validation", {}),
            ("button_click", {"button_text": "A"}),
            ("payment_status", {}),
            ("time_elapsed", {}),
            ("variable", {"name": "x", "value": "1"}),
        ]
        for value, code in [("", Code.BLANK), ("  ", Code.BLANK), (None, Code.WRONG_TYPE), (3, Code.WRONG_TYPE)]
    ),
    condition_case("text_validation", "order", "1", Code.WRONG_TYPE),
    condition_case("text_validation", "order", True, Code.WRONG_TYPE),
    condition_case("text_validation", "order", 1.5, Code.WRONG_TYPE),
    condition_case("text_validation", "order", None, Code.WRONG_TYPE),
    condition_case("text_validation", "fallback_step", "", Code.BLANK),
    condition_case("text_validation", "validation", "e-mail", Code.NOT_AN_OPTION),
    condition_case("text_validation", "value", None, Code.VALUE_MISSING, validation="equals"),
    condition_case("text_validation", "value", " ", Code.VALUE_MISSING, validation="contains"),
    condition_case("text_validation", "value", "", Code.VALUE_MISSING, validation="regex"),
    condition_case("text_validation", "value", "(", Code.BAD_REGEX, validation="regex"),
    condition_case("text_validation", "value", r"(a)\1", Code.BAD_REGEX, validation="regex"),
    condition_case("text_validation", "value", "(?=a)", Code.BAD_REGEX, validation="regex"),
    condition_case("text_validation", "value", "x" * 1_025, Code.TOO_LONG, validation="equals"),
    condition_case("text_validation", "ignore_case", 1, Code.WRONG_TYPE),
    condition_case("text_validation", "ignore_accents", "yes", Code.WRONG_TYPE),
    condition_case("text_validation", "button_text", "A", Code.UNKNOWN_FIELD),
    condition_case("button_click", "button_text", "", Code.BLANK),
    condition_case("button_click", "button_text", 3, Code.WRONG_TYPE),
    condition_case("payment_status", "status", "refunded", Code.NOT_AN_OPTION),
    condition_case("variable", "name", "", Code.BAD_VARIABLE_NAME, value="1"),
    condition_case("variable", "name", "a b", Code.BAD_VARIABLE_NAME, value="1"),
    condition_case("variable", "op", "like", Code.NOT_AN_OPTION, name="x", value="1"),
    condition_case("variable", "value", None, Code.VALUE_MISSING, name="x"),
    condition_case("variable", "value", [1], Code.WRONG_TYPE, name="x"),
    condition_case("variable", "value", "x" * 1_025, Code.TOO_LONG, name="x"),
    Failing(
        asked({"type": "time_travel", "target_step": "end"}, next="end"),
        ((Code.UNKNOWN_CONDITION_TYPE, "q", "conditions.0.type"),),
    ),
    Failing(asked({"target_step": "end"}, next="end"), ((Code.REQUIRED, "q", "conditions.0.type"),)),
    Failing(asked({"type": "text_validation"}, next="end"), ((Code.REQUIRED, "q", "conditions.0.target_step"),)),
    Failing(
        asked({"type": "button_click", "target_step": "end"}, next="end"),
        ((Code.REQUIRED, "q", "conditions.0.button_text"),),
    ),
)
