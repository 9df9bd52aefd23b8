"""A version made ready to run: steps by id and by ordinal, in O(1), and the versions of its subflows with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from flows.engine.conditions import GRANTS, VariableCondition
from flows.engine.definition import FlowDocument, Step
from flows.engine.embedded import EmbeddedVersion, read_embedded
from flows.engine.parse import parse_lenient
from flows.engine.problems import Problem
from flows.engine.state import Frame

_NOTHING: Mapping[Any, Any] = MappingProxyType({})


class VersionKind(StrEnum):
    PUBLISHED = "published"
    WELCOME = "welcome"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Flow:
    """A compiled version.

    `order` holds the step ids by their place in the document, "" where there is none to run; `ordinals` is its inverse.
    A step that is in `order` and not in `steps` is damaged: it counts as missing. `skipped` says what was left out.
    `subflows` says which version each flow is that its steps run; `embedded` holds all of those versions, and is filled
    only in the version that runs were begun with. `asks_grants`: a condition in any of them looks at the contact's
    open accesses, which are read only then.
    """

    version_id: UUID
    kind: VersionKind
    document: FlowDocument
    steps: Mapping[str, Step]
    ordinals: Mapping[str, int]
    order: tuple[str, ...]
    start_step_id: str | None
    skipped: tuple[Problem, ...]
    subflows: Mapping[str, UUID] = field(default_factory=lambda: _NOTHING)
    embedded: Mapping[UUID, "Flow"] = field(default_factory=lambda: _NOTHING)
    asks_grants: bool = False

    def version(self, version_id: UUID) -> "Flow | None":
        """This version or one of those embedded in it."""
        return self if version_id == self.version_id else self.embedded.get(version_id)

    def within(self, frames: Sequence[Frame]) -> "Flow":
        """The flow that a run inside these subflows is in; one without steps where it is not embedded."""
        if not frames:
            return self
        version_id = frames[-1].version_id
        return self.embedded.get(version_id) or replace(
            self, version_id=version_id, steps=_NOTHING, start_step_id=None, subflows=_NOTHING
        )


def compile_flow(
    version_id: UUID, document: Mapping[str, object], *, kind: VersionKind, embedded: object = None
) -> Flow:
    """Compiles any document with what is embedded in its version, skipping what is invalid; never raises. Cache it by
    version id."""
    carried = read_embedded(embedded)
    flow = _compiled(version_id, document, kind, carried.subflows)
    if not carried.versions:
        return flow
    subflows = {one: _embedded(one, version) for one, version in carried.versions.items()}
    asks_grants = flow.asks_grants or any(one.asks_grants for one in subflows.values())
    return replace(flow, embedded=MappingProxyType(subflows), asks_grants=asks_grants)


def _embedded(version_id: UUID, version: EmbeddedVersion) -> Flow:
    return _compiled(version_id, version.definition, VersionKind.PUBLISHED, version.subflows)


def _compiled(
    version_id: UUID, document: Mapping[str, object], kind: VersionKind, subflows: Mapping[str, UUID]
) -> Flow:
    parsed = parse_lenient(document)
    steps: dict[str, Step] = {step.id: step for step in parsed.document.flow_steps}
    start = parsed.document.flow_start_step_id
    return Flow(
        version_id=version_id,
        kind=kind,
        document=parsed.document,
        steps=MappingProxyType(steps),
        ordinals=MappingProxyType({step_id: place for place, step_id in enumerate(parsed.order) if step_id}),
        order=parsed.order,
        start_step_id=start if start in steps else None,
        skipped=parsed.problems,
        subflows=MappingProxyType(dict(subflows)),
        asks_grants=any(_asks_grants(step) for step in steps.values()),
    )


def _asks_grants(step: Step) -> bool:
    return any(isinstance(condition, VariableCondition) and condition.name == GRANTS for condition in step.conditions)
