"""The arms of a split are told apart, and a branch has a way for who matches nothing."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.branch import BranchStep
from flows.engine.steps.split import SplitStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def ways_at_once(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if isinstance(step, SplitStep):
            yield from _arms(step)
        elif isinstance(step, BranchStep) and step.connections.next is None and subject.condition_counts[step.id]:
            yield on_step(Code.BRANCH_WITHOUT_NEXT, step, "connections.next")


def _arms(step: SplitStep) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, arm in enumerate(step.config.arms):
        if arm.name in seen:
            yield on_step(Code.DUPLICATE_ARM, step, f"config.arms.{index}.name", name=arm.name)
        seen.add(arm.name)
