"""Where a button leads: the ways out of a buttons step that its press can take."""

from collections.abc import Iterator

from flows.engine.conditions import ButtonClick, VariableCondition, same_button
from flows.engine.graph import Edge, EdgeKind
from flows.engine.steps.buttons import ButtonsStep, CustomButton
from flows.engine.validation.subject import Subject


def pressed_edges(subject: Subject, step: ButtonsStep, button: CustomButton) -> Iterator[Edge]:
    """The edges a press of this button can take: conditions first, then its own target, then `next`."""
    by_field = {edge.field: edge for edge in subject.graph.edges.get(step.id, ()) if edge.kind is not EdgeKind.FALLBACK}
    fields = []
    for index, condition in enumerate(step.conditions):
        if isinstance(condition, VariableCondition) or (
            isinstance(condition, ButtonClick) and same_button(condition.button_text, button.text)
        ):
            fields.append(f"conditions.{index}.target_step")
    place = step.config.custom_buttons.index(button)
    fields.append(f"config.custom_buttons.{place}.target_step" if button.target_step else "connections.next")
    return (by_field[field] for field in fields if field in by_field)
