"""Compiled versions, kept per process: a version never changes, so neither does what it compiles to."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, Final
from uuid import UUID

from flows.engine.compile import Flow, VersionKind, compile_flow
from flows.models import FlowVersion

CAPACITY: Final = 512

_flows: OrderedDict[UUID, Flow] = OrderedDict()
_lock = Lock()


def compiled(version_ids: Iterable[UUID]) -> dict[UUID, Flow]:
    """These versions, compiled; one statement for all that are not cached. A version that is gone is left out."""
    found: dict[UUID, Flow] = {}
    missing: set[UUID] = set()
    with _lock:
        for version_id in version_ids:
            flow = _flows.get(version_id)
            if flow is None:
                missing.add(version_id)
            else:
                _flows.move_to_end(version_id)
                found[version_id] = flow
    if missing:
        rows = FlowVersion.unscoped.filter(pk__in=missing).values_list("id", "kind", "definition")
        for version_id, kind, definition in rows:
            found[version_id] = remember(version_id, definition, kind=VersionKind(kind))
    return found


def remember(version_id: UUID, definition: Mapping[str, Any], *, kind: VersionKind) -> Flow:
    """Compiles a version and keeps it, dropping the one used longest ago when full."""
    flow = compile_flow(version_id, definition, kind=kind)
    with _lock:
        _flows[version_id] = flow
        _flows.move_to_end(version_id)
        while len(_flows) > CAPACITY:
            _flows.popitem(last=False)
    return flow


def forget_all() -> None:
    """For tests: the next drain is cold."""
    with _lock:
        _flows.clear()
