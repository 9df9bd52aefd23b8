"""Money finds its run, wherever that stands on the stack."""

import pytest
from django.utils import timezone

from bots.models import Bot
from flows.engine.events import OperatorResumed, TimerFired, TimerKind
from flows.models import Flow, InboxSource
from tests.factories.flows import Person, drain, make_flow_bot
from tests.flows.runtime.sales import a_sale, long_ago, paid

pytestmark = pytest.mark.django_db


# A paid run


def at_the_charge() -> Person:
    ana = Person(make_flow_bot(a_sale()))
    ana.start()
    drain()
    assert ana.top.step_id == "pay"
    return ana


def test_money_takes_the_paid_exit() -> None:
    ana = at_the_charge()
    paid(ana, ana.top)
    drain()
    assert (ana.top.step_id, ana.top.owes) == ("ask", True)


def test_a_second_word_of_the_same_money_moves_nothing() -> None:
    ana = at_the_charge()
    run = ana.top
    paid(ana, run)
    drain()
    ana.say("ana@example.com")
    drain()
    before = ana.texts
    paid(ana, run)
    drain()
    assert (ana.texts, ana.runs[0].status) == (before, "ended")


def test_a_run_ended_by_start_is_reopened_by_its_money_on_top_of_the_present_one() -> None:
    ana = at_the_charge()
    first = ana.top
    long_ago(ana)
    ana.start()
    drain()
    second = ana.top
    assert (second.pk != first.pk, ana.runs[0].status) == (True, "closed")
    paid(ana, first)
    drain()
    assert ana.conversation.stack == [second.pk, first.pk]
    assert (ana.top.pk, ana.top.step_id, ana.top.status, ana.top.ended_at) == (first.pk, "ask", "active", None)
    asked = len(ana.texts)
    ana.say("ana@example.com")
    drain()
    assert ana.texts[asked] == "Seu acesso"
    assert (ana.conversation.stack, ana.top.pk, ana.top.step_id) == ([second.pk], second.pk, "pay")
    assert "resumed" in ana.timeline(second)


def test_a_run_that_ended_by_itself_is_reopened_by_its_money() -> None:
    ana = at_the_charge()
    run = ana.top
    ana.happen(OperatorResumed("bye"), run_id=run.pk, source=InboxSource.OPERATOR)
    drain()
    assert (ana.runs[0].status, ana.conversation.stack) == ("ended", [])
    paid(ana, run)
    drain()
    assert (ana.top.pk, ana.top.step_id) == (run.pk, "ask")


def test_start_leaves_a_paid_and_unserved_run_on_top_and_says_its_step_again() -> None:
    ana = at_the_charge()
    run = ana.top
    paid(ana, run)
    drain()
    long_ago(ana)
    ana.start()
    drain()
    assert (len(ana.runs), ana.top.pk, ana.texts[-1]) == (1, run.pk, "Qual é o seu e-mail?")


def test_start_ends_every_other_run_of_the_stack() -> None:
    ana = at_the_charge()
    first = ana.top
    long_ago(ana)
    ana.start()
    drain()
    paid(ana, first)
    drain()
    long_ago(ana)
    ana.start()
    drain()
    assert ana.conversation.stack == [first.pk]
    assert [run.status for run in ana.runs] == ["active", "closed"]


def test_money_for_a_deactivated_or_deleted_flow_is_served() -> None:
    ana = at_the_charge()
    run = ana.top
    Bot.unscoped.update(flow_enabled=False)
    Flow.unscoped.update(active=False, deleted_at=timezone.now())
    paid(ana, run)
    drain()
    assert (ana.top.pk, ana.top.step_id) == (run.pk, "ask")


def test_a_covered_runs_timer_is_held_until_it_is_on_top_again() -> None:
    ana = at_the_charge()
    first = ana.top
    long_ago(ana)
    ana.start()
    drain()
    covered = ana.top
    paid(ana, first)
    drain()
    ana.happen(TimerFired(TimerKind.PENDING, covered.state["wait"], 1), run_id=covered.pk, source=InboxSource.TIMER)
    drain()
    assert ana.inbox[-1].error == "held"
    assert [(timer.run_id, timer.state) for timer in ana.timers if timer.state == "armed"] == [(covered.pk, "armed")]
    assert ana.top.pk == first.pk


def test_an_event_of_no_run_of_this_conversation_is_ignored() -> None:
    ana, bia = at_the_charge(), at_the_charge()
    paid(bia, ana.top)
    drain()
    assert (bia.inbox[-1].state, bia.inbox[-1].error) == ("ignored", "no_run")
    assert ana.top.step_id == "pay"
