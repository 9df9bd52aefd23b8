"""Runs begun by a partner and moved by the team: inbox rows like everything else."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from bots.actor import SYSTEM
from bots.errors import Conflict, DomainError, Invalid, NotFound
from bots.models import AuditEntry
from bots.tenancy import organization_scope
from flows.engine.events import PaymentChanged, PaymentStatus
from flows.models import Flow, InboxEvent, Run
from flows.services.runs import close_run, move_run, resume_run, start_run
from tests.factories.flows import Person, drain, make_bot, make_flow_bot, publish, two_questions
from tests.support.flows import a_flow, a_payment, a_question, an_access

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


def act(
    ana: Person, service: Callable[..., None], *arguments: object, run: Run | None = None, **wanted: object
) -> None:
    with organization_scope(ana.bot.organization_id):
        service((run or ana.runs[-1]).pk, *arguments, actor=SYSTEM, **wanted)


def acts_of(ana: Person) -> list[str]:
    return [row.external_id.split(":")[0] for row in ana.inbox if row.source == "operator"]


def test_the_team_sends_a_run_to_a_step_and_it_is_written_down() -> None:
    ana = ana_inside()
    act(ana, move_run, "age", reason="asked on the phone")
    drain()
    assert (ana.top.step_id, ana.texts[-1]) == ("age", "Quantos anos?")
    assert ana.timeline() == ["started", "entered", "resumed", "left", "entered"]
    entry = AuditEntry.unscoped.get(action="run.move")
    assert (entry.object_id, entry.reason, entry.data) == (
        str(ana.top.pk),
        "asked on the phone",
        {"step": "age", "from": "name"},
    )


def test_a_move_begins_a_new_wait_voids_the_old_timers_and_arms_the_new_steps() -> None:
    ana = Person(
        make_flow_bot(
            a_flow(
                [
                    {"id": "first", "type": "delay", "config": {"days": 1}, "connections": {"next": "second"}},
                    {"id": "second", "type": "delay", "config": {"days": 2}, "connections": {"next": "bye"}},
                    an_access("bye"),
                ]
            )
        )
    )
    ana.start()
    drain()
    act(ana, move_run, "second")
    drain()
    assert [(timer.wait, timer.state) for timer in ana.timers] == [(1, "void"), (2, "armed")]
    assert (ana.timers[1].due_at - ana.timers[0].due_at).days == 1


def test_a_run_that_is_over_comes_back_at_the_step_it_is_moved_to() -> None:
    ana = ana_inside()
    for text in ("Ana", "33"):
        ana.say(text)
    drain()
    act(ana, move_run, "age")
    drain()
    assert (ana.top.status, ana.top.step_id, ana.top.ended_at) == ("active", "age", None)
    assert len(ana.runs) == 1


def test_a_step_that_the_version_does_not_have_is_refused() -> None:
    ana = ana_inside()
    with pytest.raises(Invalid) as refused:
        act(ana, move_run, "gone")
    assert refused.value.code == "no_such_step"
    assert acts_of(ana) == []
    assert not AuditEntry.unscoped.filter(action="run.move").exists()


def test_a_run_that_is_over_is_not_resumed_without_a_step() -> None:
    ana = ana_inside()
    for text in ("Ana", "33"):
        ana.say(text)
    drain()
    with pytest.raises(Conflict) as refused:
        act(ana, resume_run)
    assert refused.value.code == "run_over"
    assert acts_of(ana) == []


def test_an_act_with_the_same_key_happens_and_is_written_down_once() -> None:
    ana = ana_inside()
    for _ in range(3):
        act(ana, resume_run, key="k")
        act(ana, move_run, "age", key="k")
        act(ana, close_run, reason="done", key="k")
    assert acts_of(ana) == ["resume", "move", "close"]
    written = sorted(AuditEntry.unscoped.filter(action__startswith="run.").values_list("action", flat=True))
    assert written == ["run.close", "run.move", "run.resume"]


def test_the_team_closes_a_run_with_a_last_word() -> None:
    ana = ana_inside()
    act(ana, close_run, reason="wrong bot", message="Tchau, {{first_name}}!")
    drain()
    (run,) = ana.runs
    assert (run.status, run.ended_at is not None, ana.conversation.stack) == ("closed", True, [])
    assert (ana.texts[-1], ana.timeline(run)[-1]) == ("Tchau, Ana!", "closed")
    assert AuditEntry.unscoped.get(action="run.close").reason == "wrong bot"


def test_a_closed_run_is_over_and_its_contact_begins_anew() -> None:
    ana = ana_inside()
    act(ana, close_run, reason="done")
    drain()
    with pytest.raises(Conflict) as refused:
        act(ana, close_run, reason="again")
    assert refused.value.code == "run_over"
    ana.start()
    drain()
    assert [run.status for run in ana.runs] == ["closed", "active"]


def test_a_run_is_not_closed_without_a_reason() -> None:
    ana = ana_inside()
    with pytest.raises(Invalid) as refused:
        act(ana, close_run, reason="  ")
    assert refused.value.code == "reason_required"
    assert acts_of(ana) == []


def test_a_failed_run_is_closed_and_stands_on_no_list_any_more() -> None:
    ana = ana_inside()
    run = ana.top
    run.state["step_id"] = "gone"
    Run.unscoped.filter(pk=run.pk).update(state=run.state)
    Flow.unscoped.update(active=False)
    ana.say("oi")
    drain()
    assert [one.status for one in ana.runs] == ["failed"]
    act(ana, close_run, reason="old version", run=run)
    drain()
    assert [one.status for one in ana.runs] == ["closed"]


def test_a_run_whose_state_cannot_be_read_is_closed_without_reading_it() -> None:
    ana = ana_inside()
    Run.unscoped.update(state={"v": 99})
    act(ana, close_run, reason="damaged", message="Até logo!")
    drain()
    (run,) = ana.runs
    assert (run.status, run.state, ana.conversation.stack, ana.texts[-1]) == ("closed", {"v": 99}, [], "Até logo!")
    assert [row.state for row in ana.inbox] == ["done", "done"]


def a_paid_run_that_was_not_served() -> Person:
    ana = Person(make_flow_bot(a_flow([a_payment("pay", next="ask"), a_question("ask", next="bye"), an_access("bye")])))
    ana.start()
    drain()
    changed = PaymentChanged(1, uuid4(), uuid4(), PaymentStatus.PAID, 2990, "BRL", datetime(2026, 3, 2, tzinfo=UTC))
    ana.happen(changed, run_id=ana.top.pk)
    drain()
    assert (ana.top.owes, ana.top.step_id) == (True, "ask")
    return ana


def test_a_paid_run_that_was_not_served_is_never_closed_silently() -> None:
    ana = a_paid_run_that_was_not_served()
    with pytest.raises(Conflict) as refused:
        act(ana, close_run, reason="done")
    assert (refused.value.code, acts_of(ana)) == ("run_owes", [])
    drain()
    assert ana.top.status == "active"


def test_a_run_paid_after_the_team_looked_stays_open_and_is_shown_to_the_team() -> None:
    ana = a_paid_run_that_was_not_served()
    # As it looked before the money came.
    Run.unscoped.update(owes=False)
    act(ana, close_run, reason="done")
    drain()
    assert (ana.top.status, ana.top.owes, ana.conversation.attention) == ("active", True, True)
    assert ana.timeline()[-1] == "problem"


def test_closed_despite_what_it_owes_it_is_owed_still() -> None:
    ana = a_paid_run_that_was_not_served()
    act(ana, close_run, reason="served by hand", despite_owing=True)
    drain()
    (run,) = ana.runs
    assert (run.status, run.owes) == ("closed", True)
    assert AuditEntry.unscoped.get(action="run.close").data["owed"] is True


def test_money_brings_a_closed_run_back() -> None:
    ana = Person(make_flow_bot(a_flow([a_payment("pay", next="bye"), an_access("bye", "Seu acesso")])))
    ana.start()
    drain()
    act(ana, close_run, reason="gave up")
    drain()
    changed = PaymentChanged(1, uuid4(), uuid4(), PaymentStatus.PAID, 2990, "BRL", datetime(2026, 3, 2, tzinfo=UTC))
    ana.happen(changed, run_id=ana.runs[0].pk)
    drain()
    assert ana.texts[-1] == "Seu acesso"


@pytest.mark.parametrize("service", [resume_run, move_run, close_run])
def test_a_run_of_somebody_else_is_not_there(service: Callable[..., None]) -> None:
    ana = ana_inside()
    wanted: dict[str, object] = {"step_id": "age"} if service is move_run else {}
    wanted |= {"reason": "x"} if service is close_run else {}
    with organization_scope(make_bot().organization_id), pytest.raises(NotFound):
        service(Run.unscoped.get().pk, actor=SYSTEM, **wanted)
    assert (ana.top.step_id, acts_of(ana)) == ("name", [])
