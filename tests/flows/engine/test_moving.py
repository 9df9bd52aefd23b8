"""A newer version, and what becomes of whoever waits at a step of an older one: each choice does what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.engine.advance import advance
from flows.engine.codec import dump_state, load_state
from flows.engine.compile import VersionKind, compile_flow
from flows.engine.effects import ArmTimer, OrderServed, Say, TimelineKind, VoidTimers
from flows.engine.events import BUMP_YES_BUTTON, Fate, PaymentStatus, Start, StepChoice, TimerKind, VersionMoved
from flows.engine.state import Status, new_state
from tests.flows.engine.moving import (
    CARRY,
    NEWER,
    NEWEST,
    at_the_charge,
    at_the_menu,
    at_the_question,
    end,
    kept,
    move,
    publish,
    reworded,
    without,
)
from tests.support.conversation import BEGINNING, FACTS, ORDER, RUN, VERSION, Talk
from tests.support.flows import (
    Document,
    a_delay,
    a_flow,
    a_message,
    a_payment,
    a_question,
    an_access,
    buttons,
    sales_flow,
)
from tests.support.random_flows import EVENTS, carried, documents

happenings = st.lists(EVENTS, min_size=3, max_size=10)


# Finishing on the old version


def test_without_a_choice_for_its_step_a_run_keeps_its_version_and_the_timeline_says_so() -> None:
    talk = publish(at_the_question(), sales_flow(), menu=end("Acabou."), pay=move("menu"))
    assert (talk.at, talk.state.version_id, talk.said, kept(talk)) == ("ask_email", VERSION, [], ["elsewhere"])
    assert talk.write("ana@example.com").at == "pay"


def test_a_run_that_does_not_wait_or_is_there_already_is_left_alone() -> None:
    ended = at_the_menu().press(1)
    before = ended.state
    assert publish(ended, sales_flow(), menu=end(), bye=move("menu")).state is before
    there = publish(at_the_menu(), sales_flow(), menu=move("menu"))
    before = there.state
    assert publish(there, sales_flow(), menu=end()).state is before


def test_without_the_newer_version_at_hand_nothing_happens() -> None:
    talk = at_the_menu()
    event = VersionMoved(NEWER, 2, {"menu": end()})
    assert advance(talk.flow, talk.state, event, talk.now) == (talk.state, ())


# Moving


def test_a_move_enters_the_step_of_the_newer_version_and_voids_what_was_armed() -> None:
    talk = Talk(a_delay("wait", days=3, next="end"), an_access("end")).begin().later(days=2)
    newer = a_flow([a_question("ask", "De novo?", next="end"), an_access("end", "Fim novo")])
    publish(talk, newer, wait=move("ask"))
    assert (talk.at, talk.state.version_id, talk.said) == ("ask", NEWER, ["De novo?"])
    assert talk.of(VoidTimers) == [VoidTimers()]
    (moved,) = talk.recorded(TimelineKind.VERSION_MOVED)
    assert (moved.step_id, dict(moved.data)) == ("wait", {"number": 2, "to": "ask"})
    assert talk.recorded(TimelineKind.LEFT)[0].step_id == "wait"
    assert talk.timer(TimerKind.DELAY, wait=1).last == ()
    assert talk.write("sim").said == ["Fim novo"]


def test_a_move_arms_the_new_steps_timers_from_now() -> None:
    talk = at_the_question().later(hours=5)
    newer = a_flow([a_delay("rest", hours=2, next="end"), an_access("end")])
    publish(talk, newer, ask_email=move("rest"))
    (armed,) = talk.of(ArmTimer)
    assert (armed.kind, armed.due_at, armed.wait) == (TimerKind.DELAY, talk.now + timedelta(hours=2), talk.state.wait)


def test_a_move_keeps_what_is_known_and_counts_attempts_anew() -> None:
    talk = at_the_question().write("errado").write("errado")
    assert talk.state.attempts == {"ask_email#0": 2}
    pressed = talk.state.pressed
    publish(talk, sales_flow(), ask_email=move("ask_email"))
    assert (talk.at, talk.said, talk.state.attempts, talk.state.pressed) == (
        "ask_email",
        ["Qual é o seu e-mail?"],
        {},
        pressed,
    )
    assert talk.write("errado").write("errado").at == "ask_email"


def test_a_move_walks_on_through_steps_that_do_not_wait() -> None:
    newer = a_flow(
        [a_message("hi", "Mudamos!", next="ask"), a_question("ask", "E agora?", next="end"), an_access("end")]
    )
    assert publish(at_the_menu(), newer, menu=move("hi")).said == ["Mudamos!", "E agora?"]


def test_a_step_that_the_newer_version_does_not_have_moves_nobody() -> None:
    talk = publish(at_the_menu(), sales_flow(), menu=move("nowhere"))
    assert (talk.at, talk.state.version_id, kept(talk)) == ("menu", VERSION, ["changed"])


def test_an_old_button_after_a_move_gets_the_notice_and_the_present_step() -> None:
    talk = publish(at_the_menu(), sales_flow(), menu=move("ask_email"))
    talk.press(0, wait=1, step="menu", version_id=VERSION)
    assert (talk.at, talk.said, len(talk.notices)) == ("ask_email", ["Qual é o seu e-mail?"], 1)


# Ending


def test_an_end_says_its_message_and_closes_the_run() -> None:
    talk = publish(at_the_question(), sales_flow(), ask_email=end("Até breve, {{first_name}}!"))
    assert (talk.state.status, talk.state.version_id, talk.said) == (Status.ENDED, VERSION, ["Até breve, Ana <3!"])
    (closed,) = talk.recorded(TimelineKind.CLOSED)
    assert dict(closed.data) == {"owed": False, "number": 2}


def test_an_end_without_a_message_says_nothing() -> None:
    assert publish(at_the_question(), sales_flow(), ask_email=end()).said == []


def test_a_charge_that_was_open_when_its_run_ended_is_served_when_it_is_paid() -> None:
    talk = publish(at_the_charge(), without("pay"), pay=end("Paramos de vender."))
    talk.paid()
    assert talk.said[0] == "Pagamento confirmado. Seu acesso: https://example.com/vip"
    assert talk.of(OrderServed) == [OrderServed(ORDER)]


# Going on in the newer version, without hearing the step again


def test_carried_on_nothing_is_said_and_the_newer_version_answers() -> None:
    talk = publish(at_the_question(), reworded(), ask_email=CARRY)
    assert (talk.at, talk.state.version_id, talk.said) == ("ask_email", NEWER, [])
    assert talk.state.wait == 3
    (moved,) = talk.recorded(TimelineKind.VERSION_MOVED)
    assert dict(moved.data) == {"number": 2, "carried": True}
    assert talk.write("ana@example.com").at == "pay"


def test_carried_on_attempts_and_variables_are_kept() -> None:
    talk = publish(at_the_question().write("errado"), reworded(), ask_email=CARRY)
    assert talk.state.attempts == {"ask_email#0": 1}
    talk.write("errado").write("errado")
    assert talk.said == ["Novo: Nossa equipe vai falar com você."]


def test_carried_on_the_button_that_was_shown_before_still_leads_where_it_led() -> None:
    talk = publish(at_the_menu(), reworded(), menu=CARRY)
    talk.press(0, wait=1, step="menu", version_id=VERSION)
    assert (talk.at, talk.notices) == ("ask_email", [None])
    second = talk.press(0, wait=1, step="menu", version_id=VERSION)
    assert (second.at, len(second.notices), second.said) == ("ask_email", 1, [])


def test_carried_on_twice_the_first_button_still_leads_on() -> None:
    talk = publish(publish(at_the_menu(), reworded(), menu=CARRY), reworded(), NEWEST, menu=CARRY)
    assert talk.press(1, wait=1, step="menu", version_id=VERSION).said == ["Novo: Até logo!"]


def test_carried_on_a_bump_that_was_offered_is_still_answered() -> None:
    menu = buttons("menu", {"text": "VIP", "price": "10", "bump": {"text": "E mais?", "price": "5"}}, next="pay")
    document = a_flow([menu, a_payment("pay", None, next="end", pending="menu"), an_access("end")])
    talk = publish(Talk(document=document).begin().press(0), document, menu=CARRY)
    talk.press(BUMP_YES_BUTTON, wait=1, step="menu", version_id=VERSION)
    assert (talk.at, talk.state.visits[1].amount_minor) == ("pay", 1500)


def test_carried_on_the_silence_is_counted_from_now() -> None:
    quiet = [{"type": "time_elapsed", "minutes": 60, "target_step": "end"}]
    document = a_flow([a_question("ask", conditions=quiet, next="end"), an_access("end")])
    talk = Talk(document=document).begin().later(minutes=40)
    publish(talk, document, ask=CARRY)
    (armed,) = talk.of(ArmTimer)
    assert (talk.of(VoidTimers), armed.due_at) == ([VoidTimers()], talk.now + timedelta(minutes=60))
    assert (armed.wait, talk.state.wait) == (2, 2)


@pytest.mark.parametrize(
    ("step", "kind", "lasts"),
    [
        (a_delay("s", hours=2, next="end"), TimerKind.DELAY, timedelta(hours=2)),
        (
            a_payment("s", config={"pending_minutes": 7}, next="end", pending="end"),
            TimerKind.PENDING,
            timedelta(minutes=7),
        ),
    ],
)
def test_carried_on_a_waits_timer_begins_again(step: Document, kind: TimerKind, lasts: timedelta) -> None:
    document = a_flow([step, an_access("end")])
    talk = Talk(document=document).begin().later(minutes=5)
    publish(talk, document, s=CARRY)
    (armed,) = talk.of(ArmTimer)
    assert (armed.kind, armed.due_at, armed.wait) == (kind, talk.now + lasts, 2)
    assert talk.later(seconds=lasts.total_seconds()).timer(kind, visit=armed.visit).state.status is Status.ENDED


def test_carried_on_an_open_charge_is_paid_reminded_and_checked_as_before() -> None:
    talk = publish(at_the_charge(), reworded(), pay=CARRY)
    assert talk.later(minutes=2).write("oi").said[0] is not None
    talk.says_paid(wait=3, step="pay", version_id=VERSION)
    assert len(talk.last) > 1
    talk.checked(PaymentStatus.EXPIRED)
    assert talk.asks_new_code(version_id=NEWER).of(VoidTimers) == []
    assert talk.paid().said[-1] == "Novo: Bem-vindo ao VIP, Ana &lt;3!\nhttps://example.com/vip"
    assert talk.of(OrderServed) == [OrderServed(ORDER)]


def test_carried_on_a_charge_that_was_still_being_made_is_said_when_it_is_ready() -> None:
    talk = at_the_question().write("ana@example.com")
    publish(talk, reworded(), pay=CARRY)
    assert "BRCODE" in str(talk.charge_ready().said)


def test_more_than_words_carries_nobody() -> None:
    newer = sales_flow(attempts=5)
    talk = publish(at_the_question(), newer, ask_email=CARRY)
    assert (talk.at, talk.state.version_id, kept(talk)) == ("ask_email", VERSION, ["changed"])
    assert publish(at_the_question(), without("ask_email"), ask_email=CARRY).state.version_id == VERSION


# Any run, any two versions


@settings(max_examples=60)
@given(documents(), documents(), carried(), happenings, st.sampled_from(Fate), st.booleans())
def test_any_run_of_any_flow_is_moved_or_kept_and_goes_on(
    older: Document, newer: Document, embedded: Document, events: Any, fate: Fate, covered: bool
) -> None:
    flow = compile_flow(VERSION, older, kind=VersionKind.PUBLISHED, embedded=embedded)
    onto = compile_flow(NEWER, newer, kind=VersionKind.PUBLISHED, embedded=embedded)
    state = new_state(run_id=RUN, version_id=VERSION, facts=FACTS, seed=1, now=BEGINNING)
    halfway, now = len(events) // 2, BEGINNING
    for place, event in enumerate([Start(), *events]):
        state, _effects = advance(flow, state, event, now)
        if place != halfway:
            continue
        choice = StepChoice(fate, step_id=next(iter(onto.steps), None), message="Fim")
        before = state
        state, effects = advance(
            flow, state, VersionMoved(NEWER, 2, {state.place or "": choice}, covered), now, onto=onto
        )
        flow = onto if state.version_id == NEWER else flow
        assert load_state(dump_state(state), state.facts) == state
        assert (before.status is Status.WAITING) is bool(effects)
        if before.owes and fate is not Fate.CARRY:
            # One that failed while it owed stands as it stood.
            assert (state.version_id, state.status) == (VERSION, before.status)
        if covered:
            assert not any(isinstance(effect, Say) for effect in effects)
        if fate is Fate.CARRY:
            assert (state.visits.keys(), state.step_id, state.variables, state.attempts) == (
                before.visits.keys(),
                before.step_id,
                before.variables,
                before.attempts,
            )


def test_only_so_many_versions_are_remembered() -> None:
    talk = at_the_menu()
    for number in range(30):
        publish(talk, sales_flow(), UUID(int=1_000 + number), menu=CARRY)
    assert (len(talk.state.moves), talk.state.wait) == (20, 31)
    talk.press(0, wait=30, step="menu", version_id=UUID(int=1_028))
    assert talk.at == "ask_email"


def test_a_press_of_another_run_is_none_of_this_one() -> None:
    talk = publish(at_the_menu(), reworded(), menu=CARRY)
    talk.press(0, wait=1, step="menu", version_id=VERSION, run_id=UUID(int=0x99))
    assert (talk.at, len(talk.notices)) == ("menu", 1)


def test_moving_is_a_value_of_its_inputs() -> None:
    talk = at_the_menu()
    onto = compile_flow(NEWER, reworded(), kind=VersionKind.PUBLISHED)
    event: Any = VersionMoved(NEWER, 2, {"menu": move("ask_email")})
    first = advance(talk.flow, talk.state, event, talk.now, onto=onto)
    assert advance(talk.flow, talk.state, replace(event), talk.now, onto=onto) == first
