"""What is owed to somebody, and whoever is inside a subflow, when a newer version comes."""

from __future__ import annotations

import pytest

from flows.engine.effects import GrantAccess, OrderServed, RaiseAttention, TimelineKind
from flows.engine.events import StepChoice
from tests.flows.engine.moving import (
    CARRY,
    NEWER,
    NEWEST,
    at_the_charge,
    at_the_question,
    end,
    kept,
    move,
    publish,
    reworded,
    without,
)
from tests.support.conversation import ORDER, VERSION, Talk
from tests.support.flows import (
    Document,
    a_flow,
    a_message,
    a_payment,
    a_question,
    an_access,
    sales_flow,
)
from tests.support.subflows import a_subflow, carrying

# What is paid is served


def paid_and_asked() -> Talk:
    """Paid, and asked one more thing before the access."""
    steps = [
        a_payment("pay", next="name"),
        a_question("name", "Qual nome?", next="vip"),
        an_access("vip", "Seu acesso"),
    ]
    return Talk(*steps).begin().charge_ready().paid()


@pytest.mark.parametrize("choice", [end("Acabou."), move("bye")])
def test_whoever_is_owed_something_stays_with_the_version_that_owes_it(choice: StepChoice) -> None:
    talk = publish(paid_and_asked(), a_flow([an_access("bye", "Tchau")]), name=choice)
    assert (talk.at, talk.state.version_id, talk.said, kept(talk)) == ("name", VERSION, [], ["owed"])
    assert talk.write("Ana").said == ["Seu acesso"]
    assert talk.of(OrderServed) == [OrderServed(ORDER)]


def test_whoever_is_owed_something_may_go_on_where_they_are() -> None:
    talk = paid_and_asked()
    newer = a_flow(
        [a_payment("pay", next="name"), a_question("name", "Nome?", next="vip"), an_access("vip", "Seu acesso novo")]
    )
    assert publish(talk, newer, name=CARRY).write("Ana").said == ["Seu acesso novo"]
    assert talk.of(OrderServed) == [OrderServed(ORDER)]


def test_an_open_charge_takes_the_paid_exit_of_its_step_in_the_newer_version() -> None:
    newer = sales_flow()
    newer["flow_steps"][2]["connections"]["next"] = "help"
    talk = publish(at_the_charge(), newer, pay=move("menu"))
    assert talk.at == "menu"
    talk.paid()
    assert talk.said == [
        "Pagamento confirmado. Seu acesso: https://example.com/vip",
        "Nossa equipe vai falar com você.",
    ]
    assert talk.of(OrderServed) == [OrderServed(ORDER)]


def test_the_button_of_an_open_charge_is_never_stale() -> None:
    talk = publish(at_the_charge(), without("pay"), pay=move("menu"))
    talk.press(1000, wait=3, step="menu", version_id=VERSION)
    assert [type(effect).__name__ for effect in talk.last][:2] == ["AnswerPress", "CheckPayment"]


def test_a_charge_whose_step_is_gone_gives_what_its_version_promised_and_calls_the_team() -> None:
    talk = publish(at_the_charge(), without("pay"), pay=move("menu"))
    talk.paid()
    assert talk.at == "menu"
    assert talk.said == ["Pagamento confirmado. Seu acesso: https://example.com/vip"]
    (grant,) = talk.of(GrantAccess)
    assert (grant.order_id, grant.content["text"]) == (ORDER, talk.said[0])
    assert talk.of(OrderServed) == [OrderServed(ORDER)]
    assert [effect.reason for effect in talk.of(RaiseAttention)] == ["paid_without_step"]
    assert not talk.state.owes


def test_a_promise_is_followed_to_the_access_behind_the_paid_exit() -> None:
    steps = [
        a_payment("pay", next="thanks"),
        a_message("thanks", next="vip"),
        an_access("vip", "Seu acesso", config={"link": "https://example.com/vip"}),
    ]
    talk = Talk(*steps).begin().charge_ready()
    publish(talk, a_flow([a_question("other", next="bye"), an_access("bye")]), pay=move("other"))
    talk.paid()
    assert (talk.at, talk.said) == ("other", ["Seu acesso\nhttps://example.com/vip"])
    assert talk.of(OrderServed) == [OrderServed(ORDER)]


def test_a_promise_survives_further_versions() -> None:
    talk = publish(at_the_charge(), without("pay"), pay=move("menu"))
    publish(talk, without("pay", "help"), NEWEST, menu=move("menu"))
    assert talk.paid().said == ["Pagamento confirmado. Seu acesso: https://example.com/vip"]


def test_a_charge_that_promised_nothing_that_is_known_is_never_answered_by_silence() -> None:
    steps = [a_payment("pay", next="ask"), a_question("ask", conditions=[], next="pay2"), a_payment("pay2", next="end")]
    talk = Talk(*steps, an_access("end")).begin().charge_ready()
    publish(talk, a_flow([a_question("other", next="bye"), an_access("bye")]), pay=move("other"))
    talk.paid()
    assert talk.said == ["Pagamento confirmado. Obrigado!"]
    assert [effect.reason for effect in talk.of(RaiseAttention)] == ["paid_without_step"]
    assert talk.state.owes


# Under another run


@pytest.mark.parametrize("choice", [end("Acabou."), move("menu")])
def test_a_covered_run_says_nothing_and_finishes_on_its_version(choice: StepChoice) -> None:
    talk = publish(at_the_question(), sales_flow(), covered=True, ask_email=choice)
    assert (talk.at, talk.state.version_id, talk.said, kept(talk)) == ("ask_email", VERSION, [], ["covered"])


def test_a_covered_run_may_be_carried_on() -> None:
    talk = publish(at_the_question(), reworded(), covered=True, ask_email=CARRY)
    assert (talk.at, talk.state.version_id, talk.said) == ("ask_email", NEWER, [])


# Inside a subflow


SURVEY = a_flow([a_question("ask", "Sua cidade?", next="bye"), an_access("bye", "Anotado!")])
OFFER = a_flow([a_payment("pay", next="vip"), an_access("vip", "Seu acesso")])


def surveyed(inner: Document, text: str = "Fim") -> tuple[Document, object]:
    return a_flow([a_subflow("sub", "inner", next="bye"), an_access("bye", text)]), carrying(inner=inner)


def inside(inner: Document) -> Talk:
    document, embedded = surveyed(inner)
    return Talk(document=document, embedded=embedded).begin()


def test_inside_a_subflow_the_choice_is_that_of_the_step_that_runs_it() -> None:
    newer = a_flow([a_question("other", "E agora?", next="bye"), an_access("bye", "Fim novo")])
    talk = publish(inside(SURVEY), newer, ask=end("?"), sub=move("other"))
    assert (talk.at, talk.state.frames, talk.said) == ("other", (), ["E agora?"])
    assert [record.step_id for record in talk.recorded(TimelineKind.LEFT)] == ["ask", "sub"]
    assert talk.write("x").said == ["Fim novo"]


def test_inside_the_very_same_subflow_a_run_is_carried_on() -> None:
    document, embedded = surveyed(SURVEY, "Fim novo")
    talk = publish(inside(SURVEY), document, embedded=embedded, sub=CARRY)
    assert (talk.at, talk.state.version_id, talk.said) == ("ask", NEWER, [])
    assert talk.write("Recife").said == ["Anotado!", "Fim novo"]


def test_inside_a_subflow_that_is_another_now_a_run_keeps_its_version() -> None:
    newer = a_flow([a_subflow("sub", "other", next="bye"), an_access("bye")])
    talk = publish(inside(SURVEY), newer, embedded=carrying(other=SURVEY), sub=CARRY)
    assert (talk.at, talk.state.version_id, kept(talk)) == ("ask", VERSION, ["changed"])


def test_a_charge_made_in_a_subflow_returns_there_if_the_newer_version_runs_it_too() -> None:
    document, embedded = surveyed(OFFER)
    document["flow_steps"].append(a_question("other", "E agora?", next="bye"))
    talk = publish(inside(OFFER).charge_ready(), document, embedded=embedded, sub=move("other"))
    assert talk.at == "other"
    assert talk.paid().said == ["Seu acesso", "Fim"]


def test_a_charge_made_in_a_subflow_that_is_gone_gives_what_was_promised() -> None:
    newer = a_flow([a_question("other", "E agora?", next="bye"), an_access("bye")])
    talk = publish(inside(OFFER).charge_ready(), newer, sub=move("other"))
    assert (talk.paid().said, talk.at) == (["Seu acesso"], "other")
    assert talk.of(OrderServed) == [OrderServed(ORDER)]
