"""The versions of subflows that a version carries, so that it is complete in itself.

Stored beside the definition as `{"subflows": {flow: version}, "versions": {version: {…}}}`: which version each flow it
names was published as, and all of those versions side by side, each with the same kind of map for what it runs itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from uuid import UUID

_NONE: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class EmbeddedVersion:
    """One version carried along. `subflows` says which version each flow that it names is."""

    flow_id: str
    name: str
    number: int | None
    definition: Mapping[str, object]
    subflows: Mapping[str, UUID]


@dataclass(frozen=True, slots=True)
class Embedded:
    """All that a version carries; `subflows` is its own map."""

    subflows: Mapping[str, UUID] = field(default_factory=lambda: _NONE)
    versions: Mapping[UUID, EmbeddedVersion] = field(default_factory=lambda: _NONE)


@dataclass(frozen=True, slots=True)
class Pin:
    """A published version about to be embedded; `embedded` is what it carries itself, as stored."""

    version_id: UUID
    flow_id: str
    name: str
    number: int | None
    definition: Mapping[str, object]
    embedded: object = None


def embed(pins: Mapping[str, Pin]) -> dict[str, Any]:
    """What a version stores that runs these, by flow id. What they carry comes along unchanged: a subflow runs the very
    versions it was published with."""
    versions: dict[str, Any] = {}
    for pin in pins.values():
        carried = read_embedded(pin.embedded)
        versions |= {str(version_id): _stored(version) for version_id, version in carried.versions.items()}
        own = EmbeddedVersion(pin.flow_id, pin.name, pin.number, pin.definition, carried.subflows)
        versions[str(pin.version_id)] = _stored(own)
    if not versions:
        return {}
    return {"subflows": {flow_id: str(pin.version_id) for flow_id, pin in pins.items()}, "versions": versions}


def read_embedded(stored: object) -> Embedded:
    """What is stored, as far as it can be read; what cannot be is left out. Never raises."""
    if not isinstance(stored, Mapping):
        return Embedded()
    listed = stored.get("versions")
    versions: dict[UUID, EmbeddedVersion] = {}
    for key, version in listed.items() if isinstance(listed, Mapping) else ():
        version_id = _id(key)
        if version_id is not None and isinstance(version, Mapping) and isinstance(version.get("definition"), Mapping):
            number = version.get("number")
            versions[version_id] = EmbeddedVersion(
                flow_id=str(version.get("flow") or ""),
                name=str(version.get("name") or ""),
                number=number if isinstance(number, int) else None,
                definition=version["definition"],
                subflows=_pins(version.get("subflows")),
            )
    return Embedded(_pins(stored.get("subflows")), versions)


def flows_named_in(definition: object) -> tuple[str, ...]:
    """The flows that the steps of a raw definition run, each once. Never raises."""
    return tuple(dict.fromkeys(_flows_named(definition)))


def _flows_named(definition: object) -> Iterator[str]:
    steps = definition.get("flow_steps") if isinstance(definition, Mapping) else None
    for step in steps if isinstance(steps, (list, tuple)) else ():
        config = step.get("config") if isinstance(step, Mapping) and step.get("type") == "subflow" else None
        flow_id = config.get("flow") if isinstance(config, Mapping) else None
        if isinstance(flow_id, str):
            yield flow_id


def _stored(version: EmbeddedVersion) -> dict[str, Any]:
    return {
        "flow": version.flow_id,
        "name": version.name,
        "number": version.number,
        "subflows": {flow_id: str(version_id) for flow_id, version_id in version.subflows.items()},
        "definition": dict(version.definition),
    }


def _pins(stored: object) -> dict[str, UUID]:
    if not isinstance(stored, Mapping):
        return {}
    found = {key: _id(value) for key, value in stored.items() if isinstance(key, str)}
    return {key: value for key, value in found.items() if value is not None}


def _id(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
