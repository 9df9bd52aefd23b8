"""No way leads back to where it came from, but for loops that were allowed and wait for someone (SPEC 1.5)."""

from collections.abc import Iterator

from flows.engine.graph import Cycle, Edge, EdgeKind, waits
from flows.engine.graph import cycles as cycles_in
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject


@check
def cycles(subject: Subject) -> Iterator[Finding]:
    edges = subject.graph.edges
    waiting = frozenset(step.id for step in subject.steps if waits(step, subject.catalogue.flows))

    def ways(source: str) -> Iterator[Edge]:
        # Several wrong answers come before a fallback.
        return (edge for edge in edges[source] if edge.kind is not EdgeKind.FALLBACK)

    def unattended_ways(source: str) -> Iterator[Edge]:
        return (edge for edge in ways(source) if edge.target not in waiting)

    reached = subject.graph.reachable(subject.graph.roots, lambda edge: edge.kind is not EdgeKind.FALLBACK)
    unattended = [step_id for step_id in reached if step_id not in waiting]
    for cycle in cycles_in(unattended, unattended_ways):
        yield _finding(Code.UNATTENDED_CYCLE, cycle)
    attended = Code.ATTENDED_LOOP if subject.document.allow_loops else Code.CYCLE
    for cycle in cycles_in(subject.graph.roots, ways):
        if not waiting.isdisjoint(cycle.steps):
            yield _finding(attended, cycle)


def _finding(code: Code, cycle: Cycle) -> Finding:
    return Finding(code, cycle.closing.source, cycle.closing.field, {"path": " → ".join(cycle.steps)})
