"""The demo flows are what a seller may publish."""

import json
from pathlib import Path

import pytest

from flows.engine.catalogue import CatalogueFacts, GatewayAccountFacts
from flows.engine.validation import validate

DEMO = sorted((Path(__file__).parents[3] / "flows" / "demo").glob("*.json"))
WITH_SANDBOX = CatalogueFacts(gateway_accounts={"sandbox": GatewayAccountFacts("sandbox")}, default_account="sandbox")


def test_there_are_three() -> None:
    assert [path.stem for path in DEMO] == ["ebook", "lead_email", "vip_pix"]


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem)
def test_has_no_problem_but_the_word_on_stars(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    codes = {problem.code for problem in validate(document, WITH_SANDBOX)}
    assert codes <= {"pix_without_stars"}
