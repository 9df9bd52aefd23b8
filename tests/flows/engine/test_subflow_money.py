"""Charges made inside a subflow, and what is missing there."""

import pytest

from flows.engine.effects import (
    GrantAccess,
    OrderServed,
    RaiseAttention,
    RequestPayment,
    TimelineKind,
)
from flows.engine.events import NEW_CODE_BUTTON, PAID_BUTTON, PaymentStatus, TimerKind
from flows.engine.state import Status
from tests.flows.engine.subflows import IN_OFFER, offered, surveyed
from tests.support.conversation import ORDER, Talk
from tests.support.flows import (
    a_deliver,
    a_flow,
    a_payment,
    a_question,
    an_access,
)
from tests.support.subflows import a_subflow, carrying, version_of

# Money


def test_a_charge_inside_names_the_version_whose_step_it_is() -> None:
    talk = offered().begin().press(0)
    (asked,) = talk.of(RequestPayment)
    assert (asked.step_id, asked.version_id, asked.amount_minor) == ("pay", version_of("offer"), 1000)
    assert talk.state.visits[1].frames == IN_OFFER
    outside = Talk(a_payment("pay", next="bye", pending="bye"), an_access("bye")).begin()
    assert [one.version_id for one in outside.of(RequestPayment)] == [None]


def test_paid_where_it_waits_goes_on_inside_and_then_returns() -> None:
    talk = offered().begin().press(0).charge_ready().paid()
    assert talk.said == ["Seu acesso\nhttps://example.com/vip", "Mais alguma coisa?"]
    assert [(grant.visit, grant.order_id) for grant in talk.of(GrantAccess)] == [(1, ORDER)]
    assert [served.order_id for served in talk.of(OrderServed)] == [ORDER]
    assert (talk.at, talk.state.frames) == ("ask", ())


def test_paid_after_the_subflow_was_left_goes_back_into_it_and_returns_to_where_it_was_run() -> None:
    talk = offered().begin().press(0).charge_ready().timer(TimerKind.PENDING, visit=1)
    assert (talk.at, talk.state.frames) == ("ask", ())
    talk.paid()
    assert talk.said == ["Seu acesso\nhttps://example.com/vip", "Mais alguma coisa?"]
    assert [(record.step_id, record.data.get("subflow")) for record in talk.recorded(TimelineKind.PAID)] == [
        ("pay", str(version_of("offer")))
    ]
    assert [served.order_id for served in talk.of(OrderServed)] == [ORDER]
    assert talk.at == "ask"


def test_paid_after_the_run_ended_is_served_inside_the_subflow_it_was_made_in() -> None:
    talk = offered().begin().press(0).charge_ready().timer(TimerKind.PENDING, visit=1).write("não")
    assert talk.state.status is Status.ENDED
    talk.paid()
    assert talk.said == ["Seu acesso\nhttps://example.com/vip", "Mais alguma coisa?"]
    assert (talk.state.status, talk.at) == (Status.WAITING, "ask")


def test_paid_where_nothing_leads_on_ends_the_subflow_only() -> None:
    inner = a_flow([a_payment("pay", config={"deliver": {"text": "Tome!"}}, pending="bye"), an_access("bye")])
    talk = Talk(a_subflow("sub", "inner", next="end"), an_access("end", "Fim"), embedded=carrying(inner=inner))
    talk.begin().charge_ready().paid()
    assert (talk.said, talk.state.status) == (["Tome!", "Fim"], Status.ENDED)


def test_the_button_of_an_open_charge_is_never_stale_even_outside_its_subflow() -> None:
    talk = offered().begin().press(0).charge_ready()
    ref = next(button.ref for row in talk.messages[-1].buttons for button in row if button.ref)
    assert (ref.version_id, ref.ordinal, ref.index) == (version_of("offer"), 1, PAID_BUTTON)
    talk.timer(TimerKind.PENDING, visit=1)
    talk.press(PAID_BUTTON, wait=ref.wait, version_id=ref.version_id, ordinal=ref.ordinal)
    assert talk.recorded(TimelineKind.STALE_PRESS) == []
    talk.checked()
    assert len(talk.said) == 1
    assert talk.at == "ask"


def test_a_new_code_is_asked_for_inside() -> None:
    talk = offered().begin().press(0).charge_ready().payment(PaymentStatus.EXPIRED)
    ref = next(button.ref for row in talk.messages[-1].buttons for button in row if button.ref)
    assert (ref.version_id, ref.index) == (version_of("offer"), NEW_CODE_BUTTON)
    assert talk.asks_new_code().recorded(TimelineKind.STALE_PRESS) == []


def test_main_buttons_are_those_of_the_runs_own_version() -> None:
    """A subflow was published with the buttons of its day; new runs see the new price at once."""
    given = {"text": "t"}
    old = [{"text": "VIP", "price": "10", "access": given}]
    new = [{"text": "VIP", "price": "20", "access": given}]
    inner = a_flow([a_payment("pay", None, next="end", pending="end"), an_access("end")], main_buttons=old)
    talk = Talk(
        a_subflow("sub", "inner", next="bye"), an_access("bye"), embedded=carrying(inner=inner), main_buttons=new
    )
    assert [one.amount_minor for one in talk.begin().of(RequestPayment)] == [2000]


def test_the_order_of_a_deliver_inside_is_served_there() -> None:
    inner = a_flow(
        [a_payment("pay", next="file", pending="file"), a_deliver("file", "Arquivo", next="end"), an_access("end")]
    )
    talk = Talk(
        a_subflow("sub", "inner", next="bye"),
        a_question("bye", next="x"),
        an_access("x"),
        embedded=carrying(inner=inner),
    )
    talk.begin().charge_ready().paid()
    assert [served.order_id for served in talk.of(OrderServed)] == [ORDER]
    assert not talk.state.owes


# What is missing


@pytest.mark.parametrize(
    "embedded",
    [
        None,
        {},
        {"subflows": {"survey": "no id"}},
        {"subflows": {"survey": str(version_of("survey"))}},
        {"subflows": {"survey": str(version_of("survey"))}, "versions": {str(version_of("survey")): {"definition": 5}}},
        carrying(survey=a_flow([], start="nowhere")),
    ],
)
def test_a_version_that_is_not_there_counts_as_a_missing_step(embedded: object) -> None:
    talk = Talk(a_subflow("sub", "survey", next="bye"), an_access("bye"), embedded=embedded).begin()
    assert (talk.state.status, talk.state.frames, talk.state.step_id) == (Status.LOST, (), None)
    assert [str(one.reason) for one in talk.of(RaiseAttention)] == ["step_missing"]
    assert [record.data["missing"] for record in talk.recorded(TimelineKind.STEP_MISSING)] == ["sub"]


def test_a_run_inside_a_version_that_is_gone_is_lost_and_told() -> None:
    talk = surveyed().begin()
    alone = Talk(a_subflow("sub", "survey", next="bye"), an_access("bye"))
    alone.state = talk.state
    alone.write("Recife")
    assert alone.state.status is Status.LOST


def test_a_damaged_step_inside_counts_as_missing_and_the_rest_runs() -> None:
    broken = {"id": "next", "type": "teleport"}
    inner = a_flow([a_question("ask", next="next"), broken, an_access("end")])
    talk = Talk(a_subflow("sub", "inner", next="bye"), an_access("bye"), embedded=carrying(inner=inner)).begin()
    assert talk.at == "ask"
    talk.write("x")
    assert talk.state.status is Status.LOST
    assert [record.data["missing"] for record in talk.recorded(TimelineKind.STEP_MISSING)] == ["next"]
