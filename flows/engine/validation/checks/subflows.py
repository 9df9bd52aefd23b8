"""A subflow is a published flow of the same bot, none runs itself by way of others, and what a walk comes through twice
is told."""

from collections.abc import Iterator
from typing import Final

from flows.engine import limits
from flows.engine.catalogue import StepKey, SubflowFacts
from flows.engine.graph import Graph, waits
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.subflow import SubflowStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_document, on_step

_FIELD: Final = "config.flow"


@check
def subflows(subject: Subject) -> Iterator[Finding]:
    steps = [step for step in subject.steps if isinstance(step, SubflowStep)]
    known = subject.catalogue.flows
    for step in steps:
        way_back = _way_back(subject, step.config.flow)
        facts = known.get(step.config.flow)
        if way_back is not None:
            yield on_step(Code.SUBFLOW_CYCLE, step, _FIELD, path=" → ".join(way_back))
        elif facts is None:
            yield on_step(Code.UNKNOWN_FLOW, step, _FIELD, id=step.config.flow)
        elif depth_of(facts) > limits.MAX_SUBFLOW_DEPTH:
            values = {"name": facts.name, "limit": limits.MAX_SUBFLOW_DEPTH}
            yield on_step(Code.SUBFLOW_TOO_DEEP, step, _FIELD, **values)
    carried = _steps_carried({step.config.flow: known[step.config.flow] for step in steps if step.config.flow in known})
    if carried > limits.MAX_EMBEDDED_STEPS:
        yield on_document(Code.TOO_MANY_EMBEDDED_STEPS, "flow_steps", count=carried, limit=limits.MAX_EMBEDDED_STEPS)
    yield from _repeated(subject, steps)


def depth_of(facts: SubflowFacts) -> int:
    """How many subflows stand one within the other, this one included."""
    return 1 + max(map(depth_of, facts.calls), default=0)


def _way_back(subject: Subject, flow_id: str) -> list[str] | None:
    """From the flow under check by way of this subflow to itself again, by name; None where there is no such way."""
    catalogue = subject.catalogue
    if catalogue.flow_id is None:
        return None
    if flow_id == catalogue.flow_id:
        return [catalogue.flow_name, catalogue.flow_name]
    facts = catalogue.flows.get(flow_id)
    inner = _names_down_to(facts, catalogue.flow_id) if facts is not None else None
    return [catalogue.flow_name, *inner] if inner is not None else None


def _names_down_to(facts: SubflowFacts, flow_id: str) -> list[str] | None:
    if facts.flow_id == flow_id:
        return [facts.name]
    for called in facts.calls:
        inner = _names_down_to(called, flow_id)
        if inner is not None:
            return [facts.name, *inner]
    return None


def _steps_carried(flows: dict[str, SubflowFacts]) -> int:
    """The steps of every flow that comes along, each flow counted once."""
    pending, counted = list(flows.values()), dict(flows)
    for facts in pending:
        for called in facts.calls:
            if called.flow_id not in counted:
                counted[called.flow_id] = called
                pending.append(called)
    return sum(facts.steps for facts in counted.values())


def _repeated(subject: Subject, steps: list[SubflowStep]) -> Iterator[Finding]:
    """One walk that goes out of a subflow and, before anything waits, into the same steps again: the guard of the walk
    would stop the run there. One search for each flow that is run, from all the steps that run it."""
    known = subject.catalogue.flows
    by_flow: dict[str, list[str]] = {}
    for step in steps:
        if step.config.flow in known:
            by_flow.setdefault(step.config.flow, []).append(step.id)
    running = {step.id: known[step.config.flow] for step in steps if step.config.flow in known}
    told: set[str] = set()
    for flow_id, sources in by_flow.items():
        leaves_by = known[flow_id].leaves_by
        for step_id in _entered_after(subject, subject.graph, sources):
            facts = running.get(step_id)
            if facts is not None and step_id not in told and _shared(leaves_by, facts):
                told.add(step_id)
                values = {"name": facts.name, "before": known[flow_id].name}
                yield Finding(Code.REPEATED_SUBFLOW, step_id, _FIELD, values)


def _shared(leaves_by: frozenset[StepKey], facts: SubflowFacts) -> bool:
    return not leaves_by.isdisjoint(facts.enters)


def _entered_after(subject: Subject, graph: Graph, sources: list[str]) -> dict[str, object]:
    """The steps that a walk may enter after it left one of these subflows."""
    passing = {step.id: not waits(step, subject.catalogue.flows) for step in subject.steps}
    begins = [edge.target for source in sources for edge in graph.edges.get(source, ())]
    return dict(graph.reachable(begins, lambda edge: passing[edge.source]))
