"""No walk enters more steps than one may: where nothing waits for so long, the guard would stop the run (SPEC 2.1)."""

from collections.abc import Iterator, Mapping

from flows.engine.graph import Edge, waits
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject
from flows.engine.walk import MAX_STEPS_PER_WALK


@check
def long_walks(subject: Subject) -> Iterator[Finding]:
    """A subflow that is passed through counts as one step; circles are another check's."""
    passing = {step.id: not waits(step, subject.catalogue.flows) for step in subject.steps}
    reached = subject.graph.reachable(subject.graph.roots)
    ways = {
        step_id: [edge for edge in subject.graph.edges[step_id] if edge.target in reached] if passing[step_id] else []
        for step_id in reached
    }
    lengths: dict[str, int] = {}
    before: dict[str, Edge] = {}
    for step_id in _in_order(ways):
        length = lengths.setdefault(step_id, 1)
        if length > MAX_STEPS_PER_WALK:
            # Counted anew from here, as if a wait stood before it already: every place that needs one is told at once.
            length = 1
        for edge in ways[step_id]:
            if length + 1 > lengths.get(edge.target, 1):
                lengths[edge.target], before[edge.target] = length + 1, edge
    for step_id, length in lengths.items():
        if length > MAX_STEPS_PER_WALK:
            edge = before[step_id]
            values = {"first": _first(edge.source, before, lengths), "last": step_id, "limit": MAX_STEPS_PER_WALK}
            yield Finding(Code.WALK_TOO_LONG, edge.source, edge.field, values)


def _in_order(ways: Mapping[str, list[Edge]]) -> Iterator[str]:
    """Each step after all that lead to it; none that stands on a circle or behind one."""
    left = dict.fromkeys(ways, 0)
    for edges in ways.values():
        for edge in edges:
            left[edge.target] += 1
    ready = [step_id for step_id, count in left.items() if count == 0]
    for step_id in ready:
        yield step_id
        for edge in ways[step_id]:
            left[edge.target] -= 1
            if left[edge.target] == 0:
                ready.append(edge.target)


def _first(step_id: str, before: Mapping[str, Edge], lengths: Mapping[str, int]) -> str:
    while step_id in before and lengths[step_id] <= MAX_STEPS_PER_WALK:
        step_id = before[step_id].source
    return step_id
