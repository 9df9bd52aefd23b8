"""A saved test conversation, played in memory: green on the flow it was made for, red on every other behaviour."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.conversation_tests import PAYS, STILL_UNPAID, WRONG_THREE_TIMES, a_test, played
from tests.support.flows import (
    a_condition,
    a_delay,
    a_flow,
    a_message,
    a_payment,
    a_question,
    a_step,
    an_access,
    buttons,
    sales_flow,
)

START = {"type": "command", "command": "start"}
Change = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize("test", [PAYS, WRONG_THREE_TIMES, STILL_UNPAID], ids=lambda test: test["name"])
def test_is_green_on_the_flow_it_was_made_for(test: dict[str, Any]) -> None:
    report = played(sales_flow(), test)
    assert report.first_difference is None
    assert len(report.results) == len(test["steps"])


def step_of(document: dict[str, Any], step_id: str) -> dict[str, Any]:
    return next(step for step in document["flow_steps"] if step["id"] == step_id)


def swap_connections(document: dict[str, Any]) -> None:
    step_of(document, "pay")["connections"] = {"next": "remind", "pending": "vip"}


def another_price(document: dict[str, Any]) -> None:
    step_of(document, "pay")["config"]["amount"] = "39.90"


def another_variable(document: dict[str, Any]) -> None:
    step_of(document, "ask_email")["config"]["save_as"] = "mail"


def another_button(document: dict[str, Any]) -> None:
    step_of(document, "menu")["config"]["custom_buttons"][1]["text"] = "Depois"


def another_target(document: dict[str, Any]) -> None:
    step_of(document, "menu")["conditions"][0]["target_step"] = "bye"


def another_text(document: dict[str, Any]) -> None:
    step_of(document, "vip")["config"]["text"] = "Bem-vindo, {{first_name}}!"


def without_the_delivery(document: dict[str, Any]) -> None:
    del step_of(document, "pay")["config"]["deliver"]


CHANGES: dict[str, tuple[Change, int, str, str]] = {
    "the exits of the payment are swapped": (swap_connections, 9, "“Bem-vindo ao VIP, Ana!", "“Seu PIX"),
    "another price": (another_price, 5, "o código de uma cobrança de 29.90", "o código de uma cobrança de R$ 39,90"),
    "another variable": (another_variable, 6, 'email = "ana@example.com"', "email = null"),
    "another button": (another_button, 1, "os botões “Quero entrar”, “Só olhando”", "“Quero entrar”, “Depois”"),
    "another target": (another_target, 3, "“Qual é o seu e-mail?”", "“Até logo!”"),
    "another text": (another_text, 9, "Bem-vindo ao VIP, Ana!", "“Bem-vindo, Ana!"),
    "no delivery": (without_the_delivery, 9, "Pagamento confirmado.", "Bem-vindo ao VIP, Ana!"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_is_red_at_the_first_difference_when_the_flow_behaves_otherwise(name: str) -> None:
    change, place, expected, came = CHANGES[name]
    document = sales_flow()
    change(document)
    difference = played(document, PAYS).first_difference
    assert difference is not None
    assert (difference.place, difference.type) == (place, PAYS["steps"][place]["type"])
    assert expected in difference.expected
    assert came in difference.came


def test_stops_at_the_first_difference() -> None:
    report = played(a_flow(), a_test(START, {"type": "expect_step", "step": "nowhere"}, {"type": "text", "text": "oi"}))
    assert [result.type for result in report.results] == ["command", "expect_step"]
    assert not report.ok


def test_says_its_differences_in_english_too() -> None:
    test = a_test(START, {"type": "expect_state", "state": "waiting"})
    difference = played(a_flow(), test, locale="en").first_difference
    assert difference is not None
    assert (difference.expected, difference.came) == ("the conversation waiting", "the conversation ended")


def test_begins_at_a_step_with_variables() -> None:
    test = a_test(
        {"type": "expect_step", "step": "pay"},
        {"type": "expect_variables", "variables": {"email": "bia@example.com"}},
        {"type": "payment", "outcome": "paid"},
        {"type": "expect_replies", "replies": [{"contains": "VIP, Bia"}], "others": True},
        start_step="pay",
        variables={"email": "bia@example.com"},
        contact={"first_name": "Bia"},
    )
    assert played(sales_flow(), test).first_difference is None


def test_time_brings_what_is_due_in_its_order_each_at_its_own_moment() -> None:
    flow = a_flow(
        [
            a_delay("first", minutes=10, next="hello"),
            a_message("hello", "Agora são {{now}}", next="second"),
            a_delay("second", hours=2, next="bye"),
            an_access("bye", "Fim às {{now}}"),
        ]
    )
    test = a_test(
        START,
        {"type": "expect_no_reply"},
        {"type": "wait", "minutes": 9},
        {"type": "expect_no_reply"},
        {"type": "wait", "days": 1},
        {
            "type": "expect_replies",
            "replies": [{"text": "Agora são 05/01/2026 09:10"}, {"text": "Fim às 05/01/2026 11:10"}],
        },
    )
    assert played(flow, test).first_difference is None


def test_a_wait_without_a_length_ends_with_the_next_thing_due() -> None:
    flow = a_flow([a_delay("first", days=3, next="bye"), an_access("bye", "Três dias")])
    test = a_test(START, {"type": "wait"}, {"type": "expect_replies", "replies": [{"text": "Três dias"}]})
    assert played(flow, test).first_difference is None
    nothing = played(flow, a_test(START, {"type": "wait"}, {"type": "wait"})).first_difference
    assert nothing is not None
    assert (nothing.place, nothing.came) == (2, "nada")


def test_a_flow_that_never_comes_to_rest_is_reported() -> None:
    flow = a_flow([a_delay("tick", seconds=1, next="tock"), a_delay("tock", seconds=1, next="tick")], allow_loops=True)
    difference = played(flow, a_test(START, {"type": "wait", "days": 100})).first_difference
    assert difference is not None
    assert difference.came == "esperas curtas demais, sem fim"


def test_presses_the_newest_button_of_that_text_or_an_old_one_by_its_message() -> None:
    flow = a_flow(
        [
            buttons("one", {"text": "Sim", "target_step": "two"}, text="Um?"),
            buttons("two", {"text": "Sim", "target_step": "bye"}, text="Dois?"),
            an_access("bye", "Fim"),
        ]
    )
    old = {"type": "press", "index": 0, "message": 1}
    test = a_test(
        START,
        {"type": "press", "text": "sim"},
        old,
        {"type": "expect_notice", "text": "Já recebemos a sua escolha."},
        {"type": "expect_step", "step": "two"},
        {"type": "press", "text": "Sim"},
        {"type": "expect_state", "state": "ended"},
    )
    assert played(flow, test).first_difference is None


def test_a_button_that_is_not_there_says_which_are() -> None:
    difference = played(sales_flow(), a_test(START, {"type": "press", "text": "Comprar"})).first_difference
    assert difference is not None
    assert (difference.expected, difference.came) == ("o botão “Comprar”", "Quero entrar, Só olhando")


def test_i_have_paid_leaves_by_pending_and_a_second_visit_takes_the_open_charge_over() -> None:
    test = a_test(
        START,
        {"type": "press", "text": "Quero entrar"},
        {"type": "text", "text": "ana@example.com"},
        {"type": "press", "text": "Já paguei"},
        {"type": "expect_notice", "contains": "Verificando"},
        {"type": "expect_step", "step": "remind"},
        {"type": "payment", "outcome": "paid"},
        {"type": "expect_replies", "replies": [{"contains": "VIP, Ana"}], "others": True},
        {"type": "expect_charge", "count": 1},
    )
    assert played(sales_flow(), test).first_difference is None


def test_an_expired_code_is_renewed_by_its_button_and_paid() -> None:
    flow = a_flow([a_payment("pay", next="bye"), an_access("bye", "Pago")])
    test = a_test(
        START,
        {"type": "payment", "outcome": "expired"},
        {"type": "press", "text": "Novo código"},
        {"type": "expect_replies", "replies": [{"amount": "29.90"}, {"amount": "29.90"}]},
        {"type": "payment", "outcome": "paid"},
        {"type": "expect_replies", "replies": [{"text": "Pago"}]},
        {"type": "payment", "outcome": "refunded"},
        {"type": "expect_charge", "status": "refunded", "count": 1},
    )
    assert played(flow, test).first_difference is None


def test_charges_by_hand_are_answered_when_an_item_says_so() -> None:
    flow = a_flow([a_payment("pay", next="bye", retry="sorry"), an_access("bye"), an_access("sorry", "Sem código")])
    by_hand = {"charges": "by_hand"}
    ready = a_test(
        START,
        {"type": "expect_no_reply"},
        {"type": "charge_failed", "retrying": True},
        {"type": "expect_attention", "reason": "charge_failed"},
        {"type": "payment", "outcome": "ready"},
        {"type": "expect_replies", "replies": [{"amount": "29.90"}], "others": True},
        **by_hand,
    )
    assert played(flow, ready).first_difference is None
    failed = a_test(
        START, {"type": "charge_failed"}, {"type": "expect_replies", "replies": [{"text": "Sem código"}]}, **by_hand
    )
    assert played(flow, failed).first_difference is None
    early = played(flow, a_test(START, {"type": "payment", "outcome": "paid"}, **by_hand)).first_difference
    assert early is not None
    assert early.expected == "uma cobrança que possa passar a “paid”"


def test_what_a_person_sends_besides_text() -> None:
    flow = a_flow(
        [
            a_question("photo", config={"accepts": ["photo"], "save_as": "photo"}, next="phone"),
            a_question("phone", config={"accepts": ["contact"], "save_as": "phone"}, next="place"),
            a_question("place", config={"accepts": ["location"], "save_as": "place"}, next="bye"),
            an_access("bye", "Pronto"),
        ]
    )
    test = a_test(
        START,
        {"type": "text", "text": "não tenho"},
        {"type": "expect_step", "step": "photo"},
        {"type": "media", "kind": "photo"},
        {"type": "contact"},
        {"type": "expect_step", "step": "place"},
        {"type": "location"},
        {"type": "expect_state", "state": "ended"},
    )
    assert played(flow, test).first_difference is None


def test_the_welcome_answers_where_the_flow_is_off() -> None:
    flow = sales_flow() | {
        "main_buttons": [{"text": "VIP", "price": "10.00", "access": {"text": "Aqui está"}}],
    }
    test = a_test(
        {"type": "text", "text": "oi"},
        {"type": "expect_replies", "replies": [{"text": "Olá Ana!", "buttons": ["VIP"]}]},
        {"type": "press", "text": "VIP"},
        {"type": "expect_charge", "amount": "10.00"},
        {"type": "payment", "outcome": "paid"},
        {"type": "expect_replies", "replies": [{"text": "Aqui está"}], "others": True},
        flow_enabled=False,
    )
    assert played(flow, test).first_difference is None


def test_start_during_a_run_is_absorbed_or_begins_anew_as_it_does_in_life() -> None:
    test = a_test(
        START,
        START,
        {"type": "expect_no_reply"},
        {"type": "wait", "seconds": 11},
        START,
        {"type": "expect_replies", "replies": [{"contains": "O que você quer?"}]},
        {"type": "press", "text": "Só olhando"},
        {"type": "expect_state", "state": "ended"},
        {"type": "text", "text": "tem alguém?"},
        {"type": "expect_replies", "replies": [{"text": "Olá Ana!", "buttons": ["Começar"]}]},
        {"type": "expect_attention", "reason": "text_without_run"},
        {"type": "press", "text": "Começar"},
        {"type": "expect_step", "step": "menu"},
    )
    assert played(sales_flow(), test).first_difference is None


def test_money_that_comes_late_brings_its_run_back_on_top_of_the_new_one() -> None:
    test = a_test(
        START,
        {"type": "press", "text": "Quero entrar"},
        {"type": "text", "text": "ana@example.com"},
        {"type": "wait", "seconds": 11},
        START,
        {"type": "expect_step", "step": "menu"},
        {"type": "payment", "outcome": "paid"},
        {
            "type": "expect_replies",
            "replies": [{"contains": "VIP, Ana"}, {"contains": "O que você quer?"}],
            "others": True,
        },
        {"type": "expect_step", "step": "menu"},
    )
    assert played(sales_flow(), test).first_difference is None


def test_the_team_sends_a_run_on() -> None:
    test = a_test(
        START,
        {"type": "operator_resume", "step": "help"},
        {"type": "expect_replies", "replies": [{"contains": "equipe"}]},
    )
    assert played(sales_flow(), test).first_difference is None


def test_a_called_address_answers_what_the_test_says() -> None:
    config = {"method": "GET", "url": "https://example.com/stock", "save": {"left": "stock.left"}}
    flow = a_flow(
        [
            a_step("ask", "http", config, next="bye", retry="sorry"),
            an_access("bye", "Restam {{left}}"),
            an_access("sorry", "Tente depois"),
        ]
    )
    answers: dict[str, tuple[dict[str, Any], str]] = {
        "it answers": ({"json": {"stock": {"left": 3}}}, "Restam 3"),
        "it has nothing": ({"json": []}, "Restam "),
        "it fails": ({"status": 500}, "Tente depois"),
        "it does not answer": ({"status": 0}, "Tente depois"),
    }
    for answer, said in answers.values():
        test = a_test(START, {"type": "http_answer", **answer}, {"type": "expect_replies", "replies": [{"text": said}]})
        assert played(flow, test).first_difference is None
    silence = a_test(START, {"type": "wait"}, {"type": "expect_replies", "replies": [{"text": "Tente depois"}]})
    assert played(flow, silence).first_difference is None
    nothing = played(a_flow(), a_test(START, {"type": "http_answer"})).first_difference
    assert nothing is not None
    assert nothing.expected == "uma chamada a um endereço"


def test_silence_is_counted_from_the_last_message() -> None:
    flow = a_flow(
        [
            a_question(
                "ask",
                conditions=[
                    a_condition("text_validation", "bye", validation="email"),
                    a_condition("time_elapsed", "quiet", minutes=5),
                ],
            ),
            an_access("bye"),
            an_access("quiet", "Ainda está aí?"),
        ]
    )
    test = a_test(
        START,
        {"type": "wait", "minutes": 4},
        {"type": "text", "text": "calma"},
        {"type": "wait", "minutes": 4},
        {"type": "expect_no_reply"},
        {"type": "wait", "minutes": 1},
        {"type": "expect_replies", "replies": [{"text": "Ainda está aí?"}]},
    )
    assert played(flow, test).first_difference is None
