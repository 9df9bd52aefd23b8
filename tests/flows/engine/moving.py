"""Publishing over somebody who stands in a flow, and what comes of it."""

from __future__ import annotations

import copy
from uuid import UUID

from flows.engine.advance import advance
from flows.engine.codec import dump_event, load_event
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.effects import TimelineKind
from flows.engine.events import Fate, StepChoice, VersionMoved
from tests.support.conversation import Talk
from tests.support.flows import (
    Document,
    sales_flow,
)

NEWER, NEWEST = UUID(int=0x1B), UUID(int=0x2B)
CARRY = StepChoice(Fate.CARRY)


def move(step_id: str) -> StepChoice:
    return StepChoice(Fate.MOVE, step_id=step_id)


def end(message: str | None = None) -> StepChoice:
    return StepChoice(Fate.END, message=message)


def publish(
    talk: Talk,
    document: Document,
    version_id: UUID = NEWER,
    *,
    covered: bool = False,
    embedded: object = None,
    **choices: StepChoice,
) -> Talk:
    """The newer version with what was chosen for each step, as the run hears of it."""
    onto = compile_flow(version_id, document, kind=VersionKind.PUBLISHED, embedded=embedded)
    event = VersionMoved(version_id, 2, choices, covered)
    assert load_event(dump_event(event)) == event
    talk.state, talk.last = advance(talk.flow, talk.state, event, talk.now, onto=onto)
    if talk.state.version_id == version_id:
        talk.flow = onto
    return talk


def at_the_menu() -> Talk:
    return Talk(document=sales_flow()).begin()


def at_the_question() -> Talk:
    return at_the_menu().press(0)


def at_the_charge() -> Talk:
    return at_the_question().write("ana@example.com").charge_ready()


def without(*step_ids: str) -> Document:
    """The sales flow without some steps; what led there ends."""
    document = sales_flow()
    document["flow_steps"] = [step for step in document["flow_steps"] if step["id"] not in step_ids]
    return document


def reworded() -> Document:
    document = copy.deepcopy(sales_flow())
    for step in document["flow_steps"]:
        step["config"]["text"] = f"Novo: {step['config'].get('text', 'pague')}"
    return document


def kept(talk: Talk) -> list[object]:
    return [record.data["why"] for record in talk.recorded(TimelineKind.VERSION_KEPT)]
