"""Selling more inside the flow: an extra on the button, a coupon, an upsell and a downsell after what was delivered."""

from typing import Any

import pytest

from flows.models import Run
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import CouponUse, Grant, Payment
from payments.services.sandbox import Act, act
from tests.purchase.conftest import OpenWorld
from tests.support.fake_telegram import Chat
from tests.support.flows import a_deliver, a_flow, a_payment, a_question, an_access, buttons
from tests.support.world import World

TEN_ONCE = {"code": "DEZ", "percent": 10, "limit": 1}
USED = "Cupom DEZ aplicado: R$ 10,00 de desconto."
USED_UP = "Este cupom já se esgotou. O preço é o normal."


def funnel() -> dict[str, Any]:
    """VIP with an e-book beside it; then a course, and its recording for who does not want that."""
    return a_flow(
        [
            buttons(
                "menu",
                {
                    "text": "VIP",
                    "price": "100.00",
                    "description": "Grupo VIP",
                    "target_step": "pay",
                    "bump": {"text": "Levar também o e-book?", "price": "20.00"},
                },
                text="Oi!",
            ),
            a_payment("pay", None, config={"coupons": [TEN_ONCE]}, next="give", pending="later"),
            a_deliver("give", "Aqui está o VIP", next="course"),
            buttons(
                "course",
                {"text": "Quero o curso", "price": "200.00", "target_step": "pay_course"},
                {"text": "Não, obrigado", "target_step": "recording"},
                text="E o curso?",
            ),
            a_payment("pay_course", None, next="give_course", pending="later"),
            a_deliver("give_course", "Aqui está o curso", next="bye"),
            buttons(
                "recording",
                {"text": "Quero a gravação", "price": "50.00", "target_step": "pay_recording"},
                {"text": "Agora não", "target_step": "bye"},
                text="Só a gravação?",
            ),
            a_payment(
                "pay_recording", None, config={"description": "Gravação"}, next="give_recording", pending="later"
            ),
            a_deliver("give_recording", "Aqui está a gravação", next="bye"),
            a_question("later", "Ainda quer?", next="bye"),
            an_access("bye", "Até logo!"),
        ]
    )


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    return open_world(funnel())


def to_the_charge(world: World, chat: Chat, *, extra: bool = False) -> list[str]:
    world.say(chat, "/start")
    world.press(chat, "VIP")
    return world.press(chat, "Sim, quero" if extra else "Não, obrigado")


def sales_of(world: World, chat: Chat) -> list[tuple[str, int, int, str]]:
    """What was sold, for how much, how much less than its items, and by which state it goes."""
    return [
        (order.description, order.amount_minor, sum(item["amount_minor"] for item in order.items), order.status)
        for order in sorted(world.orders_of(chat), key=lambda order: order.pk)
    ]


def pay_at(world: World, chat: Chat, amount_minor: int) -> None:
    """Pays the charge of this amount, whichever came first."""
    charge = Payment.unscoped.get(contact__telegram_user_id=chat.user_id, amount_minor=amount_minor)
    act(SandboxCharge.unscoped.get(reference=charge.idempotency_key).token, Act.PAY)
    world.settle()


def check_all_served(world: World, chat: Chat, *given: str) -> None:
    paid = [order for order in world.orders_of(chat) if order.status == "paid"]
    assert [order.served_at is not None for order in paid] == [True] * len(paid)
    texts = [call.text for call in world.telegram.sent_to(chat.user_id)]
    assert [text for text in texts if text.startswith("Aqui está")] == list(given)
    assert not Run.unscoped.filter(owes=True).exists()
    assert Grant.unscoped.filter(order__in=paid).count() >= len(given)


def test_an_extra_a_coupon_and_a_downsell_after_what_was_delivered(world: World) -> None:
    ana = world.person(1)
    assert any("R$ 120,00" in text for text in to_the_charge(world, ana, extra=True))
    lowered = world.say(ana, " dez ")
    assert any(USED in text for text in lowered)
    assert any("R$ 110,00" in text for text in lowered)
    assert world.pay(ana)[:2] == ["Aqui está o VIP", "E o curso?"]
    assert world.press(ana, "Não, obrigado") == ["Só a gravação?"]
    assert any("R$ 50,00" in text for text in world.press(ana, "Quero a gravação"))
    assert world.pay(ana) == ["Aqui está a gravação", "Até logo!"]
    full, vip, recording = sorted(world.orders_of(ana), key=lambda order: order.pk)
    assert sales_of(world, ana) == [
        ("Grupo VIP", 120_00, 120_00, "open"),
        ("Grupo VIP", 110_00, 120_00, "paid"),
        # The extra was sold once, and the coupon is of the first payment.
        ("Gravação", 50_00, 50_00, "paid"),
    ]
    assert (vip.coupon, vip.discount_minor, full.coupon, recording.coupon) == ("DEZ", 10_00, "", "")
    assert CouponUse.unscoped.get().used == 1
    assert full.served_at is None


def test_the_charge_of_before_the_coupon_can_still_be_paid(world: World) -> None:
    ana = world.person(2)
    to_the_charge(world, ana)
    world.say(ana, "DEZ")
    pay_at(world, ana, 100_00)
    texts = [call.text for call in world.telegram.sent_to(ana.user_id)]
    assert texts.count("Aqui está o VIP") == 1
    assert {order.amount_minor: order.status for order in world.orders_of(ana)} == {100_00: "paid", 90_00: "open"}


def test_an_upsell_is_a_sale_of_its_own(world: World) -> None:
    ana = world.person(3)
    to_the_charge(world, ana)
    world.pay(ana)
    assert any("R$ 200,00" in text for text in world.press(ana, "Quero o curso"))
    assert world.pay(ana) == ["Aqui está o curso", "Até logo!"]
    assert sales_of(world, ana) == [
        ("Grupo VIP", 100_00, 100_00, "paid"),
        ("Quero o curso", 200_00, 200_00, "paid"),
    ]
    check_all_served(world, ana, "Aqui está o VIP", "Aqui está o curso")


def test_who_comes_too_late_for_the_coupon_hears_it_and_pays_the_full_price(world: World) -> None:
    ana, bia = world.person(4), world.person(5)
    to_the_charge(world, ana)
    world.say(ana, "dez")
    to_the_charge(world, bia)
    said = world.say(bia, "dez")
    assert said[0] == USED_UP
    assert any("R$ 100,00" in text for text in said)
    assert world.pay(bia)[0] == "Aqui está o VIP"
    assert [(order.amount_minor, order.coupon, order.status) for order in world.orders_of(bia)] == [
        (100_00, "", "paid")
    ]


def test_an_expired_code_gives_the_coupon_back_and_the_new_code_takes_it_again(world: World) -> None:
    ana = world.person(6)
    to_the_charge(world, ana)
    world.say(ana, "dez")
    said = world.pay(ana, Act.EXPIRE)
    assert said == ["Este código de pagamento não vale mais. Peça um novo código para pagar."]
    assert CouponUse.unscoped.get().used == 0
    assert any("R$ 90,00" in text for text in world.press(ana, "Novo código"))
    assert CouponUse.unscoped.get().used == 1
    assert world.pay(ana)[0] == "Aqui está o VIP"
    assert [order.amount_minor for order in world.orders_of(ana) if order.status == "paid"] == [90_00]


def test_a_new_code_whose_coupon_is_taken_meanwhile_is_made_at_the_full_price(world: World) -> None:
    ana, bia = world.person(7), world.person(8)
    to_the_charge(world, ana)
    world.say(ana, "dez")
    world.pay(ana, Act.EXPIRE)
    to_the_charge(world, bia)
    world.say(bia, "dez")
    said = world.press(ana, "Novo código")
    assert USED_UP in said
    assert any("R$ 100,00" in text for text in said)
    # The charge of before the coupon is still open, and is the one that is said again.
    pay_at(world, ana, 100_00)
    assert [(order.amount_minor, order.status) for order in world.orders_of(ana)] == [
        (100_00, "paid"),
        (90_00, "expired"),
    ]
    check_all_served(world, ana, "Aqui está o VIP")
    assert CouponUse.unscoped.get().used == 1
