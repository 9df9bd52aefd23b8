"""A version made ready to run: steps by id and by ordinal, in O(1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from flows.engine.definition import FlowDocument, Step
from flows.engine.parse import parse_lenient
from flows.engine.problems import Problem


class VersionKind(StrEnum):
    PUBLISHED = "published"
    WELCOME = "welcome"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Flow:
    """A compiled version.

    `order` holds the step ids by their place in the document, "" where there is none to run; `ordinals` is its inverse.
    A step that is in `order` and not in `steps` is damaged: it counts as missing. `skipped` says what was left out.
    """

    version_id: UUID
    kind: VersionKind
    document: FlowDocument
    steps: Mapping[str, Step]
    ordinals: Mapping[str, int]
    order: tuple[str, ...]
    start_step_id: str | None
    skipped: tuple[Problem, ...]


def compile_flow(version_id: UUID, document: Mapping[str, object], *, kind: VersionKind) -> Flow:
    """Compiles any document, skipping what is invalid in it; never raises. Cache it by version id."""
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
    )
