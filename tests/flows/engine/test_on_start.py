"""What `/start` does during a run."""

from typing import Any

from flows.engine.on_start import StartDecision, on_start_decision
from tests.support.conversation import Talk
from tests.support.flows import a_payment, a_question, an_access


def decision(talk: Talk) -> StartDecision:
    return on_start_decision(talk.flow, talk.state, talk.now)


def asked(**fields: Any) -> Talk:
    return Talk(a_question("ask", next="two"), a_question("two"), **fields).begin()


def test_it_is_absorbed_right_after_the_start() -> None:
    assert decision(asked().later(seconds=9.9)) is StartDecision.ABSORB


def test_it_restarts_after_ten_seconds() -> None:
    assert decision(asked().later(seconds=10)) is StartDecision.RESTART


def test_it_restarts_after_an_answer() -> None:
    assert decision(asked().write("x")) is StartDecision.RESTART


def test_it_resumes_where_the_flow_says_so() -> None:
    assert decision(asked(on_start="resume").write("x")) is StartDecision.RESUME


def test_a_run_that_owes_stays() -> None:
    talk = Talk(a_payment("pay", next="ask", pending="ask"), a_question("ask"), an_access("end")).begin()
    assert decision(talk.later(minutes=1).paid()) is StartDecision.STAY_OWED


def test_a_run_that_ended_is_replaced() -> None:
    assert decision(Talk(an_access("end")).begin()) is StartDecision.RESTART
