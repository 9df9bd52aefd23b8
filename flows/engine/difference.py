"""What differs between two definitions, step by step and field by field, and whether it is more than words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from flows.engine.conditions.button_click import button_key, same_button
from flows.engine.written import Fields, Json, written

Path = tuple[str | int, ...]

# What is only read by people. A `description` names what is sold; it decides nothing.
TEXT_FIELDS: Final = frozenset({"text", "retry_text", "description", "purpose", "note"})
# What a person who talks to the bot can never notice.
_UNSEEN: Final = frozenset({"position"})
# What tells the items of a list apart, where it is there.
_NAMES: Final = (
    "type",
    "text",
    "button_text",
    "validation",
    "status",
    "name",
    "op",
    "value",
    "command",
    "url",
)
# A longer list is compared place by place: no definition that can be published has one.
_ALIGNED: Final = 200


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. `path` leads to it in the newer definition, or in the older where it is gone; numbers count from 0.

    A field that is not written has its default, and so has none here.
    """

    path: Path
    kind: Change
    before: Json = None
    after: Json = None


@dataclass(frozen=True, slots=True)
class StepDifference:
    """One step. `type` is the newer one; `texts_only` says that whoever waits there could go on in the newer one."""

    step_id: str
    kind: Change
    type: str
    fields: tuple[FieldChange, ...]
    texts_only: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """`rearranged` names the steps that only stand elsewhere on the canvas."""

    settings: tuple[FieldChange, ...]
    bot: tuple[FieldChange, ...]
    steps: tuple[StepDifference, ...]
    rearranged: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing that anybody could notice."""
        return not (self.settings or self.bot or self.steps)

    @property
    def texts_only(self) -> bool:
        """Steps say something else, and lead where they led."""
        return bool(self.steps) and not self.settings and all(step.texts_only for step in self.steps)


def difference(before: object, after: object) -> Difference:
    """What became of the first definition in the second; any JSON values, drafts with problems included. Never raises.

    Steps are told apart by their id, in the order of the newer definition, what is gone at the end.
    """
    old, new = written(before), written(after)
    steps = []
    rearranged = []
    for step_id, step in new.steps.items():
        was = old.steps.get(step_id)
        if was is None:
            steps.append(StepDifference(step_id, Change.ADDED, _type(step), tuple(_all_of(step, Change.ADDED))))
        elif changes := tuple(_between(_seen(was), _seen(step), ())):
            texts_only = same_but_words(was, step)
            steps.append(StepDifference(step_id, Change.CHANGED, _type(step), changes, texts_only))
        elif was != step:
            rearranged.append(step_id)
    for step_id, step in old.steps.items():
        if step_id not in new.steps:
            steps.append(StepDifference(step_id, Change.REMOVED, _type(step), tuple(_all_of(step, Change.REMOVED))))
    return Difference(
        settings=tuple(_between(old.settings, new.settings, ())),
        bot=tuple(_between(old.bot, new.bot, ())),
        steps=tuple(steps),
        rearranged=tuple(rearranged),
    )


def same_but_words(before: Fields, after: Fields) -> bool:
    """Whether two written steps wait for the same things and lead the same ways, whatever they say.

    Buttons that changed places are more than words: an old keyboard would then mean another button.
    """
    old, new = _button_texts(before), _button_texts(after)
    return not _changed_places(old, new) and _shape(before, old) == _shape(after, new)


def _changed_places(old: Sequence[str], new: Sequence[str]) -> bool:
    before = {button_key(text): place for place, text in enumerate(old)}
    return any(before.get(button_key(text), place) != place for place, text in enumerate(new))


def _shape(value: Json, buttons: Sequence[str]) -> Json:
    """The value without its words. A condition on a button names the button's place, so that both may be reworded."""
    match value:
        case dict():
            return {
                name: _place(item, buttons) if name == "button_text" else _shape(item, buttons)
                for name, item in value.items()
                if name not in _UNSEEN and not (name in TEXT_FIELDS and isinstance(item, str))
            }
        case list():
            return [_shape(item, buttons) for item in value]
        case _:
            return value


def _place(text: Json, buttons: Sequence[str]) -> Json:
    places = [place for place, button in enumerate(buttons) if isinstance(text, str) and same_button(button, text)]
    return places or text


def _button_texts(step: Fields) -> list[str]:
    config = step.get("config")
    buttons = config.get("custom_buttons") if isinstance(config, Mapping) else None
    if not isinstance(buttons, list):
        return []
    return [str(button.get("text", "")) if isinstance(button, Mapping) else "" for button in buttons]


def _type(step: Fields) -> str:
    return str(step.get("type", ""))


def _seen(step: Fields) -> dict[str, Json]:
    return {name: value for name, value in step.items() if name not in _UNSEEN}


def _all_of(step: Fields, kind: Change) -> Iterator[FieldChange]:
    """Everything a step says, as one change each."""
    said = {name: value for name, value in _seen(step).items() if name not in ("id", "type")}
    yield from _between({}, said, ()) if kind is Change.ADDED else _between(said, {}, ())


def _between(before: Fields, after: Fields, path: Path) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*after, *before)):
        there, here = name in before, name in after
        if there and here:
            yield from _value(before[name], after[name], (*path, name))
        elif here:
            yield from _gone_or_come(after[name], (*path, name), Change.ADDED)
        else:
            yield from _gone_or_come(before[name], (*path, name), Change.REMOVED)


def _value(before: Json, after: Json, path: Path) -> Iterator[FieldChange]:
    if before == after and type(before) is type(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _between(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    else:
        yield FieldChange(path, Change.CHANGED, before, after)


def _gone_or_come(value: Json, path: Path, kind: Change) -> Iterator[FieldChange]:
    """What has names of its own is told name by name; an item of a list is one thing."""
    if isinstance(value, dict) and not isinstance(path[-1], int):
        for name, inner in value.items():
            yield from _gone_or_come(inner, (*path, name), kind)
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from _gone_or_come(item, (*path, place), kind)
    elif kind is Change.ADDED:
        yield FieldChange(path, kind, after=value)
    else:
        yield FieldChange(path, kind, before=value)


def _items(before: list[Json], after: list[Json], path: Path) -> Iterator[FieldChange]:
    """Items that have the same name belong together, wherever they stand; what is left over is paired by place."""
    for old, new in _pairs(before, after):
        if old is None and new is not None:
            yield from _gone_or_come(after[new], (*path, new), Change.ADDED)
        elif new is None and old is not None:
            yield from _gone_or_come(before[old], (*path, old), Change.REMOVED)
        elif old is not None and new is not None and _kind(before[old]) == _kind(after[new]):
            yield from _value(before[old], after[new], (*path, new))
        elif old is not None and new is not None:
            yield from _gone_or_come(before[old], (*path, old), Change.REMOVED)
            yield from _gone_or_come(after[new], (*path, new), Change.ADDED)


def _pairs(before: list[Json], after: list[Json]) -> Iterator[tuple[int | None, int | None]]:
    if max(len(before), len(after)) > _ALIGNED:
        blocks = [("replace", 0, len(before), 0, len(after))]
    else:
        names = SequenceMatcher(None, [_name(one) for one in before], [_name(one) for one in after], autojunk=False)
        blocks = list(names.get_opcodes())
    for _tag, old_from, old_to, new_from, new_to in blocks:
        together = min(old_to - old_from, new_to - new_from)
        yield from ((old_from + place, new_from + place) for place in range(together))
        yield from ((place, None) for place in range(old_from + together, old_to))
        yield from ((None, place) for place in range(new_from + together, new_to))


def _kind(item: Json) -> Json:
    return item.get("type") if isinstance(item, Mapping) else None


def _name(item: Json) -> str:
    if isinstance(item, Mapping):
        named = [f"{name}={item[name]!r}" for name in _NAMES if name in item]
        return "|".join(named) if named else repr(sorted(map(str, item)))
    return repr(item)
