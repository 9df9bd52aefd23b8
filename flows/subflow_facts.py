"""What is known of published versions for the flows that may run them; kept per process, since no version changes."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Final
from uuid import UUID

from flows.engine.catalogue import SubflowFacts
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.embedded import read_embedded
from flows.engine.subflows import facts_of
from flows.models import FlowVersion

CAPACITY: Final = 4_096

_known: OrderedDict[UUID, SubflowFacts] = OrderedDict()
_lock = Lock()


def facts_of_versions(names: Mapping[UUID, tuple[str, str]]) -> list[SubflowFacts]:
    """The facts of these versions, each given with its flow's id and present name; one statement for all that this
    process has not met yet, and none where it has met them all."""
    missing = [version_id for version_id in names if version_id not in _known]
    found = {version_id: _known[version_id] for version_id in names if version_id in _known}
    rows = FlowVersion.unscoped.filter(pk__in=missing).values_list("pk", "definition", "embedded") if missing else ()
    for version_id, definition, embedded in rows:
        flow = compile_flow(version_id, definition, kind=VersionKind.PUBLISHED, embedded=embedded)
        flow_id, name = names[version_id]
        found[version_id] = facts_of(flow, read_embedded(embedded), flow_id=flow_id, name=name)
        _keep(version_id, found[version_id])
    return [replace(facts, name=names[version_id][1]) for version_id, facts in found.items()]


def _keep(version_id: UUID, facts: SubflowFacts) -> None:
    with _lock:
        _known[version_id] = facts
        while len(_known) > CAPACITY:
            _known.popitem(last=False)
