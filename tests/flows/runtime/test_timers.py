"""Timers are rows: a due one becomes an inbox row, a wait that is over takes its timers with it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from flows.models import InboxEvent, Timer
from flows.runtime import timers
from tests.factories.flows import Person, drain, make_flow_bot
from tests.support.flows import a_condition, a_delay, a_flow, a_question, an_access

pytestmark = pytest.mark.django_db

SILENCE = a_condition("time_elapsed", "nudge", minutes=5)


def waiting() -> Person:
    """Somebody who is asked a question with a silence of five minutes, then another."""
    ask = a_question("ask", "Nome?", next="more", conditions=[a_condition("text_validation", "more"), SILENCE])
    steps = [ask, a_question("nudge", "Está aí?", next="bye"), a_question("more", "E?", next="bye"), an_access("bye")]
    ana = Person(make_flow_bot(a_flow(steps)))
    ana.start()
    drain()
    return ana


def make_due(person: Person) -> None:
    Timer.unscoped.filter(conversation=person.conversation, state="armed").update(
        due_at=timezone.now() - timedelta(seconds=1)
    )


def state_of(person: Person) -> None:
    """The wait began six minutes ago."""
    run = person.top
    began = (timezone.now() - timedelta(minutes=6)).isoformat()
    run.state["entered_at"] = began
    run.save(update_fields=["state"])


def test_a_wait_arms_its_timer_for_when_it_ends() -> None:
    ana = waiting()
    (timer,) = ana.timers
    assert (timer.kind, timer.state, timer.run_id, timer.wait) == ("elapsed", "armed", ana.top.pk, 1)
    assert timedelta(minutes=4, seconds=50) < timer.due_at - timezone.now() <= timedelta(minutes=5)


def test_a_due_timer_becomes_an_inbox_row_and_moves_the_run() -> None:
    ana = waiting()
    state_of(ana)
    make_due(ana)
    assert timers.fire_due_timers() == 1
    (row,) = InboxEvent.unscoped.filter(source="timer")
    assert (row.run_id, row.external_id, row.telegram_user_id) == (
        ana.top.pk,
        str(ana.timers[0].pk),
        ana.telegram_user_id,
    )
    drain()
    assert (ana.top.step_id, ana.texts[-1], ana.timers[0].state) == ("nudge", "Está aí?", "fired")


def test_a_timer_that_is_not_due_stays() -> None:
    waiting()
    assert timers.fire_due_timers() == 0
    assert not InboxEvent.unscoped.filter(source="timer").exists()


def test_a_move_voids_the_timers_of_the_wait_before() -> None:
    ana = waiting()
    ana.say("Ana")
    drain()
    assert [timer.state for timer in ana.timers] == ["void"]
    make_due(ana)
    assert timers.fire_due_timers() == 0


def test_a_timer_overtaken_by_the_answer_moves_nothing() -> None:
    ana = waiting()
    state_of(ana)
    make_due(ana)
    ana.say("Ana")
    timers.fire_due_timers()
    drain()
    assert (ana.top.step_id, ana.texts[-1]) == ("more", "E?")
    assert (ana.inbox[-1].state, ana.inbox[-1].error) == ("ignored", "not_awaited")


def test_a_covered_runs_timer_does_not_fire() -> None:
    ana = waiting()
    make_due(ana)
    conversation = ana.conversation
    conversation.top_run_id = None
    conversation.save(update_fields=["top_run_id"])
    assert timers.fire_due_timers() == 0
    assert ana.timers[0].state == "armed"


def test_more_due_timers_than_a_batch_all_fire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "BATCH", 2)
    bot = make_flow_bot(a_flow([a_delay("wait", minutes=5, next="bye"), an_access("bye", "Pronto")]))
    crowd = [Person(bot) for _ in range(5)]
    for person in crowd:
        person.start()
    drain()
    Timer.unscoped.update(due_at=timezone.now() - timedelta(seconds=1))
    assert timers.fire_due_timers() == 5
    drain()
    assert [person.texts for person in crowd] == [["Pronto"]] * 5


def test_a_timer_of_a_replaced_run_dies_with_it() -> None:
    ana = waiting()
    ana.say("Ana")
    drain()
    ana.start()
    drain()
    first, second = ana.runs
    assert {timer.state for timer in Timer.unscoped.filter(run=first)} == {"void"}
    assert {timer.state for timer in Timer.unscoped.filter(run=second)} == {"armed"}
