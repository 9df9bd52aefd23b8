"""States, events and effects come back as they went; anything else is `CorruptState` and nothing worse."""

import json
import math
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine.codec import (
    STATE_VERSION,
    CorruptState,
    dump_effect,
    dump_event,
    dump_message,
    dump_state,
    load_effect,
    load_event,
    load_message,
    load_state,
)
from flows.engine.effects import EFFECT_TYPES, Effect, OutButton, OutMedia, OutMediaType, OutMessage
from flows.engine.events import EVENT_TYPES, ButtonRef, Event
from flows.engine.state import State
from tests.support.conversation import FACTS, Talk
from tests.support.flows import a_payment, a_question, an_access, buttons

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def a_rich_state() -> State:
    talk = Talk(
        buttons("menu", {"text": "VIP", "price": "10", "bump": {"text": "?", "price": "5"}}, next="ask"),
        a_question(
            "ask",
            config={"save_as": "email"},
            conditions=[{"type": "text_validation", "validation": "email", "target_step": "pay", "max_attempts": 3}],
        ),
        a_payment("pay", None, next="end", pending="menu"),
        an_access("end"),
    ).begin("promo")
    talk.press(0).press(1003).write("x").write("a@example.com").charge_ready().write("oi").says_paid()
    return talk.state


def without_facts(state: State) -> dict[str, Any]:
    return {field.name: getattr(state, field.name) for field in fields(state) if field.name != "facts"}


def test_a_rich_state_comes_back() -> None:
    state = a_rich_state()
    stored = json.loads(json.dumps(dump_state(state), allow_nan=False))
    assert load_state(stored, FACTS) == state


def test_facts_are_never_stored() -> None:
    assert "facts" not in dump_state(a_rich_state())
    assert "Ana" not in json.dumps(dump_state(a_rich_state()))


def test_a_state_of_another_version_is_refused() -> None:
    stored = dump_state(a_rich_state())
    for version in (0, STATE_VERSION + 1, "1", None, True):
        with pytest.raises(CorruptState):
            load_state({**stored, "v": version})


def test_a_missing_field_takes_its_default() -> None:
    stored = dump_state(a_rich_state())
    del stored["last_reminded_at"]
    assert load_state(stored).last_reminded_at is None


@pytest.mark.parametrize("name", ["run_id", "version_id", "started_at"])
def test_a_missing_field_without_a_default_is_refused(name: str) -> None:
    stored = dump_state(a_rich_state())
    del stored[name]
    with pytest.raises(CorruptState):
        load_state(stored)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "asleep"},
        {"wait": "1"},
        {"wait": True},
        {"wait": 1.5},
        {"run_id": "no id"},
        {"run_id": 5},
        {"started_at": "yesterday"},
        {"started_at": "2026-01-01T00:00:00"},
        {"attempts": {"ask#0": "1"}},
        {"attempts": []},
        {"visits": {"one": {}}},
        {"visits": {"1": {}}},
        {"visits": {"-1": None}},
        {"variables": {"x": math.nan}},
        {"pressed": {"step_id": "x"}},
        {"surprise": 1},
        {5: 1},
    ],
    ids=str,
)
def test_a_field_that_does_not_fit_is_refused(change: dict[Any, Any]) -> None:
    with pytest.raises(CorruptState):
        load_state({**dump_state(a_rich_state()), **change})


@given(JSON)
def test_loading_rubbish_raises_only_corrupt_state(data: object) -> None:
    for load in (load_state, load_event, load_effect, load_message):
        with pytest.raises(CorruptState):
            load(data)


@given(st.data())
def test_loading_a_damaged_state_never_raises_anything_else(data: st.DataObject) -> None:
    stored = dump_state(a_rich_state())
    name = data.draw(st.sampled_from(sorted(stored)))
    stored[name] = data.draw(JSON)
    try:
        loaded = load_state(stored)
    except CorruptState:
        return
    assert load_state(json.loads(json.dumps(dump_state(loaded)))) == loaded


def test_too_deep_a_variable_is_refused() -> None:
    deep: object = "x"
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(CorruptState):
        load_state({**dump_state(a_rich_state()), "variables": {"x": deep}})


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda one: one.__name__)
@given(st.data())
def test_every_event_comes_back(event_type: type[Event], data: st.DataObject) -> None:
    event = data.draw(values_of(event_type))
    assert load_event(json.loads(json.dumps(dump_event(event)))) == event


@pytest.mark.parametrize("effect_type", EFFECT_TYPES, ids=lambda one: one.__name__)
@given(st.data())
def test_every_effect_comes_back(effect_type: type[Effect], data: st.DataObject) -> None:
    effect = data.draw(values_of(effect_type))
    assert load_effect(json.loads(json.dumps(dump_effect(effect)))) == effect


def values_of(cls: type[Any]) -> st.SearchStrategy[Any]:
    return st.from_type(cls)


def test_a_message_comes_back() -> None:
    ref = ButtonRef(UUID(int=1), UUID(int=2), 3, 4, 5)
    message = OutMessage(
        "oi", media=OutMedia(OutMediaType.PHOTO, asset="a"), buttons=((OutButton("A", ref=ref),),), qr="Q"
    )
    assert load_message(json.loads(json.dumps(dump_message(message)))) == message


st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(object, st.none() | st.booleans() | st.integers() | st.text(max_size=5))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
