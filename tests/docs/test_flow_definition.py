"""`docs/flow_definition.md`: its flow has no problem and leaves nothing out; its tables are the code's."""

import json
import re
from pathlib import Path

from django.conf import settings

from flows.engine import limits
from flows.engine.catalogue import CatalogueFacts, SubflowFacts
from flows.engine.conditions import ConditionType
from flows.engine.conditions.text_validation import Validation
from flows.engine.conditions.variable import Operator
from flows.engine.problem_codes import WARNINGS, Code
from flows.engine.problem_texts_en import TEXTS
from flows.engine.problems import Severity
from flows.engine.steps.model import StepType
from flows.engine.validation.validate import validate

DOCUMENT = (Path(settings.BASE_DIR) / "docs" / "flow_definition.md").read_text()
FLOW = json.loads(DOCUMENT.split("```json")[1].split("```")[0])
# Nothing but the flow that it runs.
CATALOGUE = CatalogueFacts(
    flows={
        step["config"]["flow"]: SubflowFacts(step["config"]["flow"], "Pesquisa", 2)
        for step in FLOW["flow_steps"]
        if step["type"] == "subflow"
    }
)


def test_its_flow_has_no_error_and_no_warning_but_of_an_empty_catalogue() -> None:
    problems = validate(FLOW, CATALOGUE, locale="en")
    assert [problem for problem in problems if problem.severity is Severity.ERROR] == []
    assert {problem.code for problem in problems} <= {Code.NO_GATEWAY, Code.PIX_WITHOUT_STARS}


def test_its_flow_has_every_step_type_and_every_condition_type() -> None:
    assert {step["type"] for step in FLOW["flow_steps"]} == set(StepType)
    used = {condition["type"] for step in FLOW["flow_steps"] for condition in step.get("conditions", ())}
    assert used == set(ConditionType)


def test_its_tables_name_every_step_type_condition_form_and_operator() -> None:
    named = set(re.findall(r"`(\w+)`", DOCUMENT.split("## Steps")[1].split("## Limits")[0]))
    assert {*StepType, *ConditionType, *Validation, *Operator} <= named


def test_its_limits_are_those_of_the_code() -> None:
    told = re.findall(r"^\| `([A-Z_]+)` \| ([\d,]+) \|", DOCUMENT, re.MULTILINE)
    assert [(name, int(value.replace(",", ""))) for name, value in told] == [
        (name, value) for name, value in vars(limits).items() if name.isupper()
    ]


def test_its_problems_are_those_of_the_code() -> None:
    told = re.findall(r"^\| `([a-z_]+)` \| (error|warning) \| (.+) \|$", DOCUMENT, re.MULTILINE)
    assert told == [(code.value, "warning" if code in WARNINGS else "error", TEXTS[code][0]) for code in Code]
