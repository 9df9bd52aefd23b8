"""A payment leads on when it is paid, and says what happens while it is not."""

from collections.abc import Iterator

from flows.engine.conditions import AwaitedStatus, PaymentStatusCondition
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.payment import PaymentStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def payment_exits(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if not isinstance(step, PaymentStep):
            continue
        ways = step.connections
        if ways.next is None and ways.pending is None:
            yield on_step(Code.PAYMENT_WITHOUT_EXIT, step, "connections.next")
        # A condition that could not be read may have been the one that is missing here.
        if step.id in subject.damaged:
            continue
        if ways.next is None and step.config.deliver is None and not _has(step, AwaitedStatus.PAID):
            yield on_step(Code.PAYMENT_WITHOUT_PAID_EXIT, step, "connections.next")
        if ways.pending is None and ways.next is not None and not _has(step, AwaitedStatus.PENDING):
            yield on_step(Code.PAYMENT_WITHOUT_PENDING, step, "connections.pending")


def _has(step: PaymentStep, status: AwaitedStatus) -> bool:
    return any(
        isinstance(condition, PaymentStatusCondition) and condition.status is status for condition in step.conditions
    )
