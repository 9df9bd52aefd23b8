"""Runs begun by a partner and moved by the team: inbox rows like everything else."""

from uuid import uuid4

import pytest

from bots.errors import DomainError, Invalid, NotFound
from bots.tenancy import organization_scope
from flows.models import Flow, InboxEvent, Run
from flows.services.runs import resume_run, start_run
from tests.factories.flows import Person, drain, make_bot, make_flow_bot, publish, two_questions
from tests.support.flows import a_flow, a_question, an_access

pytestmark = pytest.mark.django_db


def ana_inside() -> Person:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    return ana


def test_a_flow_is_started_for_a_contact_whatever_they_do_now() -> None:
    ana = ana_inside()
    other = publish(ana.bot, a_flow([a_question("q", "Volte!", next="bye"), an_access("bye")]), active=False)
    with organization_scope(ana.bot.organization_id):
        assert other.flow_id is not None
        start_run(contact_id=ana.contact.pk, flow_id=other.flow_id)
    drain()
    assert (ana.top.version_id, ana.texts[-1]) == (other.pk, "Volte!")
    assert [run.status for run in ana.runs] == ["closed", "active"]


def test_the_same_key_starts_once() -> None:
    ana = ana_inside()
    with organization_scope(ana.bot.organization_id):
        for _ in range(3):
            start_run(contact_id=ana.contact.pk, flow_id=Flow.unscoped.get().pk, key="k")
    assert InboxEvent.unscoped.filter(source="api").count() == 1


def refusal(ana: Person, **wanted: object) -> DomainError:
    with organization_scope(ana.bot.organization_id), pytest.raises(DomainError) as refused:
        start_run(**{"contact_id": ana.contact.pk, "flow_id": Flow.unscoped.first().pk, **wanted})  # type: ignore[arg-type,union-attr]
    assert not InboxEvent.unscoped.filter(source="api").exists()
    return refused.value


def test_refuses_what_cannot_be_started() -> None:
    ana = ana_inside()
    assert isinstance(refusal(ana, contact_id=uuid4()), NotFound)
    assert isinstance(refusal(ana, flow_id=uuid4()), NotFound)
    stranger = publish(make_bot(), two_questions())
    assert isinstance(refusal(ana, flow_id=stranger.flow_id), NotFound)
    second = publish(make_bot(ana.bot.organization), two_questions())
    assert refusal(ana, flow_id=second.flow_id).code == "flow_of_another_bot"
    Flow.unscoped.update(closed=True)
    assert isinstance(refusal(ana), Invalid)


def test_the_team_sends_a_run_to_a_step() -> None:
    ana = ana_inside()
    with organization_scope(ana.bot.organization_id):
        resume_run(ana.top.pk, step_id="age")
    drain()
    assert (ana.top.step_id, ana.texts[-1]) == ("age", "Quantos anos?")


def test_a_run_of_somebody_else_is_not_there() -> None:
    ana = ana_inside()
    with organization_scope(make_bot().organization_id), pytest.raises(NotFound):
        resume_run(Run.unscoped.get().pk)
    assert ana.top.step_id == "name"
