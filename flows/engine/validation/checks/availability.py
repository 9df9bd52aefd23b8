"""What the models know and nothing runs yet is refused, so that no definition promises it."""

from collections.abc import Iterator

from flows.engine.content import AccessContent
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.access import AccessStep
from flows.engine.steps.delay import DelayStep
from flows.engine.steps.deliver import DeliverStep
from flows.engine.steps.payment import PaymentStep
from flows.engine.steps.question import QuestionStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject


@check
def availability(subject: Subject) -> Iterator[Finding]:
    if subject.document.triggers:
        yield _refused(None, "triggers", "triggers")
    for index, button in enumerate(subject.document.main_buttons):
        yield from _of_access(None, f"main_buttons.{index}.access", button.access)
    for step in subject.steps:
        match step:
            case DelayStep(config=delay):
                if delay.until is not None:
                    yield _refused(step.id, "config.until", "until")
                if delay.weekdays:
                    yield _refused(step.id, "config.weekdays", "weekdays")
            case QuestionStep(config=question):
                if question.retention_days is not None:
                    yield _refused(step.id, "config.retention_days", "retention_days")
            case PaymentStep(config=payment):
                yield from _of_access(step.id, "config.deliver", payment.deliver)
            case AccessStep(config=content) | DeliverStep(config=content):
                yield from _of_access(step.id, "config", content)
            case _:
                continue


def _of_access(step_id: str | None, field: str, content: AccessContent | None) -> Iterator[Finding]:
    if content is not None and content.duration_days is not None:
        yield _refused(step_id, f"{field}.duration_days", "duration_days")


def _refused(step_id: str | None, field: str, name: str) -> Finding:
    return Finding(Code.NOT_AVAILABLE, step_id, field, {"name": name})
