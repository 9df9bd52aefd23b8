"""The whole purchase through each gateway: from hello to the access, with real HTTP on both sides of us."""

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from bots.tenancy import organization_scope
from payments.gateways.woovi.adapter import key_ring
from payments.models import GatewayAccount, Grant, Payment, WebhookDelivery
from payments.services import set_bot_accounts
from payments.services.accounts import webhook_url
from tests.factories.gateways import may_be_asked_again
from tests.purchase.conftest import OpenWorld
from tests.support.fake_gateways import FAKES, FakeGateway, FakePushinPay, Notice
from tests.support.fake_telegram import Chat
from tests.support.flows import a_condition, a_flow, a_payment, a_question, an_access, buttons
from tests.support.world import World

SECRET = "the-account's-own"
CONFIRMED = "Pagamento confirmado. Seu acesso: https://example.com/vip"


@pytest.fixture(params=FAKES, ids=lambda kind: kind.name.value)
def fake(request: pytest.FixtureRequest, settings: Any) -> Iterator[FakeGateway]:
    key_ring.forget()
    with request.param() as running:
        setattr(settings, running.setting, running.url)
        yield running


@pytest.fixture
def world(open_world: OpenWorld, fake: FakeGateway) -> World:
    """The shop charges at the fake alone."""
    world = open_world(asks_everything())
    with organization_scope(world.organization.pk):
        account = GatewayAccount(organization=world.organization, gateway=fake.name.value, name="Principal")
        account.credentials, account.webhook_secret = fake.credentials, SECRET
        account.save()
    set_bot_accounts(organization_id=world.organization.pk, bot_id=world.bot.pk, account_ids=[account.pk])
    return world


def asks_everything() -> dict[str, Any]:
    """A sale that asks what any gateway may need of the payer, and invents nothing."""
    return a_flow(
        [
            buttons(
                "menu",
                "Quero entrar",
                text="Oi!",
                conditions=[a_condition("button_click", "ask_name", button_text="Quero entrar")],
            ),
            a_question("ask_name", "Seu nome?", config={"save_as": "nome"}, next="ask_cpf"),
            a_question("ask_cpf", "Seu CPF?", config={"save_as": "cpf"}, next="ask_email"),
            a_question("ask_email", "Seu e-mail?", config={"save_as": "email"}, next="pay"),
            a_payment(
                "pay",
                config={
                    "description": "VIP 30 dias",
                    "deliver": {"text": CONFIRMED},
                    "payer": {"email": "email", "document": "cpf", "name": "nome"},
                },
                next="vip",
                pending="vip",
            ),
            an_access("vip", "Bem-vindo ao VIP!", config={"link": "https://example.com/vip"}),
        ]
    )


def to_the_code(world: World, chat: Chat) -> list[str]:
    world.say(chat, "/start")
    world.press(chat, "Quero entrar")
    world.say(chat, "Ana Souza")
    world.say(chat, "529.982.247-25")
    return world.say(chat, "ana@example.com")


def deliver(world: World, payment: Payment, notice: Notice) -> None:
    """The gateway calls our address, over HTTP."""
    account = GatewayAccount.unscoped.get(pk=payment.account_id)
    target = urlsplit(webhook_url(account))
    connection = http.client.HTTPConnection(target.netloc, timeout=10)
    headers = {"Content-Type": notice.content_type, **notice.headers}
    connection.request("POST", f"{target.path}?{notice.query}", body=notice.body, headers=headers)
    assert connection.getresponse().status == 200
    connection.close()


def check_served_once(world: World, chat: Chat) -> None:
    (order,) = world.orders_of(chat)
    assert (order.status, order.served_at is not None) == ("paid", True)
    texts = [call.text for call in world.telegram.sent_to(chat.user_id)]
    assert sum(CONFIRMED in text for text in texts) == 1, texts
    assert Grant.unscoped.filter(telegram_user_id=chat.user_id, step_id="pay").count() == 1


def test_from_hello_to_the_access(world: World, fake: FakeGateway) -> None:
    ana = world.person(1)
    said = to_the_code(world, ana)
    payment = world.charge_of(ana)
    assert any(fake.newest().br_code in text for text in said)
    assert any("A PUSHIN PAY atua" in text for text in said) is isinstance(fake, FakePushinPay)
    fake.newest().pay()
    for _ in range(2):
        deliver(world, payment, fake.notice(fake.newest(), secret=SECRET))
    world.settle()
    check_served_once(world, ana)
    # One that says no more than which charge is asked about once more, when that may be.
    may_be_asked_again()
    WebhookDelivery.unscoped.filter(state="new").update(next_try_at=timezone.now())
    world.settle()
    check_served_once(world, ana)
    assert WebhookDelivery.unscoped.exclude(state="done").count() == 0


def test_a_lost_notice_is_made_up_for_by_the_press(world: World, fake: FakeGateway) -> None:
    ana = world.person(2)
    to_the_code(world, ana)
    fake.newest().pay()
    world.press(ana, "Já paguei")
    check_served_once(world, ana)


def test_a_lost_notice_is_found_by_polling(world: World, fake: FakeGateway) -> None:
    ana = world.person(3)
    to_the_code(world, ana)
    fake.newest().pay()
    Payment.unscoped.update(next_poll_at=timezone.now())
    world.settle()
    check_served_once(world, ana)


def test_a_forged_notice_gives_nothing(world: World, fake: FakeGateway) -> None:
    ana = world.person(4)
    to_the_code(world, ana)
    deliver(world, world.charge_of(ana), fake.forged(fake.newest()))
    world.settle()
    assert [order.status for order in world.orders_of(ana)] == ["open"]
    assert WebhookDelivery.unscoped.get().state == "forged"
