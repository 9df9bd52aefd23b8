"""A definition as a graph: who leads to whom, by which exit; and walks over it in linear time, without recursion."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from flows.engine.catalogue import SubflowFacts
from flows.engine.conditions import AwaitedStatus, PaymentStatusCondition
from flows.engine.definition import FlowDocument, StepBase, StepType
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.split import SplitStep
from flows.engine.steps.subflow import SubflowStep

MAX_CYCLES: Final = 20
MAX_SHOWN: Final = 20
_NO_SUBFLOWS: Final[Mapping[str, SubflowFacts]] = {}


class EdgeKind(StrEnum):
    CONNECTION = "connection"
    CONDITION = "condition"
    BUTTON = "button"
    FALLBACK = "fallback"
    ARM = "arm"


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a step to another; `field` is where it is written, `paid` that only who paid takes it."""

    source: str
    target: str
    kind: EdgeKind
    field: str
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """The edges by source, in document order; only between steps that exist. `roots` are where a run can begin."""

    edges: Mapping[str, tuple[Edge, ...]]
    roots: tuple[str, ...]

    def reachable(
        self, roots: Iterable[str], follow: Callable[[Edge], bool] = lambda edge: True
    ) -> dict[str, Edge | None]:
        """Every step that can be reached, with the edge it was first reached by (None for a root), nearest first."""
        found: dict[str, Edge | None] = {root: None for root in roots if root in self.edges}
        queue = list(found)
        for source in queue:
            for edge in self.edges[source]:
                if edge.target not in found and follow(edge):
                    found[edge.target] = edge
                    queue.append(edge.target)
        return found


def graph_of(document: FlowDocument, subflows: Mapping[str, SubflowFacts] = _NO_SUBFLOWS) -> Graph:
    """The graph of a document; edges to steps that do not exist are left out, and those behind a subflow that never
    returns."""
    known = {step.id for step in document.flow_steps}
    edges: dict[str, tuple[Edge, ...]] = {}
    for step in document.flow_steps:
        edges.setdefault(step.id, tuple(edge for edge in _ways(step, subflows) if edge.target in known))
    begins = [document.flow_start_step_id, *(trigger.target_step for trigger in document.triggers)]
    return Graph(edges, tuple(dict.fromkeys(root for root in begins if root in known)))


def waits(step: StepBase, subflows: Mapping[str, SubflowFacts]) -> bool:
    """Whether every way through the step stops for somebody or something; a subflow that is not known does."""
    if not isinstance(step, SubflowStep):
        return step.waits
    facts = subflows.get(step.config.flow)
    return facts is None or not facts.returns_at_once


def _ways(step: StepBase, subflows: Mapping[str, SubflowFacts]) -> Iterator[Edge]:
    facts = subflows.get(step.config.flow) if isinstance(step, SubflowStep) else None
    for edge in edges_of(step):
        if facts is None:
            yield edge
        elif facts.returns:
            yield replace(edge, paid=not facts.returns_unpaid)


def edges_of(step: StepBase) -> Iterator[Edge]:
    """Every way out that a step names, whether or not its target exists."""
    charges = getattr(step, "type", None) is StepType.PAYMENT
    for name in ("next", "pending", "retry"):
        target = getattr(step.connections, name)
        if target is not None:
            yield Edge(step.id, target, EdgeKind.CONNECTION, f"connections.{name}", paid=charges and name == "next")
    for index, condition in enumerate(step.conditions):
        paid = isinstance(condition, PaymentStatusCondition) and condition.status is AwaitedStatus.PAID
        yield Edge(step.id, condition.target_step, EdgeKind.CONDITION, f"conditions.{index}.target_step", paid=paid)
        if condition.fallback_step is not None:
            yield Edge(step.id, condition.fallback_step, EdgeKind.FALLBACK, f"conditions.{index}.fallback_step")
    if isinstance(step, ButtonsStep):
        for index, button in enumerate(step.config.custom_buttons):
            if button.target_step is not None:
                field = f"config.custom_buttons.{index}.target_step"
                yield Edge(step.id, button.target_step, EdgeKind.BUTTON, field)
    if isinstance(step, SplitStep):
        for index, arm in enumerate(step.config.arms):
            yield Edge(step.id, arm.target_step, EdgeKind.ARM, f"config.arms.{index}.target_step")


def shown_path(steps: Sequence[str]) -> str:
    """The path as it is told; of a long one the beginning and the end, so that many of them stay readable."""
    if len(steps) <= MAX_SHOWN:
        return " → ".join(steps)
    kept = MAX_SHOWN // 2
    return " → ".join([*steps[:kept], "…", *steps[-kept:]])


def path_to(step_id: str, reached: Mapping[str, Edge | None]) -> tuple[str, ...]:
    """The steps from a root to this one, as `reachable` found them."""
    path = [step_id]
    edge = reached.get(step_id)
    while edge is not None:
        path.append(edge.source)
        edge = reached.get(edge.source)
    return tuple(reversed(path))


@dataclass(frozen=True, slots=True)
class Cycle:
    """`steps` from the first one a run comes to, round to it again; `closing` is the edge that leads back."""

    steps: tuple[str, ...]
    closing: Edge


def cycles(roots: Sequence[str], edges: Callable[[str], Iterable[Edge]]) -> Iterator[Cycle]:
    """One cycle for each edge that leads back to where a walk came from: without those edges there is no cycle left.

    Linear in the edges, but for the paths it gives; it stops after `MAX_CYCLES`.
    """
    given = 0
    done: set[str] = set()
    for root in roots:
        if root in done:
            continue
        path: dict[str, int] = {root: 0}
        stack: list[tuple[str, Iterator[Edge]]] = [(root, iter(edges(root)))]
        while stack:
            source, remaining = stack[-1]
            edge = next(remaining, None)
            if edge is None:
                stack.pop()
                path.pop(source)
                done.add(source)
            elif edge.target in path:
                steps = tuple(path)[path[edge.target] :]
                yield Cycle((*steps, edge.target), edge)
                given += 1
                if given == MAX_CYCLES:
                    return
            elif edge.target not in done:
                path[edge.target] = len(path)
                stack.append((edge.target, iter(edges(edge.target))))
