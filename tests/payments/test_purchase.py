"""A whole sale through the drain and the relay in this process: each of our topics as the outbox hands it over."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bots.models import Bot
from bots.outbox.models import OutboxMessage, Queue
from bots.outbox.relay import run_once
from bots.tenancy import organization_scope
from flows.engine.events import NEW_CODE_BUTTON, PAID_BUTTON
from payments import selectors
from payments.domain.brcode import parse
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import Grant, Order, Payment
from payments.selectors import ProofState
from payments.services import ensure_sandbox_account, poll_due
from payments.services.sandbox import Act, act
from tests.factories.flows import Person, drain, make_flow_bot
from tests.support.flows import a_flow, a_payment, an_access

pytestmark = pytest.mark.django_db(transaction=True)

FLOW = a_flow(
    [
        a_payment("pay", "29.90", config={"description": "VIP", "deliver": {"text": "Seu acesso"}}, next="vip"),
        an_access("vip", "Bem-vindo!"),
    ]
)


@pytest.fixture
def person() -> Person:
    bot: Bot = make_flow_bot(FLOW)
    ensure_sandbox_account(bot.organization)
    return Person(bot)


def work() -> None:
    """What workers do until nothing is left; messages count as sent."""
    for _ in range(10):
        drain()
        run_once(Queue.PAYMENTS)
        now = timezone.now()
        OutboxMessage.unscoped.filter(queue=Queue.OUTBOX, state="new").update(state="done", done_at=now)
        OutboxMessage.unscoped.filter(topic="order.served", state="new").update(due_at=now)


def pay(what: Act = Act.PAY) -> None:
    act(SandboxCharge.unscoped.latest("id").token, what, notify=False)
    Payment.unscoped.update(next_poll_at=timezone.now() - timedelta(seconds=1))


def charge_button(person: Person, index: int) -> None:
    buttons = [button for message in person.messages for row in message.buttons for button in row]
    person.press(next(button for button in reversed(buttons) if button.ref and button.ref.index == index))


def test_from_start_to_access(person: Person) -> None:
    person.start()
    work()
    payment = Payment.unscoped.get()
    assert parse(payment.br_code).amount == payment.amount
    assert any(payment.br_code in text for text in person.texts)
    pay()
    poll_due()
    work()
    assert person.texts[-2:] == ["Seu acesso", "Bem-vindo!"]
    order = Order.unscoped.get()
    with organization_scope(order.organization_id):
        proof = selectors.proof_of_sale(order)
    assert [stop.state for stop in proof] == [ProofState.DONE] * 4
    times = [stop.at for stop in proof if stop.at]
    assert times == sorted(times)
    assert Grant.unscoped.filter(order=order).count() == 2
    assert person.runs[0].status == "ended"


def test_pressing_paid_finds_the_money(person: Person) -> None:
    person.start()
    work()
    pay()
    charge_button(person, PAID_BUTTON)
    work()
    assert (Order.unscoped.get().status, person.texts[-1]) == ("paid", "Bem-vindo!")


def test_an_expired_code_is_replaced_by_a_press_and_paid(person: Person) -> None:
    person.start()
    work()
    pay(Act.EXPIRE)
    poll_due()
    work()
    assert Order.unscoped.get().status == "expired"
    charge_button(person, NEW_CODE_BUTTON)
    work()
    assert Payment.unscoped.count() == 2
    pay()
    poll_due()
    work()
    order = Order.unscoped.get()
    assert (order.status, order.served_at is not None, person.texts[-1]) == ("paid", True, "Bem-vindo!")


def test_a_gateway_that_is_down_and_comes_back(person: Person) -> None:
    account = ensure_sandbox_account(person.bot.organization)
    account.credentials = {"fault": "down"}
    account.save()
    person.start()
    work()
    assert Payment.unscoped.get().provider_id == ""
    account.credentials = {}
    account.save()
    OutboxMessage.unscoped.filter(topic="payment.request").update(due_at=timezone.now())
    work()
    assert any(Payment.unscoped.get().br_code in text for text in person.texts)


def test_paid_after_the_run_was_restarted_is_served_once(person: Person) -> None:
    person.start()
    work()
    pay()
    poll_due()
    person.start()
    work()
    assert person.texts.count("Seu acesso") == 1
    assert Order.unscoped.filter(status="paid").count() == 1
