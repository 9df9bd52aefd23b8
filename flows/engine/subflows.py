"""What a way through a published flow is like, for the flows that run it within them: computed once per version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flows.engine import limits
from flows.engine.catalogue import StepKey, SubflowFacts
from flows.engine.compile import Flow
from flows.engine.definition import StepBase
from flows.engine.embedded import Embedded
from flows.engine.events import PaymentStatus
from flows.engine.graph import Edge, graph_of, waits
from flows.engine.steps.access import AccessStep
from flows.engine.steps.payment import PaymentStep, outcome_way
from flows.engine.steps.split import SplitStep
from flows.engine.steps.subflow import SubflowStep

_DEEPEST = limits.MAX_SUBFLOW_DEPTH + 1


def facts_of(flow: Flow, carried: Embedded, *, flow_id: str, name: str) -> SubflowFacts:
    """The facts of a compiled version and what it carries. Never raises."""
    return _facts(flow, _called(flow, flow, carried, _DEEPEST), flow_id, name)


def facts_carried(flow: Flow, carried: Embedded) -> dict[str, SubflowFacts]:
    """The facts of the flows that a compiled version runs, in the versions it carries, by flow id. Never raises."""
    return _called(flow, flow, carried, _DEEPEST)


def _called(flow: Flow, root: Flow, carried: Embedded, depth: int) -> dict[str, SubflowFacts]:
    found: dict[str, SubflowFacts] = {}
    # By another hand than ours, versions could carry each other in a circle.
    for flow_id, version_id in flow.subflows.items() if depth else ():
        version = root.embedded.get(version_id)
        if version is not None:
            called = _called(version, root, carried, depth - 1)
            found[flow_id] = _facts(version, called, flow_id, carried.versions[version_id].name)
    return found


def _facts(flow: Flow, called: Mapping[str, SubflowFacts], flow_id: str, name: str) -> SubflowFacts:
    passage = _Passage(flow, called)
    payments = [step for step in flow.steps.values() if isinstance(step, PaymentStep)]
    writes = {write.name for step in flow.steps.values() for write in step.writes()}
    inner = tuple(called.values())
    return SubflowFacts(
        flow_id=flow_id,
        name=name,
        steps=len(flow.steps),
        calls=inner,
        returns=passage.returns,
        returns_at_once=passage.returns_at_once,
        returns_unpaid=passage.returns_unpaid,
        currencies=frozenset(str(step.config.currency) for step in payments).union(*(one.currencies for one in inner)),
        writes=frozenset(writes).union(*(one.writes for one in inner)),
        enters=frozenset(passage.entered_first()),
        leaves_by=frozenset(passage.entered_last()),
    )


class _Passage:
    """The ways from a version's start to its end. Each question takes time linear in the edges."""

    def __init__(self, flow: Flow, called: Mapping[str, SubflowFacts]) -> None:
        self._flow = flow
        self._called = called
        self._graph = graph_of(flow.document, called)
        start = [flow.start_step_id] if flow.start_step_id is not None else []
        self._reached = self._graph.reachable(self._graph.roots)
        self._first = self._graph.reachable(start, self._passes)

    @property
    def returns(self) -> bool:
        return any(self._ends_here(step) or _ends_when_paid(step) for step in self._steps(self._reached))

    @property
    def returns_at_once(self) -> bool:
        return any(self._ends_here(step) and not self._stops_inside(step) for step in self._steps(self._first))

    @property
    def returns_unpaid(self) -> bool:
        unpaid = self._graph.reachable(self._graph.roots, lambda edge: not edge.paid)
        return any(self._ends_here(step) for step in self._steps(unpaid))

    def entered_first(self) -> Iterator[StepKey]:
        """The steps that the walk which comes in may enter."""
        for step in self._steps(self._first):
            yield self._flow.version_id, step.id
            facts = self._facts(step)
            if facts is not None:
                yield from facts.enters
                yield from facts.leaves_by if facts.returns_at_once else ()

    def entered_last(self) -> Iterator[StepKey]:
        """The steps that the walk which goes out may enter: back from the ends, as far as nothing waits."""
        before: dict[str, list[str]] = {}
        for source in self._reached:
            for edge in self._graph.edges[source]:
                before.setdefault(edge.target, []).append(source)
        queue = [step.id for step in self._steps(self._reached) if self._ends_here(step)]
        found = set(queue)
        for step in self._steps(queue):
            facts = self._facts(step)
            if facts is not None:
                yield from facts.leaves_by
                yield from facts.enters if facts.returns_at_once else ()
            if self._stops_inside(step):
                # The walk began inside this subflow, and has not entered the step that runs it.
                continue
            yield self._flow.version_id, step.id
            for source in before.get(step.id, ()):
                if source not in found and self._was_entered_too(source):
                    found.add(source)
                    queue.append(source)

    def _steps(self, step_ids: Iterable[str]) -> Iterator[StepBase]:
        return (self._flow.steps[step_id] for step_id in step_ids)

    def _facts(self, step: StepBase) -> SubflowFacts | None:
        return self._called.get(step.config.flow) if isinstance(step, SubflowStep) else None

    def _passes(self, edge: Edge) -> bool:
        return not waits(self._flow.steps[edge.source], self._called)

    def _stops_inside(self, step: StepBase) -> bool:
        return isinstance(step, SubflowStep) and waits(step, self._called)

    def _was_entered_too(self, step_id: str) -> bool:
        step = self._flow.steps[step_id]
        return isinstance(step, SubflowStep) or not step.waits

    def _ends_here(self, step: StepBase) -> bool:
        """Whether the flow ends when a run has come to this step, and through the subflow that it runs."""
        if isinstance(step, AccessStep):
            return True
        if step.connections.next is not None or isinstance(step, (PaymentStep, SplitStep)):
            return False
        facts = self._facts(step)
        return facts.returns if facts is not None else not step.waits


def _ends_when_paid(step: StepBase) -> bool:
    return isinstance(step, PaymentStep) and outcome_way(step, PaymentStatus.PAID) is None
