"""Welcome mode: the bot's own fields, run by the same engine."""

from typing import Any

from flows.engine.compile import VersionKind
from flows.engine.effects import OrderServed, RequestPayment
from flows.engine.state import Status
from flows.engine.welcome import welcome_document
from tests.support.conversation import ORDER, Talk

VIP = {
    "text": "VIP 30 dias",
    "price": "29.90",
    "description": "Grupo VIP",
    "access": {"text": "Bem-vindo!", "link": "https://example.com/vip"},
}
ABOUT = {"text": "Sobre", "description": "Somos nós"}
HELP = {"text": "Suporte", "url": "https://example.com"}


def welcomed(message: str = "Olá {{first_name}}!", main: Any = (VIP, ABOUT), links: Any = (HELP,)) -> Talk:
    return Talk(document=welcome_document(message, main, links), kind=VersionKind.WELCOME).begin()


def test_nothing_of_the_document_is_skipped() -> None:
    assert welcomed().flow.skipped == ()


def test_the_welcome_shows_every_button() -> None:
    talk = welcomed()
    assert talk.said == ["Olá Ana &lt;3!"]
    assert [button.text for row in talk.messages[0].buttons for button in row] == ["VIP 30 dias", "Sobre", "Suporte"]


def test_the_same_fields_give_the_same_document() -> None:
    assert welcome_document("Oi", [VIP], [HELP]) == welcome_document("Oi", [VIP], [HELP])


def test_a_priced_button_is_charged_and_its_access_given() -> None:
    talk = welcomed().press(0)
    (request,) = talk.of(RequestPayment)
    assert (request.amount_minor, request.description) == (2990, "Grupo VIP")
    assert request.deliver == {**VIP["access"], "mode": "join_request"}  # type: ignore[dict-item]
    talk.charge_ready().paid()
    assert talk.said == ["Bem-vindo!\nhttps://example.com/vip", "Olá Ana &lt;3!"]
    assert talk.of(OrderServed) == [OrderServed(ORDER)]
    assert talk.at == "welcome"


def test_still_unpaid_brings_the_buttons_again() -> None:
    assert welcomed().press(0).charge_ready().checked().said == ["Olá Ana &lt;3!"]


def test_an_unpriced_button_says_its_description_and_the_buttons_come_again() -> None:
    talk = welcomed()
    for _ in range(3):
        assert talk.press(1).said == ["Somos nós", "Olá Ana &lt;3!"]


def test_another_product_may_be_pressed_while_one_is_charged() -> None:
    other = {**VIP, "text": "VIP 90 dias", "price": "59.90"}
    talk = welcomed(main=[VIP, other]).press(0).charge_ready().press(1, wait=1, step="welcome")
    assert talk.of(RequestPayment)[0].amount_minor == 5990


def test_without_a_button_to_press_the_run_ends_after_the_text() -> None:
    talk = welcomed(main=[])
    assert talk.state.status is Status.ENDED
    assert talk.messages[0].buttons[0][0].url == "https://example.com"


def test_an_empty_welcome_has_its_default_text() -> None:
    assert welcomed(" ", main=[], links=[]).said == ["Olá! Bem-vindo!"]


def test_a_button_without_description_or_access_still_says_something() -> None:
    talk = welcomed(main=[{"text": "Nada"}, {"text": "Apoio", "price": "5"}])
    assert talk.press(0).said[0] == "Produto"
    assert talk.press(1).paid().said[0] == "Pagamento confirmado. Obrigado!"


def test_rubbish_in_the_fields_raises_nothing() -> None:
    document = welcome_document("Oi", [{"text": 5}, "x", {"url": None}], [{}])  # type: ignore[list-item]
    assert Talk(document=document, kind=VersionKind.WELCOME).begin().state.status is not Status.NEW
