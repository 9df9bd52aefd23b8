"""Every condition type, against golden files of what it meets and whether it matches."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.engine.conditions import CONDITION_MODELS, ConditionType, Occasion, Operator, Stimulus, Validation

GOLDEN = Path(__file__).parents[3] / "golden" / "conditions"


def cases_of(condition_type: ConditionType) -> list[dict[str, Any]]:
    path = GOLDEN / f"{condition_type}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


ALL_CASES = [(condition_type, case) for condition_type in ConditionType for case in cases_of(condition_type)]


def stimulus_of(written: dict[str, Any]) -> Stimulus:
    fields = dict(written)
    quiet = timedelta(minutes=fields.pop("quiet_minutes", 0))
    return Stimulus(occasion=Occasion(fields.pop("occasion")), quiet=quiet, **fields)


def name_of(value: object) -> str | None:
    if not isinstance(value, dict):
        return str(value)
    condition, stimulus = value["condition"], dict(value["stimulus"])
    stimulus.pop("occasion")
    return f"{condition}-{str(stimulus)[:60]}"


@pytest.mark.parametrize(("condition_type", "case"), ALL_CASES, ids=name_of)
def test_matches_as_written(condition_type: ConditionType, case: dict[str, Any]) -> None:
    fields = {"type": condition_type, "target_step": "there", **case["condition"]}
    condition = CONDITION_MODELS[condition_type].model_validate(fields)
    assert condition.matches(stimulus_of(case["stimulus"])) is case["matches"]


@pytest.mark.parametrize("condition_type", list(ConditionType))
def test_every_type_has_matching_and_other_cases(condition_type: ConditionType) -> None:
    assert condition_type in CONDITION_MODELS
    assert {case["matches"] for case in cases_of(condition_type)} == {True, False}


def test_every_validation_has_matching_and_other_cases() -> None:
    for validation in Validation:
        found = {
            case["matches"]
            for case in cases_of(ConditionType.TEXT_VALIDATION)
            if case["condition"]["validation"] == validation
        }
        assert found == {True, False}, validation


def test_every_operator_has_matching_and_other_cases() -> None:
    for operator in Operator:
        found = {
            case["matches"]
            for case in cases_of(ConditionType.VARIABLE)
            if case["condition"].get("op", Operator.EQ) == operator
        }
        assert found == {True, False}, operator
