"""`/runs/`: who is where, what happened, and starting one."""

from typing import Any

import pytest

from flows.models import InboxEvent, Run, RunStatus
from tests.factories.bots import make_bot, make_contact
from tests.factories.flows import Person, drain, make_flow_bot, publish, two_questions
from tests.support.partner import Partner, answer, make_partner, refusal
from tests.support.tenancy import make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    """Somebody who has told their name and is asked for their age."""
    person = Person(make_flow_bot())
    person.start()
    drain()
    person.say("Ana")
    drain()
    return person


@pytest.fixture
def partner(person: Person) -> Partner:
    return make_partner(person.bot.organization)


def start(person: Person, **others: Any) -> dict[str, Any]:
    return {"contact": str(person.contact.pk), "flow": str(person.top.flow_id), **others}


def test_tells_who_is_where(person: Person, partner: Partner) -> None:
    (run,) = answer(partner.get("runs/"))["results"]
    assert run == {
        "id": str(person.top.pk),
        "bot": str(person.bot.pk),
        "flow": str(person.top.flow_id),
        "version": str(person.top.version_id),
        "contact": str(person.contact.pk),
        "status": "active",
        "step": "age",
        "entered_at": run["entered_at"],
        "owes": False,
        "failure": "",
        "started_at": run["started_at"],
        "ended_at": None,
    }
    assert answer(partner.get(f"runs/{run['id']}/")) == run


def test_filters_runs(person: Person, partner: Partner) -> None:
    for wanted, count in (
        (f"bot={person.bot.pk}", 1),
        (f"contact={person.contact.pk}", 1),
        (f"flow={person.top.flow_id}", 1),
        ("status=active", 1),
        ("status=ended", 0),
        (f"bot={make_bot().pk}", 0),
    ):
        assert len(answer(partner.get(f"runs/?{wanted}"))["results"]) == count, wanted


def test_tells_what_happened_in_order(person: Person, partner: Partner) -> None:
    events = answer(partner.get(f"runs/{person.top.pk}/events/"))["results"]
    assert [event["event_type"] for event in events] == person.timeline()
    assert set(events[0]) == {"id", "event_type", "step", "data", "at"}
    assert [event["id"] for event in events] == sorted(event["id"] for event in events)
    first = answer(partner.get(f"runs/{person.top.pk}/events/?page_size=2"))
    rest = answer(partner.get(first["next"]))
    assert first["results"] + rest["results"] == events[:4]


def test_starts_a_run_a_moment_later(person: Person, partner: Partner) -> None:
    assert answer(partner.post("runs/", start(person)), 202) == {"accepted": True}
    assert Run.unscoped.count() == 1
    drain()
    assert [run.status for run in person.runs] == [RunStatus.CLOSED, RunStatus.ACTIVE]
    assert person.top.step_id == "name"


def test_a_repeated_start_under_one_key_starts_one(person: Person, partner: Partner) -> None:
    for _ in range(3):
        answer(partner.post("runs/", start(person), Idempotency_Key="a"), 202)
    assert InboxEvent.unscoped.filter(source="api").count() == 1


def test_only_a_published_open_flow_of_this_bot_is_started(person: Person, partner: Partner) -> None:
    sibling = publish(make_bot(organization=person.bot.organization), two_questions())
    told = refusal(partner.post("runs/", start(person, flow=str(sibling.flow_id))))
    assert (told["status"], told["code"]) == (422, "flow_of_another_bot")
    flow = person.top.flow
    assert flow is not None
    flow.closed = True
    flow.save(update_fields=["closed"])
    told = refusal(partner.post("runs/", start(person)))
    assert (told["status"], told["code"]) == (422, "flow_not_open")
    assert not InboxEvent.unscoped.filter(source="api").exists()


def test_names_what_is_not_there(person: Person, partner: Partner) -> None:
    stranger = make_contact(bot=make_tenant().bot)
    theirs = publish(make_tenant().bot, two_questions())
    for field, value in (("contact", stranger.pk), ("flow", theirs.flow_id)):
        told = refusal(partner.post("runs/", start(person, **{field: str(value)})))
        assert (told["status"], [error["field"] for error in told["errors"]]) == (404, [field])


def test_a_contact_with_a_run_has_no_other_fields(person: Person, partner: Partner) -> None:
    told = refusal(partner.post("runs/", start(person, step="age")))
    assert [(error["field"], error["code"]) for error in told["errors"]] == [("step", "unknown_field")]
