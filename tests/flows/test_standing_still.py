"""What stands still: found, said in words, and dealt with; in the page, in the list and in the chat."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from bots.actor import SYSTEM
from bots.errors import Conflict, Invalid, NotFound
from bots.models import AuditEntry, Contact, Role
from bots.outbox.models import OutboxMessage, Queue
from bots.outbox.registry import topic_named
from bots.outbox.relay import reclaim_lost, run_once
from bots.outbox.store import LOSSES_LIMIT
from bots.tenancy import no_scope, organization_scope
from flows.causes import CAUSES, cause_of
from flows.models import Conversation, InboxEvent, Message, Run, Timer
from flows.services.answering import answer_contact, mark_read
from flows.services.runs import resume_run
from flows.services.standing import dismiss_item, retry_item
from flows.standing_still import Kind, Standing, count_standing, standing
from tests.factories.bots import make_membership
from tests.factories.flows import Person, drain, make_bot, make_flow_bot
from tests.support.flows import a_flow, a_question, a_step, an_access
from tests.support.pages import an_event_set_aside, signed_in
from tests.support.partner import make_partner

pytestmark = pytest.mark.django_db


def a_helped_person() -> Person:
    """Somebody who waits at a handoff."""
    help_step = a_step("help", "handoff", {"text": "Já vem.", "note": "Quer desconto"}, next="bye")
    ana = Person(make_flow_bot(a_flow([a_question("q", next="help"), help_step, an_access("bye", "Até logo!")])))
    ana.start()
    ana.say("oi")
    drain()
    assert ana.top.parked == "handoff"
    return ana


def one_of_each(bot: Any = None) -> dict[Kind, Person]:
    """A person for each kind of standing still."""
    ana = a_helped_person()
    bot = ana.bot
    people = {kind: Person(bot) for kind in Kind} | {Kind.PARKED: ana}
    for kind, person in people.items():
        if kind is not Kind.PARKED:
            person.start()
    drain()
    an_event_set_aside(people[Kind.EVENT])
    failed = people[Kind.FAILED].top
    Run.unscoped.filter(pk=failed.pk).update(status="failed", failure="loop", ended_at=timezone.now())
    a_dead_message(people[Kind.MESSAGE])
    late = people[Kind.TIMER].top
    with organization_scope(bot.organization_id):
        Timer.objects.create(
            organization_id=bot.organization_id,
            conversation_id=late.conversation_id,
            run=late,
            kind="delay",
            wait=1,
            due_at=timezone.now() - timedelta(minutes=6),
        )
    return people


def a_dead_message(person: Person) -> OutboxMessage:
    row = next(one for one in person.outbox if one.topic == "message.send")
    OutboxMessage.unscoped.filter(pk=row.pk).update(state="dead", last_error="Bad Request: wrong file identifier")
    return row


def found(person: Person, **wanted: Any) -> list[Standing]:
    with organization_scope(person.bot.organization_id):
        return standing(limit=50, **wanted)


def test_each_kind_is_found_once_with_its_person_and_its_cause() -> None:
    people = one_of_each()
    items = found(people[Kind.PARKED])
    assert {item.kind: item.code for item in items} == {
        Kind.FAILED: "loop",
        Kind.PARKED: "handoff",
        Kind.EVENT: "set_aside",
        Kind.MESSAGE: "message_dead",
        Kind.TIMER: "overdue",
    }
    assert {item.kind: item.contact.pk for item in items if item.contact} == {
        k: p.contact.pk for k, p in people.items()
    }
    assert [item.id for item in items] == sorted((item.id for item in items), reverse=True)
    with organization_scope(people[Kind.PARKED].bot.organization_id):
        assert count_standing() == len(Kind)
        assert [item.kind for item in standing(limit=2)] == [item.kind for item in items[:2]]
        assert [item.id for item in standing(limit=9, before=items[1].id)] == [item.id for item in items[2:]]
        assert [item.kind for item in standing(limit=9, kind=Kind.EVENT)] == [Kind.EVENT]


def test_nothing_of_another_organization_stands_here() -> None:
    one_of_each()
    with organization_scope(make_bot().organization_id):
        assert (standing(limit=50), count_standing()) == ([], 0)


def test_what_is_on_its_way_does_not_stand_still() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    assert found(ana) == []


def test_the_list_takes_as_many_statements_for_many_as_for_few() -> None:
    ana = one_of_each()[Kind.PARKED]

    def statements() -> int:
        with CaptureQueriesContext(connection) as made:
            found(ana)
        return len([one for one in made if "set_config" not in one["sql"]])

    few = statements()
    for _ in range(3):
        bia = Person(ana.bot)
        bia.start()
        drain()
        an_event_set_aside(bia)
        a_dead_message(bia)
    assert (statements(), few) == (few, 7)


@pytest.mark.parametrize("code", CAUSES)
def test_every_cause_is_said_in_both_languages(code: str) -> None:
    with translation.override("en"):
        english = str(cause_of(code))
    with translation.override("pt-br"):
        portuguese = str(cause_of(code))
    assert english
    assert portuguese != english


# Dealing with it


def test_a_message_given_up_is_sent_again() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    row = a_dead_message(ana)
    with organization_scope(ana.bot.organization_id):
        retry_item(row.pk, actor=SYSTEM)
    assert OutboxMessage.unscoped.get(pk=row.pk).state == "new"
    assert AuditEntry.unscoped.get(action="message.resend").object_id == str(row.pk)
    with organization_scope(ana.bot.organization_id), pytest.raises(Conflict):
        retry_item(row.pk, actor=SYSTEM)


def test_an_event_set_aside_is_worked_off_again_once_its_cause_is_mended() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    ana.say("Ana")
    event = ana.inbox[-1]
    InboxEvent.unscoped.filter(pk=event.pk).update(state="set_aside", attempts=3, error="KeyError")
    with organization_scope(ana.bot.organization_id):
        retry_item(event.pk, actor=SYSTEM)
    drain()
    assert (ana.top.step_id, ana.inbox[-1].state, ana.inbox[-1].attempts) == ("age", "done", 0)
    assert AuditEntry.unscoped.get(action="event.retry").object_id == str(event.pk)


def test_what_is_let_go_stands_nowhere_any_more() -> None:
    people = one_of_each()
    ana = people[Kind.PARKED]
    for item in found(ana):
        if item.kind in (Kind.EVENT, Kind.MESSAGE):
            with organization_scope(ana.bot.organization_id):
                dismiss_item(item.id, actor=SYSTEM)
    assert {item.kind for item in found(ana)} == {Kind.FAILED, Kind.PARKED, Kind.TIMER}


def test_a_handoff_given_back_goes_on_and_waits_for_nobody() -> None:
    ana = a_helped_person()
    with organization_scope(ana.bot.organization_id):
        resume_run(ana.top.pk, actor=SYSTEM)
    drain()
    assert (ana.runs[0].status, ana.runs[0].parked, ana.texts[-1]) == ("ended", "", "Até logo!")
    assert found(ana) == []


# Messages that die


def test_a_message_that_dies_is_for_the_team() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    topic = topic_named("message.send")
    assert topic is not None
    row = ana.outbox[0]
    OutboxMessage.unscoped.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with no_scope(reason="test"):
        run_once(Queue.OUTBOX)
    assert OutboxMessage.unscoped.get(pk=row.pk).state == "dead"
    assert ana.conversation.attention is True


def test_so_is_one_that_took_every_worker_along() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    row = ana.outbox[0]
    OutboxMessage.unscoped.filter(pk=row.pk).update(
        state="leased", losses=LOSSES_LIMIT - 1, lease_until=timezone.now() - timedelta(seconds=1), claim_token=row.pk,
        claimed_at=timezone.now(), attempts=1,
    )  # fmt: skip
    reclaim_lost(Queue.OUTBOX)
    assert OutboxMessage.unscoped.get(pk=row.pk).state == "dead"
    assert ana.conversation.attention is True


# The team answers


def answered(ana: Person, text: str, **wanted: Any) -> None:
    with organization_scope(ana.bot.organization_id):
        answer_contact(ana.conversation.pk, text, actor=SYSTEM, **wanted)


def test_what_the_team_writes_leaves_in_the_chats_order_and_stands_in_the_transcript() -> None:
    ana = a_helped_person()
    before = ana.outbox[-1]
    answered(ana, "Oi, aqui é a Bia <3 {{first_name}}")
    row, line = ana.outbox[-1], ana.transcript[-1]
    assert (row.ordering_key, row.position > before.position) == (before.ordering_key, True)
    assert (ana.texts[-1], line.text, line.id) == (
        "Oi, aqui é a Bia <3 {{first_name}}",
        "Oi, aqui é a Bia <3 {{first_name}}",
        row.pk,
    )
    assert (line.direction, line.payload["by_team"]) == ("out", True)
    assert (ana.conversation.attention, ana.top.parked) == (False, "handoff")
    entry = AuditEntry.unscoped.get(action="conversation.answer")
    assert (entry.object_id, entry.data) == (str(ana.conversation.pk), {"length": 34})


def test_the_same_answer_leaves_once() -> None:
    ana = a_helped_person()
    before = len(ana.texts)
    for _ in range(3):
        answered(ana, "Oi", key="k")
    assert (len(ana.texts), len(ana.transcript), AuditEntry.unscoped.filter(action="conversation.answer").count()) == (
        before + 1,
        len(ana.transcript),
        1,
    )
    assert Message.unscoped.filter(text="Oi").count() == 1


def test_nothing_is_sent_that_is_empty_too_long_or_to_somebody_who_blocked_the_bot() -> None:
    ana = a_helped_person()
    before = ana.texts
    for text, code in (("  ", "text_required"), ("x" * 4_097, "message_too_long"), ("😀" * 2_049, "message_too_long")):
        with pytest.raises(Invalid) as refused:
            answered(ana, text)
        assert refused.value.code == code
    Contact.unscoped.update(blocked_at=timezone.now())
    with pytest.raises(Conflict):
        answered(ana, "oi")
    with organization_scope(make_bot().organization_id), pytest.raises(NotFound):
        answer_contact(Conversation.unscoped.get().pk, "oi", actor=SYSTEM)
    assert ana.texts == before


def test_a_conversation_that_was_read_is_not_unread() -> None:
    ana = a_helped_person()
    assert ana.conversation.attention is True
    with organization_scope(ana.bot.organization_id):
        mark_read(ana.conversation.pk)
        mark_read(ana.conversation.pk)
    assert ana.conversation.attention is False


# The pages


@pytest.fixture
def ana() -> Person:
    return one_of_each()[Kind.PARKED]


def browser(ana: Person, role: Role = Role.SUPPORT) -> Client:
    return signed_in(make_membership(organization=ana.bot.organization, role=role).user)


def page(client: Client, name: str, *args: Any) -> str:
    return str(client.get(reverse(name, args=args)).content.decode())


def test_the_page_says_each_cause_and_what_to_do(ana: Person) -> None:
    shown = page(browser(ana), "standing_list")
    for code in ("loop", "handoff", "set_aside", "message_dead", "overdue"):
        assert str(cause_of(code)) in shown
    for address in ("retomar", "mover", "encerrar", "de-novo", "dispensar"):
        assert f"/{address}/" in shown
    assert "Devolver ao fluxo" in shown


def test_who_may_only_look_is_offered_nothing_to_do(ana: Person) -> None:
    shown = page(browser(ana, Role.VIEWER), "standing_list")
    assert str(cause_of("handoff")) in shown
    assert "/retomar/" not in shown
    assert "responder" not in page(browser(ana, Role.VIEWER), "conversation_detail", ana.top.pk)


def test_the_counter_leads_there_from_the_conversations_and_from_today(ana: Person) -> None:
    client = browser(ana)
    assert f'href="{reverse("standing_list")}"' in page(client, "conversation_list")
    assert reverse("standing_list") in page(client, "today")


def test_a_waiting_person_is_answered_and_given_back(ana: Person) -> None:
    client, run = browser(ana), ana.top
    shown = page(client, "conversation_detail", run.pk)
    assert "Tem uma pessoa esperando por você." in shown
    assert "Quer desconto" in shown
    client.post(reverse("conversation_answer", args=[run.pk]), {"text": "Oi, posso ajudar?", "key": "a"})
    client.post(reverse("conversation_answer", args=[run.pk]), {"text": "Oi, posso ajudar?", "key": "a"})
    client.post(reverse("run_resume", args=[run.pk]), {"key": "b"})
    drain()
    assert ana.texts[-2:] == ["Oi, posso ajudar?", "Até logo!"]
    assert "Equipe" in page(client, "conversation_detail", run.pk)
    assert sorted(AuditEntry.unscoped.values_list("action", flat=True)) == ["conversation.answer", "run.resume"]


def test_moving_and_closing_come_back_to_where_they_were_asked(ana: Person) -> None:
    client, run = browser(ana), ana.top
    back = reverse("standing_list")
    moved = client.post(reverse("run_move", args=[run.pk]), {"step": "q", "back": back})
    assert moved["Location"] == back
    elsewhere = client.post(reverse("run_close", args=[run.pk]), {"reason": "x", "back": "https://evil.example/"})
    assert elsewhere["Location"] == reverse("conversation_detail", args=[run.pk])
    drain()
    assert [one.status for one in ana.runs] == ["closed"]


def test_a_refusal_is_told_and_nothing_happens(ana: Person) -> None:
    client, run = browser(ana), ana.top
    told = client.post(reverse("run_close", args=[run.pk]), {"reason": " "}, follow=True).content.decode()
    assert "Diga por que está encerrando." in told
    told = client.post(reverse("run_move", args=[run.pk]), {"step": "gone"}, follow=True).content.decode()
    assert "não tem esse passo" in told
    assert not [row for row in ana.inbox if row.source == "operator"]


# The API


def test_the_list_of_the_api_is_paged_and_says_the_cause(ana: Person) -> None:
    partner = make_partner(ana.bot.organization)
    answer = partner.get("standing-still/?page_size=2").json()
    seen = list(answer["results"])
    while answer["next"]:
        answer = partner.get(answer["next"].partition("/api/v1/")[2]).json()
        seen += answer["results"]
    assert [one["kind"] for one in seen] == [str(item.kind) for item in found(ana)]
    parked = next(one for one in seen if one["kind"] == "parked")
    assert (parked["run"], parked["step"], parked["message"]) == (str(ana.top.pk), "help", str(cause_of("handoff")))
    only = partner.get("standing-still/?kind=message").json()["results"]
    assert [one["kind"] for one in only] == ["message"]


@pytest.mark.parametrize("query", ["kind=nothing", "cursor=x", "page_size=0", "page_size=201"])
def test_what_the_address_cannot_ask_for_is_refused(ana: Person, query: str) -> None:
    assert make_partner(ana.bot.organization).get(f"standing-still/?{query}").status_code == 400


def test_a_partner_resumes_moves_and_closes(ana: Person) -> None:
    partner, run = make_partner(ana.bot.organization), ana.top
    assert partner.call("POST", f"/api/v1/runs/{run.pk}/move/", {"step": "q"}).status_code == 202
    drain()
    assert ana.top.step_id == "q"
    assert partner.call("POST", f"/api/v1/runs/{run.pk}/move/", {"step": "gone"}).status_code == 422
    assert partner.call("POST", f"/api/v1/runs/{run.pk}/resume/", {}).status_code == 202
    assert partner.call("POST", f"/api/v1/runs/{run.pk}/close/", {"reason": "x"}).status_code == 202
    drain()
    assert partner.call("POST", f"/api/v1/runs/{run.pk}/close/", {"reason": "x"}).status_code == 409
    keys = AuditEntry.unscoped.filter(action__startswith="run.").values_list("actor_kind", flat=True)
    assert set(keys) == {"key"}
