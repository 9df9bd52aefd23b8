"""A definition as it would be written if nothing were said twice: aliases resolved, defaults left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ValidationError

from flows.engine.definition import STEP_MODELS, FlowDocument
from flows.engine.hygiene import inspect
from flows.engine.migrations import upgrade
from flows.engine.parse import id_of, steps_of
from flows.engine.steps.model import StepType

# Of the bot: a version holds a copy, and a draft may carry them.
BOT_FIELDS: Final = ("welcome_message", "main_buttons", "redirect_buttons")
# Which format, and a switch that the bot alone decides.
_SAYS_NOTHING: Final = frozenset({"spec_version", "flow_enabled"})

Json = object
Fields = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Written:
    """What the flow says of itself, what it holds of its bot, and its steps by id."""

    settings: Fields
    bot: Fields
    steps: Mapping[str, Fields]


def written(document: object) -> Written:
    """Any JSON value as it would be written; a part that its model refuses stays as it came. Never raises."""
    inspected = inspect(document)
    value = inspected.value
    if inspected.fatal or not isinstance(value, dict):
        return Written({}, {}, {})
    raw = upgrade(value)
    steps: dict[str, Fields] = {}
    for place, step in enumerate(steps_of(raw)):
        if isinstance(step, Mapping):
            steps.setdefault(id_of(step) or f"#{place + 1}", _step(step))
    rest = {name: one for name, one in raw.items() if name != "flow_steps" and name not in _SAYS_NOTHING}
    said = {name: one for name, one in rest.items() if not _is_default(name, one)}
    return Written(
        settings={name: one for name, one in said.items() if name not in BOT_FIELDS},
        bot={name: one for name, one in said.items() if name in BOT_FIELDS},
        steps=steps,
    )


def written_step(step: BaseModel) -> Fields:
    """A step that was read, as it would be written."""
    fields = _plain(step)
    assert isinstance(fields, dict)
    return fields


def _step(raw: Mapping[str, Json]) -> Fields:
    model = STEP_MODELS.get(_type_of(raw))
    if model is not None:
        try:
            return written_step(model.model_validate(raw))
        except (ValidationError, RecursionError):
            pass
    return dict(raw)


def _type_of(raw: Mapping[str, Json]) -> StepType:
    # What is no type is no key either, whatever it is.
    return raw.get("type") if isinstance(raw.get("type"), str) else ""  # type: ignore[return-value]


def _is_default(name: str, value: Json) -> bool:
    field = FlowDocument.model_fields.get(name)
    return field is not None and _plain(value) == _plain(field.default)


def _plain(value: object) -> Json:
    match value:
        case BaseModel():
            fields = type(value).model_fields
            return {
                name: _plain(one)
                for name, one in ((name, getattr(value, name)) for name in fields)
                if name == "type" or one != fields[name].default
            }
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case str():
            # Without what made it an enum.
            return str(value)
        case _:
            return value
