"""What the checks look at: the definition as far as it could be read, its graph, and what the organization has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flows.engine import limits
from flows.engine.catalogue import CatalogueFacts, SubflowFacts
from flows.engine.definition import FlowDocument, Step, StepBase
from flows.engine.graph import Graph, graph_of
from flows.engine.mending import count_of_conditions
from flows.engine.parse import Reading, id_of, steps_of
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.subflow import SubflowStep
from flows.engine.validation.pieces import Piece, pieces_of


@dataclass(frozen=True, slots=True)
class Subject:
    """A definition under check.

    `step_ids` are all ids the document names, in its order, also those of steps that could not be read. `damaged` are
    the steps of which a condition could not be read; `whole` says that every step and condition could be.
    """

    document: FlowDocument
    catalogue: CatalogueFacts
    graph: Graph
    step_ids: tuple[str, ...]
    step_count: int
    damaged: frozenset[str]
    whole: bool
    pieces: tuple[Piece, ...]
    condition_counts: Mapping[str, int]

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.document.flow_steps

    @property
    def subflows(self) -> Iterator[SubflowFacts]:
        """What is known of each flow that a step runs."""
        named = {step.config.flow for step in self.steps if isinstance(step, SubflowStep)}
        return (facts for flow_id, facts in self.catalogue.flows.items() if flow_id in named)


def subject_of(reading: Reading, catalogue: CatalogueFacts) -> Subject:
    document = reading.mended.document
    raw_steps = steps_of(reading.raw)
    damaged = frozenset(_damaged(reading))
    return Subject(
        document=document,
        catalogue=catalogue,
        graph=graph_of(document, catalogue.flows),
        step_ids=tuple(step_id for step in raw_steps if (step_id := id_of(step)).strip()),
        step_count=len(raw_steps),
        damaged=damaged,
        whole=not damaged and len(document.flow_steps) == len(raw_steps),
        pieces=tuple(pieces_of(document)),
        condition_counts={
            step.id: count_of_conditions(raw_steps[place])
            for step, place in zip(document.flow_steps, reading.mended.step_places, strict=True)
        },
    )


def on_step(code: Code, step: StepBase, field: str, **values: object) -> Finding:
    """A finding on a step."""
    return Finding(code, step.id, field, values)


def on_document(code: Code, field: str, **values: object) -> Finding:
    """A finding on the definition as a whole."""
    return Finding(code, None, field, values)


def _damaged(reading: Reading) -> Iterator[str]:
    raw_steps = steps_of(reading.raw)
    mended = reading.mended
    for step, place in zip(mended.document.flow_steps, mended.step_places, strict=True):
        if len(step.conditions) != min(count_of_conditions(raw_steps[place]), limits.MAX_CONDITIONS):
            yield step.id
