"""Flows that run other flows: what their versions carry."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flows.engine.catalogue import SubflowFacts
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.embedded import Pin, embed, flows_named_in, read_embedded
from flows.engine.subflows import facts_of
from tests.support.flows import Document, a_step


def a_subflow(step_id: str, flow: str, **parts: Any) -> Document:
    return a_step(step_id, "subflow", {"flow": flow}, **parts)


def version_of(flow: str) -> UUID:
    """The version that a flow of this name is carried in."""
    return UUID(bytes=flow.encode().ljust(16, b".")[:16])


def carrying(**flows: Document) -> dict[str, Any]:
    """What a version stores that runs these flows; each after those that it runs itself."""
    pins: dict[str, Pin] = {}
    for name, document in flows.items():
        pins[name] = pin_of(name, document, pins)
    return embed(pins)


def pin_of(name: str, document: Document, pins: Mapping[str, Pin]) -> Pin:
    inner = {flow: pins[flow] for flow in flows_named_in(document) if flow in pins}
    return Pin(version_of(name), name, name.upper(), 1, document, embed(inner))


def facts_about(**flows: Document) -> dict[str, SubflowFacts]:
    """The catalogue's flows, as if these were published in this order."""
    stored = carrying(**flows)
    found = {}
    for name, version in stored["versions"].items():
        own = {"subflows": version["subflows"], "versions": stored["versions"]}
        flow = compile_flow(UUID(name), version["definition"], kind=VersionKind.PUBLISHED, embedded=own)
        found[version["flow"]] = facts_of(flow, read_embedded(own), flow_id=version["flow"], name=version["name"])
    return found
