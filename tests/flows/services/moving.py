"""A flow that is published anew over somebody who stands in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bots.models import Bot
from bots.tenancy import organization_scope, scoped_transaction
from flows.engine.codec import dump_state, load_state
from flows.engine.events import Fate, OperatorResumed, StepChoice
from flows.engine.state import PressedButton
from flows.models import Flow, FlowVersion, InboxSource, Run, RunStatus
from flows.services.definitions import create_flow, save_draft
from flows.services.publishing import publish_version
from tests.factories.flows import Person, drain
from tests.support.flows import Document


def move(step_id: str) -> StepChoice:
    return StepChoice(Fate.MOVE, step_id=step_id)


def end(message: str | None = None) -> StepChoice:
    return StepChoice(Fate.END, message=message)


def a_running_flow(bot: Bot, definition: Document) -> Flow:
    with organization_scope(bot.organization_id):
        flow = create_flow(bot_id=bot.pk, name="Venda", definition=definition).flow
        publish_version(flow.pk)
        Flow.objects.filter(pk=flow.pk).update(active=True)
        Bot.objects.filter(pk=bot.pk).update(flow_enabled=True)
    return Flow.unscoped.get(pk=flow.pk)


def edit(flow: Flow, definition: Document) -> None:
    with organization_scope(flow.organization_id):
        flow.refresh_from_db()
        save_draft(flow.pk, definition=definition, expected_revision=flow.draft_revision)
        flow.refresh_from_db()


def publish(flow: Flow, definition: Document | None = None, **options: Any) -> FlowVersion:
    if definition is not None:
        edit(flow, definition)
    with organization_scope(flow.organization_id), scoped_transaction():
        return publish_version(flow.pk, **options)


def someone(flow: Flow, at: str | None = None) -> Person:
    """Somebody inside, sent to a step by the team."""
    person = Person(Bot.unscoped.get(pk=flow.bot_id))
    person.start()
    drain()
    run = person.top
    if at is not None and run.step_id != at:
        # As if they had come by a button with a price.
        pressed = dump_state(replace(load_state(run.state), pressed=PressedButton("menu", 0, "VIP", "29.90")))
        Run.unscoped.filter(pk=run.pk).update(state=pressed)
        person.happen(OperatorResumed(at), run_id=person.top.pk, source=InboxSource.OPERATOR)
        drain()
    return person


def of_run(person: Person) -> tuple[int | None, str | None, str]:
    """Version, step and state of a person's only run."""
    (run,) = person.runs
    return FlowVersion.unscoped.get(pk=run.version_id).number, run.step_id, run.status


@contextmanager
def only(person: Person, *, instead_of: list[Person]) -> Iterator[None]:
    """The others are not inside for as long as it lasts: they wait for publications of their own."""
    aside = Run.unscoped.filter(contact__telegram_user_id__in=[one.telegram_user_id for one in instead_of])
    ids = list(aside.filter(status=RunStatus.ACTIVE).values_list("pk", flat=True))
    Run.unscoped.filter(pk__in=ids).update(status=RunStatus.ENDED)
    yield
    Run.unscoped.filter(pk__in=ids).update(status=RunStatus.ACTIVE)
