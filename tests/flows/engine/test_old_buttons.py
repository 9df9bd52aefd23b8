"""Every old button pressed after every step, under each policy: the run never moves where nobody wanted it to.

On the flows to begin with the whole tree of presses and answers is walked, breadth first, and at each place every
button shown so far is pressed again; on random flows chance walks, and then every button shown is pressed.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flows
from flows.engine.advance import advance
from flows.engine.compile import Flow, VersionKind, compile_flow
from flows.engine.effects import AnswerPress, Effect, RemoveKeyboard, Say
from flows.engine.events import (
    NEW_CODE_BUTTON,
    PAID_BUTTON,
    Answered,
    AnswerKind,
    ButtonRef,
    ChargeReady,
    Event,
    Pressed,
    Start,
)
from flows.engine.state import State, Status, new_state
from flows.engine.steps.buttons import ButtonsStep, StalePress
from tests.support.conversation import BEGINNING, FACTS, PAYMENT, RUN, VERSION
from tests.support.random_flows import EVENTS, aimed, documents

# The flows to begin with: those of the demo organization, too.
STARTERS = [
    path
    for path in sorted((Path(flows.__file__).parent / "starters").glob("*.pt-br.json"))
    if ".tests." not in path.name
]
assert len(STARTERS) >= 3
# Answers that fit what the flows to begin with ask for.
ANSWERS = ("ana@example.com", "11987654321", "5000", "Ana Sá")
DEPTH, MOST_PLACES = 8, 400
CHARGE_BUTTONS = (PAID_BUTTON, NEW_CODE_BUTTON)
MESSAGE_ID = 5


@dataclass(frozen=True)
class Place:
    """Where a run has come to, and every button it was ever shown."""

    state: State
    shown: tuple[ButtonRef, ...] = ()

    def after(self, flow: Flow, event: Event) -> "Place":
        state, effects = advance(flow, self.state, event, BEGINNING)
        return Place(state, tuple(dict.fromkeys((*self.shown, *buttons_in(effects)))))


def buttons_in(effects: tuple[Effect, ...]) -> Iterator[ButtonRef]:
    for effect in effects:
        if isinstance(effect, Say):
            yield from (button.ref for row in effect.message.buttons for button in row if button.ref is not None)


def begun(flow: Flow) -> Place:
    state = new_state(run_id=RUN, version_id=VERSION, facts=FACTS, seed=1, now=BEGINNING)
    return Place(state).after(flow, Start())


def pressed(ref: ButtonRef | None) -> Pressed:
    return Pressed("c", MESSAGE_ID, ref)


def under(document: dict[str, Any], policy: StalePress) -> Flow:
    """The flow with every buttons step under this policy."""
    changed = deepcopy(document)
    for step in changed["flow_steps"]:
        if step.get("type") == "buttons" and isinstance(step.get("config"), dict):
            step["config"]["stale_press"] = str(policy)
    return compile_flow(VERSION, changed, kind=VersionKind.PUBLISHED)


def ways_on(flow: Flow, place: Place) -> Iterator[Event]:
    """What a person may do here, and what the gateway does for a charge."""
    yield from (pressed(ref) for ref in place.shown if ref.wait == place.state.wait)
    yield from (Answered(AnswerKind.TEXT, text) for text in ANSWERS)
    for visit in place.state.visits:
        yield ChargeReady(visit, PAYMENT, "000201", 2990, "BRL")


def places(flow: Flow) -> list[Place]:
    """Every place within so many acts, each once."""
    found = {key(begun(flow)): begun(flow)}
    border = list(found.values())
    for _ in range(DEPTH):
        reached = [place.after(flow, event) for place in border for event in ways_on(flow, place)]
        border = []
        for place in reached:
            if key(place) not in found and len(found) < MOST_PLACES:
                found[key(place)] = place
                border.append(place)
    return list(found.values())


def key(place: Place) -> object:
    state = place.state
    return (state.status, state.step_id, state.wait, tuple(sorted(state.visits)), place.shown, state.left_by)


def check_press(flow: Flow, place: Place, ref: ButtonRef, policy: StalePress) -> None:
    """One press of a button shown in a wait that is over, and what may come of it."""
    before = place.state
    after, effects = advance(flow, before, pressed(ref), BEGINNING)
    assert len([effect for effect in effects if isinstance(effect, AnswerPress)]) == 1
    sender = flow.steps.get(flow.order[ref.ordinal])
    moved = (after.wait, after.step_id, after.status) != (before.wait, before.step_id, before.status)
    removed = [effect.message_id for effect in effects if isinstance(effect, RemoveKeyboard)]
    # The press by which that wait was left is only confirmed.
    again = before.left_by is not None and (before.left_by.wait, before.left_by.index) == (ref.wait, ref.index)
    if not isinstance(sender, ButtonsStep) or ref.index in CHARGE_BUTTONS:
        assert not moved or ref.index == PAID_BUTTON
        return
    if again or before.status is not Status.WAITING:
        assert not moved
    elif moved:
        assert policy is StalePress.FOLLOW
        way = led_to(flow, before, sender, ref)
        assert way is not None
        assert after.status is Status.LOST or way in entered(before, after, effects)
    if policy is StalePress.REMOVE and not again:
        assert removed == [MESSAGE_ID]
    else:
        assert removed == []
    if not moved:
        # Neither what is known nor what is charged changes by a press that leads nowhere.
        assert (after.variables, after.visits, after.pressed, after.attempts) == (
            before.variables,
            before.visits,
            before.pressed,
            before.attempts,
        )


def led_to(flow: Flow, before: State, sender: ButtonsStep, ref: ButtonRef) -> str | None:
    """Where the very same press would lead if the run stood at its sender still."""
    there = replace(before, step_id=sender.id, wait=ref.wait, status=Status.WAITING, offer=None)
    _, effects = advance(flow, there, pressed(ref), BEGINNING)
    steps = [getattr(effect, "step_id", None) for effect in effects if getattr(effect, "kind", None) == "entered"]
    if steps:
        return str(steps[0])
    button = sender.config.custom_buttons[ref.index]
    # A bump is offered first to who presses it live; an old press goes where the button leads.
    clicks = [c.target_step for c in sender.conditions if getattr(c, "button_text", None) == button.text]
    return clicks[0] if clicks else button.target_step or sender.connections.next


def entered(before: State, after: State, effects: tuple[Effect, ...]) -> list[str | None]:
    steps = [getattr(effect, "step_id", None) for effect in effects if getattr(effect, "kind", None) == "entered"]
    return [*steps, after.step_id if after.wait != before.wait else None]


@pytest.mark.parametrize("policy", StalePress)
@pytest.mark.parametrize("path", STARTERS, ids=lambda path: path.stem)
def test_every_old_button_after_every_step_of_the_starting_flows(path: Path, policy: StalePress) -> None:
    flow = under(json.loads(path.read_text(encoding="utf-8")), policy)
    presses = 0
    for place in places(flow):
        for ref in place.shown:
            if ref.wait != place.state.wait or place.state.status is not Status.WAITING:
                check_press(flow, place, ref, policy)
                presses += 1
    assert presses >= 10


@settings(max_examples=150)
@given(documents(), st.sampled_from(StalePress), st.lists(EVENTS, min_size=2, max_size=8))
def test_every_old_button_after_any_conversation(
    document: dict[str, Any], policy: StalePress, events: list[Event]
) -> None:
    flow = under(document, policy)
    place = begun(flow)
    for event in events:
        place = place.after(flow, aimed(event, place.state, flow))
    for ref in place.shown:
        if ref.wait != place.state.wait:
            check_press(flow, place, ref, policy)


@settings(max_examples=60)
@given(documents(), st.sampled_from(StalePress), st.lists(EVENTS, max_size=5), st.booleans())
def test_a_button_of_another_run_or_version_or_of_nobody_never_moves_anything(
    document: dict[str, Any], policy: StalePress, events: list[Event], other_version: bool
) -> None:
    flow = under(document, policy)
    place = begun(flow)
    for event in events:
        place = place.after(flow, aimed(event, place.state, flow))
    run_id, version_id = (RUN, UUID(int=99)) if other_version else (UUID(int=99), VERSION)
    for ref in (*(replace(one, run_id=run_id, version_id=version_id) for one in place.shown), None):
        after, effects = advance(flow, place.state, pressed(ref), BEGINNING)
        assert len([effect for effect in effects if isinstance(effect, AnswerPress)]) == 1
        if place.state.status is Status.WAITING and place.state.step_id in flow.steps:
            assert (after.status, after.step_id, after.wait) == (Status.WAITING, place.state.step_id, place.state.wait)
