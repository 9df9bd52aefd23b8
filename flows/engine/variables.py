"""What a run and its contact remember: names and their scopes, values and their caps."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from flows.engine import limits
from flows.engine.conditions import GRANTS, TAGS
from flows.engine.effects import SetContact
from flows.engine.expressions import (
    BUILTIN_VARIABLES,
    TRUSTED_VARIABLES,
    only_variable_in,
    variables_in,
)
from flows.engine.hygiene import readable
from flows.engine.steps.model import StepBase

if TYPE_CHECKING:
    from flows.engine.walk import Walk

# A name of this form is the contact's: it outlives the run, and every flow of the bot sees it.
CONTACT_SCOPE: Final = "contact."
_RESERVED_PREFIXES: Final = ("payment.",)
_MAX_WHOLE: Final = 2**63 - 1


def is_contacts(name: str) -> bool:
    """Whether the name is of the contact's scope; every other is the run's or a built-in."""
    return name.startswith(CONTACT_SCOPE)


def is_reserved(name: str) -> bool:
    """Whether the name means something of its own, so that no step may write it."""
    own = name in BUILTIN_VARIABLES or name in (TAGS, GRANTS) or name == CONTACT_SCOPE.rstrip(".")
    return own or name.startswith(_RESERVED_PREFIXES)


def remember(walk: Walk, values: Mapping[str, object], *, trusted: bool = False) -> None:
    """Writes variables, each to the scope its name says. A value that is None, or absent afterwards, is forgotten.

    What is over a cap is cut or left out, with a problem in the timeline; the run goes on. `trusted`: no contact had a
    hand in these values.
    """
    kept: dict[str, object] = {}
    gone: list[str] = []
    for name, value in values.items():
        if is_reserved(name):
            walk.problem("reserved_variable", name=name)
        elif value is None:
            gone.append(name)
        elif (stored := _storable(walk, name, value)) is not None:
            kept[name] = stored
    forget(walk, gone)
    _write_run(walk, {name: value for name, value in kept.items() if not is_contacts(name)}, trusted=trusted)
    own = {name.removeprefix(CONTACT_SCOPE): value for name, value in kept.items() if is_contacts(name)}
    change_contact(walk, values=own)


def forget(walk: Walk, names: Iterable[str]) -> None:
    """Clears variables of either scope; one that is not there is no matter."""
    state = walk.state
    names = tuple(dict.fromkeys(names))
    ours = [name for name in names if name in state.variables]
    if ours:
        kept = {name: value for name, value in state.variables.items() if name not in ours}
        walk.change(variables=kept, trusted=tuple(name for name in state.trusted if name not in ours))
    known = state.facts.contact.variables
    own = [name.removeprefix(CONTACT_SCOPE) for name in names if is_contacts(name)]
    change_contact(walk, cleared=[name for name in own if name in known])


def change_contact(
    walk: Walk,
    *,
    values: Mapping[str, object] | None = None,
    cleared: Collection[str] = (),
    add_tags: Collection[str] = (),
    remove_tags: Collection[str] = (),
) -> None:
    """Changes what is known of the contact, at once for this walk and as one effect for good."""
    contact = walk.state.facts.contact
    left = {name: value for name, value in contact.variables.items() if name not in cleared}
    variables = _within_caps(walk, left, values or {}, prefix=CONTACT_SCOPE)
    removed = tuple(dict.fromkeys(tag for tag in remove_tags if tag in contact.tags))
    tags, added = [tag for tag in contact.tags if tag not in removed], []
    for tag in dict.fromkeys(add_tags):
        if tag in tags or tag in remove_tags:
            continue
        if len(tags) >= limits.MAX_TAGS:
            walk.problem("too_many_tags", limit=limits.MAX_TAGS)
            break
        tags.append(tag)
        added.append(tag)
    # Against what was known, not against what is left: a name cleared and set anew is set.
    written = {name: value for name, value in variables.items() if contact.variables.get(name) != value}
    gone = tuple(name for name in cleared if name not in variables)
    if not (written or gone or added or removed):
        return
    facts = walk.state.facts
    walk.change(facts=replace(facts, contact=replace(contact, variables=variables, tags=tuple(tags))))
    walk.emit(SetContact(written, gone, tuple(added), removed))


def _write_run(walk: Walk, values: Mapping[str, object], *, trusted: bool) -> None:
    if not values:
        return
    state = walk.state
    variables = _within_caps(walk, state.variables, values)
    written = [name for name in values if name in variables]
    believed = [name for name in state.trusted if name not in written]
    walk.change(variables=variables, trusted=(*believed, *(written if trusted else ())))


def _within_caps(
    walk: Walk, present: Mapping[str, object], values: Mapping[str, object], *, prefix: str = ""
) -> dict[str, object]:
    """`present` with `values`, as many as a scope holds."""
    found = dict(present)
    size = sum(map(_size, found.values())) if values else 0
    for name, value in values.items():
        grown = size + _size(value) - _size(found.get(name))
        if name not in found and len(found) >= limits.MAX_VARIABLES:
            walk.problem("too_many_variables", name=prefix + name, limit=limits.MAX_VARIABLES)
        elif grown > max(size, limits.MAX_VARIABLES_TEXT):
            walk.problem("variables_too_large", name=prefix + name, limit=limits.MAX_VARIABLES_TEXT)
        else:
            found[name], size = value, grown
    return found


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return sum(map(_size, value)) if isinstance(value, (list, tuple)) else 0


def _storable(walk: Walk, name: str, value: object) -> object | None:
    """The value as it can be kept: a text, a number, a bool, or a list of those. None where it is none of them."""
    if isinstance(value, (list, tuple)):
        if len(value) > limits.MAX_VARIABLE_ITEMS:
            walk.problem("variable_too_long", name=name, limit=limits.MAX_VARIABLE_ITEMS)
        items = [_scalar(walk, name, item) for item in value[: limits.MAX_VARIABLE_ITEMS]]
        return [item for item in items if item is not None]
    return _scalar(walk, name, value)


def _scalar(walk: Walk, name: str, value: object) -> object | None:
    match value:
        case str():
            if len(value) > limits.MAX_VARIABLE_TEXT:
                walk.problem("variable_too_long", name=name, limit=limits.MAX_VARIABLE_TEXT)
            return readable(value[: limits.MAX_VARIABLE_TEXT])
        case bool():
            return value
        case int() if abs(value) <= _MAX_WHOLE:
            return value
        case float() if math.isfinite(value):
            return value
        case _:
            walk.problem("variable_not_kept", name=name)
            return None


@dataclass(frozen=True, slots=True)
class Filled:
    """A value with its variables filled in. `trusted`: no contact had a hand in it."""

    value: object
    trusted: bool


def filled(walk: Walk, value: str | bool | int | float) -> Filled:
    """The value to assign; a text that is one `{{name}}` alone keeps the type of what it copies, None if unset."""
    if not isinstance(value, str):
        return Filled(value, trusted=True)
    known, text = walk.variables(), walk.text(value, html=False)
    believed = TRUSTED_VARIABLES.union(walk.state.trusted)
    trusted = all(name in believed for name in variables_in(value))
    copied = only_variable_in(value)
    if copied is not None:
        return Filled(known.get(copied), trusted)
    return Filled(text, trusted)


def trusted_names(steps: Iterable[StepBase]) -> frozenset[str]:
    """The variables that may decide a price: built-ins no contact can write, and the run's own that only the definition
    writes, from fixed values and others of these."""
    values: dict[str, list[object]] = {}
    for step in steps:
        for write in step.writes():
            values.setdefault(write.name, []).append(write.value)
    trusted = {name for name, written in values.items() if not is_contacts(name) and None not in written}
    trusted |= TRUSTED_VARIABLES
    while True:
        doubted = {
            name
            for name in trusted - TRUSTED_VARIABLES
            if any(isinstance(value, str) and not trusted.issuperset(variables_in(value)) for value in values[name])
        }
        if not doubted:
            return frozenset(trusted)
        trusted -= doubted
