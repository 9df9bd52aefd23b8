"""Compiled versions: steps by id and by ordinal, whatever the document."""

from uuid import UUID

import pytest
from hypothesis import given

from flows.engine.compile import VersionKind, compile_flow
from tests.support.flows import a_flow, a_question, an_access, sales_flow
from tests.support.json_values import json_values

VERSION = UUID("018f0000-0000-7000-8000-000000000001")


def test_finds_steps_by_id_and_by_ordinal() -> None:
    flow = compile_flow(VERSION, sales_flow(), kind=VersionKind.PUBLISHED)

    assert flow.start_step_id == "menu"
    assert flow.order[2] == "pay"
    assert flow.ordinals["pay"] == 2
    assert flow.steps["pay"].type == "payment"
    assert flow.skipped == ()


def test_ordinals_are_places_in_the_document_so_that_old_buttons_find_their_step() -> None:
    broken = {"id": "odd", "type": "teleport"}
    flow = compile_flow(VERSION, a_flow([broken, an_access("end")]), kind=VersionKind.PUBLISHED)

    assert flow.ordinals == {"odd": 0, "end": 1}
    assert "odd" not in flow.steps
    assert flow.start_step_id is None
    assert [problem.code for problem in flow.skipped] == ["unknown_step_type"]


def test_a_step_of_which_no_condition_is_valid_is_missing() -> None:
    document = a_flow([a_question("q", next="end", conditions=[{"type": "nothing"}]), an_access("end")])
    assert "q" not in compile_flow(VERSION, document, kind=VersionKind.TEST).steps


def test_what_was_compiled_cannot_be_changed() -> None:
    flow = compile_flow(VERSION, sales_flow(), kind=VersionKind.PUBLISHED)
    with pytest.raises(TypeError):
        flow.steps["menu"] = flow.steps["pay"]  # type: ignore[index]


@given(json_values())
def test_compiling_never_raises(value: object) -> None:
    flow = compile_flow(VERSION, value, kind=VersionKind.PUBLISHED)  # type: ignore[arg-type]
    assert all(flow.order[place] == step_id for step_id, place in flow.ordinals.items())
    assert flow.start_step_id is None or flow.start_step_id in flow.steps
    assert flow.steps.keys() <= flow.ordinals.keys()
