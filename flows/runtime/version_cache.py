"""Compiled versions, kept per process: a version never changes, so neither does what it compiles to."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from uuid import UUID

import structlog

from flows.engine.compile import Flow, VersionKind, compile_flow
from flows.models import FlowVersion

CAPACITY: Final = 512

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Version:
    """A compiled version, and the flow it belongs to (none for a bot's welcome)."""

    flow: Flow
    flow_id: UUID | None


_versions: OrderedDict[UUID, Version] = OrderedDict()
_lock = Lock()


def compiled(version_ids: Iterable[UUID]) -> dict[UUID, Version]:
    """These versions, compiled; one statement for all that are not cached. A version that is gone is left out."""
    found: dict[UUID, Version] = {}
    missing: set[UUID] = set()
    with _lock:
        for version_id in version_ids:
            version = _versions.get(version_id)
            if version is None:
                missing.add(version_id)
            else:
                _versions.move_to_end(version_id)
                found[version_id] = version
    if missing:
        rows = FlowVersion.unscoped.filter(pk__in=missing).values_list(
            "id", "kind", "flow_id", "definition", "embedded"
        )
        for version_id, kind, flow_id, definition, embedded in rows:
            found[version_id] = remember(
                version_id, definition, kind=VersionKind(kind), flow_id=flow_id, embedded=embedded
            )
    return found


def remember(
    version_id: UUID,
    definition: Mapping[str, Any],
    *,
    kind: VersionKind,
    flow_id: UUID | None,
    embedded: Mapping[str, Any] | None = None,
) -> Version:
    """Compiles a version and keeps it, dropping the one used longest ago when full. What had to be left out of it is
    logged, once per process."""
    version = Version(compile_flow(version_id, definition, kind=kind, embedded=embedded), flow_id)
    _tell_skipped(version.flow)
    with _lock:
        _versions[version_id] = version
        _versions.move_to_end(version_id)
        while len(_versions) > CAPACITY:
            _versions.popitem(last=False)
    return version


def _tell_skipped(flow: Flow) -> None:
    for one in (flow, *flow.embedded.values()):
        for problem in one.skipped:
            logger.warning(
                "version_part_skipped",
                version_id=str(one.version_id),
                run_as=str(flow.version_id),
                step_id=problem.step_id,
                field=problem.field,
                code=problem.code,
                reason=problem.message,
            )


def forget_all() -> None:
    """For tests: the next drain is cold."""
    with _lock:
        _versions.clear()
