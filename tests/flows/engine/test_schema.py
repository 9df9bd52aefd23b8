"""The exported JSON Schema: valid, described, and of one mind with the models."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from django.core.management import call_command

from flows.engine.parse import parse_strict
from flows.engine.schema import DIALECT, json_schema
from flows.engine.steps.model import StepType
from tests.support.flows import sales_flow


def test_names_its_dialect_and_refuses_unknown_fields_everywhere() -> None:
    schema = json_schema()
    assert schema["$schema"] == DIALECT
    objects = [schema, *(part for part in schema["$defs"].values() if part.get("type") == "object")]
    assert all(part["additionalProperties"] is False for part in objects)


def test_every_part_and_every_field_has_a_title() -> None:
    schema = json_schema()
    for name, part in schema["$defs"].items():
        assert part.get("title"), name
        for field, described in part.get("properties", {}).items():
            assert described.get("title"), (name, field)


def test_every_part_is_described() -> None:
    parts = {name: part for name, part in json_schema()["$defs"].items() if part.get("type") == "object"}
    assert [name for name, part in parts.items() if not part.get("description")] == []


def test_steps_and_conditions_are_told_apart_by_type() -> None:
    schema = json_schema()
    steps = schema["properties"]["flow_steps"]["items"]["discriminator"]
    assert steps["propertyName"] == "type"
    assert set(steps["mapping"]) == set(StepType)
    conditions = schema["$defs"]["QuestionStep"]["properties"]["conditions"]["items"]["discriminator"]
    assert set(conditions["mapping"]) == {
        "text_validation",
        "button_click",
        "payment_status",
        "time_elapsed",
        "variable",
    }


def test_writes_bounds_that_forms_can_use() -> None:
    parts = json_schema()["$defs"]
    attempts = parts["TextValidation"]["properties"]["max_attempts"]["anyOf"][0]
    assert attempts == {"type": "integer", "minimum": 1, "maximum": 100}
    assert parts["TimeElapsed"]["properties"]["minutes"]["minimum"] == 1
    assert parts["ButtonsConfig"]["properties"]["custom_buttons"]["minItems"] == 1


def test_the_command_writes_it(tmp_path: Path) -> None:
    out = StringIO()
    call_command("export_flow_schema", stdout=out)
    assert json.loads(out.getvalue()) == json_schema()

    target = tmp_path / "schema.json"
    call_command("export_flow_schema", output=target)
    written: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    assert written == json_schema()


def test_a_document_dumped_by_the_models_reads_the_same() -> None:
    document = parse_strict(sales_flow()).document
    assert document is not None
    assert parse_strict(document.model_dump(mode="json")).document == document


def test_is_a_schema_of_its_draft_that_takes_what_the_models_take() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in (Path(__file__).parents[3] / "flows" / "starters").glob("*.json"):
        if ".tests." in path.name:
            continue
        assert list(validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))) == []
    broken = sales_flow()
    broken["flow_steps"][1]["conditions"][0]["max_attempts"] = 0
    assert len(list(validator.iter_errors(broken))) == 1
