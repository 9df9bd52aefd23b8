"""A step that is no access and no payment leads on somewhere."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.access import AccessStep
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.http import HttpStep
from flows.engine.steps.payment import PaymentStep
from flows.engine.steps.split import SplitStep
from flows.engine.steps.subflow import SubflowStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def dead_ends(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        # A split always has arms.
        if isinstance(step, (AccessStep, PaymentStep, SplitStep)) or step.connections.next is not None:
            continue
        # Conditions never happen on these.
        if subject.condition_counts[step.id] and not isinstance(step, (HttpStep, SubflowStep)):
            continue
        if isinstance(step, ButtonsStep) and any(button.target_step for button in step.config.custom_buttons):
            continue
        yield on_step(Code.DEAD_END, step, "connections.next")
