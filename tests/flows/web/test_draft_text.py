"""A draft as text: keys in the order of the models."""

import json

import pytest

from flows.web.draft_text import NotADefinition, draft_of, text_of
from tests.support.flows import sales_flow


def test_keys_stand_in_the_order_of_the_models() -> None:
    draft = {
        "zebra": 1,
        "flow_steps": [{"conditions": [], "config": {}, "type": "message", "id": "a"}],
        "spec_version": 1,
    }
    assert text_of(draft) == json.dumps(
        {"spec_version": 1, "flow_steps": [{"id": "a", "type": "message", "config": {}, "conditions": []}], "zebra": 1},
        indent=2,
    )


def test_text_reads_back_as_the_same_draft() -> None:
    draft = {**sales_flow(), "welcome_message": "Olá 👋"}
    assert draft_of(text_of(draft)) == draft
    assert "Olá 👋" in text_of(draft)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"a"', "null", '{"a": NaN}', '{"a": Infinity}', "[" * 100_000])
def test_what_is_no_object_is_no_definition(text: str) -> None:
    with pytest.raises(NotADefinition):
        draft_of(text)
