"""What is said, given or noted is not nothing, a media has one source, a delay one duration."""

from collections.abc import Iterator

from flows.engine.content import AccessContent, Media
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.access import AccessStep
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.delay import DURATION_UNITS, DelayStep
from flows.engine.steps.deliver import DeliverStep
from flows.engine.steps.message import MessageStep
from flows.engine.steps.payment import PaymentStep
from flows.engine.steps.question import QuestionStep
from flows.engine.steps.set import SetStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject


@check
def contents(subject: Subject) -> Iterator[Finding]:
    for index, button in enumerate(subject.document.main_buttons):
        if button.access is not None:
            yield from _of_access(None, f"main_buttons.{index}.access", button.access)
    for step in subject.steps:
        match step:
            case MessageStep(config=config):
                if config.text is None and config.media is None:
                    yield Finding(Code.NOTHING_TO_SAY, step.id, "config.text")
                yield from _of_media(step.id, "config.media", config.media)
            case ButtonsStep() | QuestionStep():
                yield from _of_media(step.id, "config.media", step.config.media)
            case AccessStep(config=config) | DeliverStep(config=config):
                yield from _of_access(step.id, "config", config)
            case PaymentStep(config=config):
                if config.deliver is not None:
                    yield from _of_access(step.id, "config.deliver", config.deliver)
            case SetStep(config=noted):
                if not (noted.assign or noted.clear or noted.add_tags or noted.remove_tags):
                    yield Finding(Code.NOTHING_TO_SET, step.id, "config")
            case DelayStep(config=delay):
                given = [unit for unit in DURATION_UNITS if getattr(delay, unit) is not None]
                if len(given) + (delay.until is not None) != 1:
                    yield Finding(Code.DELAY_DURATION, step.id, "config")


def _of_access(step_id: str | None, field: str, content: AccessContent) -> Iterator[Finding]:
    if content.text is None and content.link is None and content.media is None and content.chat is None:
        yield Finding(Code.NOTHING_TO_DELIVER, step_id, field)
    yield from _of_media(step_id, f"{field}.media", content.media)


def _of_media(step_id: str | None, field: str, media: Media | None) -> Iterator[Finding]:
    if media is not None and sum(source is not None for source in (media.url, media.asset, media.file_id)) != 1:
        yield Finding(Code.MEDIA_SOURCE, step_id, field)
