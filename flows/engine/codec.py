"""States, events, effects and messages as JSON-able dicts, and back.

The shapes follow the dataclasses' own type hints, so a new field needs no code here. Reading is strict: whatever does
not fit raises `CorruptState`, and nothing else. An absent field takes its default, so that old rows stay readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flows.engine.codec_shapes import CorruptState, codec_of, tagged_codec_of
from flows.engine.effects import EFFECT_TYPES, Effect, OutMessage
from flows.engine.events import EVENT_TYPES, Event
from flows.engine.state import NO_FACTS, Facts, State

__all__ = [
    "STATE_VERSION",
    "CorruptState",
    "dump_effect",
    "dump_event",
    "dump_message",
    "dump_state",
    "load_effect",
    "load_event",
    "load_message",
    "load_state",
]

STATE_VERSION: Final = 1

_STATE = codec_of(State, skip=("facts",))
_MESSAGE = codec_of(OutMessage)
_EVENT = tagged_codec_of(EVENT_TYPES)
_EFFECT = tagged_codec_of(EFFECT_TYPES)


def dump_state(state: State) -> dict[str, object]:
    """The state without its facts, which are the runner's to refresh."""
    return {"v": STATE_VERSION, **_STATE.dump(state)}


def load_state(data: object, facts: Facts = NO_FACTS) -> State:
    """The state that was dumped. Raises `CorruptState` on anything else, an unknown version included."""
    if not isinstance(data, Mapping) or data.get("v") != STATE_VERSION or isinstance(data.get("v"), bool):
        raise CorruptState("not a state of this version")
    state = _STATE.load({key: value for key, value in data.items() if key != "v"}, "state")
    return replace(state, facts=facts)


def dump_event(event: Event) -> dict[str, object]:
    """The event with its `type`."""
    return _EVENT.dump(event)


def load_event(data: object) -> Event:
    """The event that was dumped. Raises `CorruptState` on anything else."""
    return _EVENT.load(data, "event")


def dump_effect(effect: Effect) -> dict[str, object]:
    """The effect with its `type`."""
    return _EFFECT.dump(effect)


def load_effect(data: object) -> Effect:
    """The effect that was dumped. Raises `CorruptState` on anything else."""
    return _EFFECT.load(data, "effect")


def dump_message(message: OutMessage) -> dict[str, object]:
    """The message as a dict."""
    return _MESSAGE.dump(message)


def load_message(data: object) -> OutMessage:
    """The message that was dumped. Raises `CorruptState` on anything else."""
    return _MESSAGE.load(data, "message")
