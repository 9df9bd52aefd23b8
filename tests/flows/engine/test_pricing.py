"""SPEC 2.4: what a payment charges, and what it calls it."""

from typing import Any

import pytest

from flows.engine.effects import Item, RequestPayment
from flows.engine.events import BUMP_NO_BUTTON, BUMP_YES_BUTTON
from flows.engine.pricing import format_price, parse_amount
from flows.engine.state import Facts
from tests.support.conversation import Talk
from tests.support.flows import Document, a_payment, a_question, buttons

MAIN = [{"text": "Ouro", "price": "50.00", "access": {"text": "x"}}, {"text": "Prata", "price": "20"}]
BUMP = {"text": "Leve o e-book?", "price": "9.90"}


def selling(button: Document, amount: str | None = None, **fields: Any) -> Talk:
    return Talk(
        buttons("menu", "Outro", button, next="pay"),
        a_payment("pay", amount, next="end", pending="end", config=fields.pop("config", {})),
        a_question("end"),
        **fields,
    ).begin()


def charged(talk: Talk) -> tuple[int, str]:
    (request,) = talk.of(RequestPayment)
    return request.amount_minor, request.description


@pytest.mark.parametrize(
    ("text", "minor"),
    [("29.90", 2990), ("29,9", 2990), (" 5 ", 500), ("0.01", 1), ("999999", 99_999_900)],
)
def test_reads_reais(text: str, minor: int) -> None:
    assert parse_amount(text, "BRL") == minor


@pytest.mark.parametrize("text", ["", "0", "0.00", "-1", "1.234", "1e3", "R$ 5", "١", "NaN", "10000000000", "5.0.0"])
def test_refuses_what_is_no_positive_amount(text: str) -> None:
    assert parse_amount(text, "BRL") is None


@pytest.mark.parametrize(("text", "minor"), [("25", 25), ("25.00", 25), ("25.50", None), ("0", None)])
def test_stars_are_whole(text: str, minor: int | None) -> None:
    assert parse_amount(text, "XTR") == minor


def test_prices_are_shown_as_the_locale_writes_them() -> None:
    assert format_price(2990, "BRL", "pt-br") == "R$ 29,90"
    assert format_price(2990, "BRL", "en") == "R$ 29.90"
    assert format_price(25, "XTR", "pt-br") == "25 ⭐"


def test_the_steps_own_amount_goes_first() -> None:
    assert charged(selling({"text": "VIP", "price": "10"}, "7.50").press(1)) == (750, "VIP")


def test_then_the_pressed_buttons_price() -> None:
    talk = selling({"text": "VIP", "price": "10", "description": "Grupo VIP"}, main_buttons=MAIN)
    assert charged(talk.press(1)) == (1000, "Grupo VIP")
    assert talk.of(RequestPayment)[0].button_index == 1


def test_then_the_main_button_of_the_same_index() -> None:
    talk = selling({"text": "VIP", "price": "{{first_name}}"}, main_buttons=MAIN).press(1)
    assert charged(talk) == (2000, "VIP")
    assert talk.problems == ["no_positive_amount"]


def test_then_the_first_main_button_with_a_warning() -> None:
    talk = selling({"text": "VIP"}, main_buttons=MAIN).press(1)
    assert charged(talk) == (5000, "Produto")
    assert talk.problems == ["amount_of_first_main_button"]


def test_a_version_without_main_buttons_has_the_bots() -> None:
    facts = Facts(main_buttons=({"text": "Ouro", "price": "50.00"},))
    assert charged(selling({"text": "VIP"}, facts=facts).press(1)) == (5000, "Produto")


def test_the_last_pressed_button_with_a_price_travels() -> None:
    talk = Talk(
        buttons("menu", {"text": "VIP", "price": "10"}, next="sure"),
        buttons("sure", "Sim", next="pay"),
        a_payment("pay", None, next="end", pending="end"),
        a_question("end"),
    ).begin()
    assert charged(talk.press(0).press(0)) == (1000, "VIP")


def test_the_steps_description_goes_first_and_may_hold_variables() -> None:
    talk = selling({"text": "VIP", "price": "10"}, config={"description": "Para {{first_name}}"})
    assert charged(talk.press(1)) == (1000, "Para Ana <3")


def test_a_price_may_not_use_what_a_contact_can_write() -> None:
    talk = Talk(
        a_question("ask", next="pay", config={"save_as": "price"}),
        a_payment("pay", "{{price}}", next="end", pending="end", retry="end"),
        a_question("end"),
    ).begin()
    assert talk.write("0.01").of(RequestPayment) == []
    assert talk.at == "end"


def test_a_bump_is_offered_and_added_when_accepted() -> None:
    talk = selling({"text": "VIP", "price": "10", "bump": BUMP}).press(1)
    assert (talk.at, talk.said) == ("menu", ["Leve o e-book?"])
    talk.press(BUMP_YES_BUTTON)
    assert charged(talk) == (1990, "VIP")
    assert talk.of(RequestPayment)[0].items == (Item("VIP", 1000), Item("Leve o e-book?", 990))


def test_a_bump_refused_is_not_added() -> None:
    talk = selling({"text": "VIP", "price": "10", "bump": BUMP}).press(1).press(BUMP_NO_BUTTON)
    assert charged(talk) == (1000, "VIP")


def test_a_bump_may_be_answered_in_words() -> None:
    talk = selling({"text": "VIP", "price": "10", "bump": BUMP}).press(1).write("sim, quero")
    assert charged(talk) == (1990, "VIP")


def upselling() -> Talk:
    """A product with a bump, then another payment with an amount of its own."""
    return Talk(
        buttons("menu", {"text": "VIP", "price": "10", "bump": BUMP}, next="pay"),
        a_payment("pay", None, next="more", pending="more"),
        a_payment("more", "97", next="end", pending="end"),
        a_question("end"),
    ).begin()


def test_a_bump_that_is_paid_is_not_sold_again_with_the_next_charge() -> None:
    talk = upselling().press(0).press(BUMP_YES_BUTTON)
    assert charged(talk)[0] == 1990
    assert charged(talk.charge_ready().paid())[0] == 9700


def test_a_bump_that_is_not_paid_yet_stays_with_the_next_charge() -> None:
    talk = upselling().press(0).press(BUMP_YES_BUTTON).charge_ready()
    assert charged(talk.says_paid().checked())[0] == 9700 + 990


def test_a_bump_that_was_not_offered_cannot_be_accepted() -> None:
    talk = selling({"text": "VIP", "price": "10", "bump": BUMP}).press(BUMP_YES_BUTTON)
    assert talk.at == "menu"
    assert talk.of(RequestPayment) == []
