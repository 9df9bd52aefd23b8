"""The models' own errors as findings: which field of which step, and what is wrong with it."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flows.engine.conditions import ConditionType
from flows.engine.definition import StepType
from flows.engine.hygiene import Path, dotted, readable
from flows.engine.problem_codes import Code, Expected
from flows.engine.problems import Finding

_MAX_SHOWN: Final = 64
# What a location says where the name of a field is wrong, not its value.
_KEY: Final = "[key]"

_CODES: Final[Mapping[str, Code]] = {
    "missing": Code.REQUIRED,
    "union_tag_not_found": Code.REQUIRED,
    "extra_forbidden": Code.UNKNOWN_FIELD,
    "blank": Code.BLANK,
    "string_too_long": Code.TOO_LONG,
    "too_long": Code.TOO_LONG,
    "too_short": Code.TOO_SHORT,
    "string_unicode": Code.BAD_TEXT,
    "finite_number": Code.BAD_NUMBER,
    "greater_than": Code.OUT_OF_RANGE,
    "greater_than_equal": Code.OUT_OF_RANGE,
    "less_than": Code.OUT_OF_RANGE,
    "less_than_equal": Code.OUT_OF_RANGE,
    "literal_error": Code.NOT_AN_OPTION,
    "enum": Code.NOT_AN_OPTION,
    "value_missing": Code.VALUE_MISSING,
    "bad_regex": Code.BAD_REGEX,
    "variable_name": Code.BAD_VARIABLE_NAME,
    "header_name": Code.BAD_HEADER,
    "header_value": Code.BAD_HEADER,
    "json_path": Code.BAD_JSON_PATH,
    "time_of_day": Code.BAD_TIME,
    "command": Code.BAD_COMMAND,
    "percent": Code.BAD_PERCENT,
    "day": Code.BAD_DATE,
}

_EXPECTED: Final[Mapping[str, Expected]] = {
    "string_type": Expected.TEXT,
    "int_type": Expected.WHOLE_NUMBER,
    "float_type": Expected.NUMBER,
    "bool_type": Expected.FLAG,
    "tuple_type": Expected.LIST,
    "scalar": Expected.SCALAR,
}

_BOUNDS: Final[tuple[tuple[str, str], ...]] = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))


def errors_of(error: ValidationError) -> list[tuple[Path, ErrorDetails]]:
    """The errors with their paths in the document, without the models' inner names."""
    details = error.errors(include_url=False, include_input=False)
    return [(_document_path(detail["loc"]), detail) for detail in details]


def finding_of(path: Path, detail: ErrorDetails, document: object) -> Finding:
    """One error as a finding on its step."""
    kind = detail["type"]
    if kind == "union_tag_not_found":
        path = (*path, "type")
    elif kind == "union_tag_invalid":
        return _unknown_type(path, document)
    code = Code.UNSUPPORTED_VERSION if path == ("spec_version",) else _CODES.get(kind, Code.WRONG_TYPE)
    if not path:
        code = Code.NOT_AN_OBJECT
    return placed(code, path, document, _values(path, detail))


def placed(code: Code, path: Path, document: object, values: Mapping[str, object] | None = None) -> Finding:
    """The finding with the step's id and the path from that step, where the path goes through a step that has one."""
    step_id = step_id_at(path, document)
    shown = path[2:] if step_id is not None else path
    return Finding(code, step_id, dotted(shown), values or {})


def step_id_at(path: Path, document: object) -> str | None:
    if len(path) < 2 or path[0] != "flow_steps" or not isinstance(document, dict):
        return None
    steps = document.get("flow_steps")
    index = path[1]
    if not isinstance(steps, (list, tuple)) or not isinstance(index, int) or index >= len(steps):
        return None
    step = steps[index]
    step_id = step.get("id") if isinstance(step, dict) else None
    return readable(step_id) if isinstance(step_id, str) and step_id.strip() else None


def _document_path(loc: tuple[int | str, ...]) -> Path:
    """Drops the tags that discriminated unions put into a location: after a step's and after a condition's index."""
    kept: list[int | str] = []
    for place, part in enumerate(loc):
        after_item = place >= 2 and isinstance(loc[place - 1], int)
        if after_item and loc[place - 2] in ("flow_steps", "conditions") and len(kept) in (2, 4):
            continue
        if part == _KEY:
            continue
        kept.append(part)
    return tuple(kept)


def _unknown_type(path: Path, document: object) -> Finding:
    value = _at((*path, "type"), document)
    condition = len(path) >= 2 and path[-2] == "conditions"
    options = list(ConditionType) if condition else list(StepType)
    return placed(
        Code.UNKNOWN_CONDITION_TYPE if condition else Code.UNKNOWN_STEP_TYPE,
        (*path, "type"),
        document,
        {"type": readable(str(value)[:_MAX_SHOWN]), "options": ", ".join(options)},
    )


def _at(path: Path, document: Any) -> object:
    for part in path:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _values(path: Path, detail: ErrorDetails) -> dict[str, object]:
    context: Mapping[str, Any] = detail.get("ctx") or {}
    values: dict[str, object] = {"name": dotted(path[-1:])}
    match detail["type"]:
        case "string_too_long" | "too_long":
            values["limit"] = context.get("max_length", "")
        case "too_short":
            values["limit"] = context.get("min_length", "")
        case "literal_error" | "enum":
            values["options"] = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            values["bound"] = next((f"{sign} {context[name]:g}" for name, sign in _BOUNDS if name in context), "")
        case kind:
            values["expected"] = _EXPECTED.get(kind, Expected.OBJECT)
    return values
