"""What a new flow may begin as, as the page shows it: words, and the line of its steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.engine.graph import edges_of
from flows.engine.parse import parse_lenient
from flows.services.starters import STARTERS, Starter, starter_definition
from flows.web.looks import StepLook, step_look

MOST_STATIONS = 8


@dataclass(frozen=True, slots=True)
class StarterCard:
    """One starter: its words, and the steps of its main line."""

    starter: Starter
    line: tuple[StepLook, ...]
    is_chosen: bool


def starter_cards(*, chosen: str) -> list[StarterCard]:
    """All of them, in the language of the request."""
    return [
        StarterCard(starter, main_line(starter_definition(code)), code == chosen) for code, starter in STARTERS.items()
    ]


def main_line(definition: Mapping[str, Any]) -> tuple[StepLook, ...]:
    """From the start along each step's first way that is not walked yet: what most people go through."""
    document = parse_lenient(definition).document
    steps = {step.id: step for step in document.flow_steps}
    line: dict[str, StepLook] = {}
    step = steps.get(document.flow_start_step_id)
    while step is not None and len(line) < MOST_STATIONS:
        line[step.id] = step_look(step.type)
        ways = (edge.target for edge in sorted(edges_of(step), key=lambda edge: edge.field.startswith("connections.p")))
        following = next((target for target in ways if target in steps and target not in line), None)
        step = steps[following] if following is not None else None
    return tuple(line.values())
