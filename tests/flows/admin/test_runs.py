"""Staff send a run on that stands still; all else about a run is only read."""

import pytest
from django.test import Client
from django.urls import reverse

from bots.models import AuditEntry
from flows.models import InboxEvent, Run
from tests.factories.flows import Person, drain, make_flow_bot

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    person = Person(make_flow_bot())
    person.start()
    drain()
    return person


def resume(staff: Client, run: Run) -> None:
    address = reverse("admin:flows_run_resume", args=[run.pk])
    assert staff.get(address).status_code == 200
    answer = staff.post(address, {"_form_submitted": "True"})
    assert answer["HX-Redirect"] == reverse("admin:flows_run_change", args=[run.pk])


def test_a_run_that_failed_goes_on_where_it_stands(staff: Client, person: Person) -> None:
    run = person.top
    told = len(person.texts)
    resume(staff, run)
    assert InboxEvent.unscoped.filter(source="operator").count() == 1
    drain()
    assert person.texts[told:] == ["Qual é o seu nome?"]
    entry = AuditEntry.unscoped.get(action="run.resume")
    assert (entry.actor_kind, entry.object_id) == ("staff", str(run.pk))


def test_a_run_that_is_over_is_not_resumed(staff: Client, person: Person) -> None:
    for text in ("Ana", "30"):
        person.say(text)
        drain()
    (run,) = person.runs
    assert run.ended_at is not None
    resume(staff, run)
    assert not InboxEvent.unscoped.filter(source="operator").exists()
    assert not AuditEntry.unscoped.filter(action="run.resume").exists()


def test_a_run_is_only_read(staff: Client, person: Person) -> None:
    assert staff.post(reverse("admin:flows_run_change", args=[person.top.pk]), {"status": "ended"}).status_code == 403
