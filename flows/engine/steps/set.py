"""`set`: writes and clears variables, adds and removes tags."""

from typing import Annotated, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.conditions.text_forms import clean
from flows.engine.fields import Part, Scalar, Tag, VariableName
from flows.engine.steps.behaviour import Behaviour
from flows.engine.steps.model import StepBase, StepType, Write
from flows.engine.variables import change_contact, filled, forget, remember
from flows.engine.walk import END, Go, Move, Walk


class Assignment(Part):
    """One variable and what it becomes."""

    name: VariableName = Field(description="The variable; `contact.` before it makes it the contact's.")
    value: Scalar = Field(description="A text with variables, a number, true or false.")


class SetConfig(Part):
    """At least one of them, done in this order; what is both written and cleared, or added and removed, is gone."""

    assign: Annotated[tuple[Assignment, ...], Field(max_length=limits.MAX_VARIABLES)] = Field(
        default=(), description="Written one after the other; a later value may use an earlier one."
    )
    clear: Annotated[tuple[VariableName, ...], Field(max_length=limits.MAX_VARIABLES)] = Field(
        default=(), description="Variables that are forgotten."
    )
    add_tags: Annotated[tuple[Tag, ...], Field(max_length=limits.MAX_TAGS)] = Field(
        default=(), description="Tags the contact gets; variables may stand in them."
    )
    remove_tags: Annotated[tuple[Tag, ...], Field(max_length=limits.MAX_TAGS)] = Field(
        default=(), description="Tags the contact loses."
    )


class SetStep(StepBase):
    """Notes something and goes on."""

    type: Literal[StepType.SET] = StepType.SET
    config: SetConfig

    @property
    def waits(self) -> bool:
        return False

    def writes(self) -> tuple[Write, ...]:
        placed = enumerate(self.config.assign)
        return tuple(Write(one.name, f"config.assign.{place}.name", one.value) for place, one in placed)


class SetBehaviour(Behaviour[SetStep]):
    """Changes what is known, at once; without a way on the run ends."""

    def enter(self, walk: Walk, step: SetStep) -> Move:
        config = step.config
        for one in config.assign:
            value = filled(walk, one.value)
            remember(walk, {one.name: value.value}, trusted=value.trusted)
        forget(walk, config.clear)
        change_contact(walk, add_tags=_tags(walk, config.add_tags), remove_tags=_tags(walk, config.remove_tags))
        return Go(step.connections.next) if step.connections.next else END


def _tags(walk: Walk, templates: tuple[str, ...]) -> list[str]:
    """The tags as they are kept: clean, cut to what a tag holds, none that is empty."""
    tags = []
    for template in templates:
        tag = clean(walk.text(template, html=False))
        if len(tag) > limits.MAX_TAG:
            walk.problem("tag_too_long", limit=limits.MAX_TAG)
        if tag := tag[: limits.MAX_TAG].strip():
            tags.append(tag)
        else:
            walk.problem("empty_tag")
    return tags
