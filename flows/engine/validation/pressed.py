"""Where buttons lead: the ways out of a buttons step that each press can take."""

from collections import defaultdict

from flows.engine.conditions import ButtonClick, VariableCondition
from flows.engine.conditions.button_click import button_key
from flows.engine.graph import Edge, EdgeKind
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.validation.subject import Subject


def ways_of_presses(subject: Subject, step: ButtonsStep) -> list[tuple[Edge, ...]]:
    """By button index, the edges its press can take: conditions first, then its own target, then `next`."""
    ways = {edge.field: edge for edge in subject.graph.edges.get(step.id, ()) if edge.kind is not EdgeKind.FALLBACK}
    clicked: dict[str, list[str]] = defaultdict(list)
    always: list[str] = []
    for index, condition in enumerate(step.conditions):
        field = f"conditions.{index}.target_step"
        if isinstance(condition, ButtonClick):
            clicked[button_key(condition.button_text)].append(field)
        elif isinstance(condition, VariableCondition):
            always.append(field)
    found = []
    for index, button in enumerate(step.config.custom_buttons):
        last = f"config.custom_buttons.{index}.target_step" if button.target_step else "connections.next"
        fields = [*clicked.get(button_key(button.text), ()), *always, last]
        found.append(tuple(ways[field] for field in fields if field in ways))
    return found
