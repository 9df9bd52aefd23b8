"""A purchase in Stars: asked before, delivered only when the money came, given back whole."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from bots.outbox.models import OutboxMessage, Queue
from bots.outbox.publish import NewMessage, publish
from bots.outbox.relay import run_until_empty
from bots.tenancy import organization_scope
from payments.gateways.registry import gateway_of
from payments.models import GatewayAccount, Grant, Payment, PaymentEvent
from payments.services.accounts import access_to
from telegram_gateway.checkouts import process_checkouts
from telegram_gateway.models import TelegramUpdate, UpdateState
from tests.purchase.stars.support import ACCESS, ask, texts_of, to_the_invoice
from tests.support.world import TOKEN, World

HOSTILE: dict[str, dict[str, Any]] = {
    "in reais": {"currency": "BRL"},
    "in dollars": {"currency": "USD"},
    "in no currency": {"currency": None},
    "one Star less": {"total_amount": 49},
    "one Star more": {"total_amount": 51},
    "no Stars": {"total_amount": 0},
    "fewer than none": {"total_amount": -50},
    "half a Star": {"total_amount": 49.5},
    "a yes for a number": {"total_amount": True},
    "more Stars than there are": {"total_amount": 10**17},
    "no number at all": {"total_amount": 10**400},
    "no payload": {"invoice_payload": ""},
    "a list for a payload": {"invoice_payload": [1]},
    "a NUL in the payload": {"invoice_payload": "a\x00b"},
    "no payment's id": {"telegram_payment_charge_id": ""},
}


def test_the_invoice_asks_for_the_step_s_stars(world: World) -> None:
    ana = world.person(1)
    link = to_the_invoice(world, ana)
    invoice = world.telegram.stars.invoices[TOKEN][link]
    payment = world.charge_of(ana)
    assert (invoice.stars, invoice.title, invoice.payload) == (50, "VIP 30 dias", payment.idempotency_key)
    assert (payment.account.gateway, payment.account.stars_of_id) == ("stars", world.bot.pk)


def test_whoever_pays_is_served_once_however_often_telegram_says_so(world: World) -> None:
    ana = world.person(2)
    link = to_the_invoice(world, ana)
    assert ask(world, ana, link) is None
    assert ACCESS not in texts_of(world, ana), "nothing is delivered before the money came"
    charge_id = ana.pay_stars(link)
    world.settle()
    ana.tell_payment(link, charge_id)
    world.settle()
    (order,) = world.orders_of(ana)
    assert (order.status, order.served_at is not None) == ("paid", True)
    assert texts_of(world, ana).count(ACCESS) == 1
    assert world.charge_of(ana).end_to_end_id == charge_id


def test_a_payment_whose_word_was_lost_is_found_in_the_bot_s_list(world: World) -> None:
    ana = world.person(3)
    link = to_the_invoice(world, ana)
    world.telegram.stars.fill(TOKEN, 350)
    invoice = world.telegram.stars.invoices[TOKEN][link]
    world.telegram.stars.pay(TOKEN, invoice.payload, user_id=ana.user_id, stars=invoice.stars)
    Payment.unscoped.update(next_poll_at=timezone.now())
    world.settle()
    assert ACCESS in texts_of(world, ana)


def test_i_have_paid_is_answered_from_the_list(world: World) -> None:
    ana = world.person(4)
    to_the_invoice(world, ana)
    said = world.press(ana, "Já paguei")
    assert ACCESS not in said
    assert world.charge_of(ana).status == "pending"


def test_what_is_paid_already_cannot_be_paid_again(world: World) -> None:
    ana = world.person(5)
    link = to_the_invoice(world, ana)
    ana.pay_stars(link)
    world.settle()
    assert ask(world, ana, link) == "Isto já está pago. Nada foi cobrado agora."


def test_nobody_else_pays_for_the_buyer_by_mistake(world: World) -> None:
    ana, bia = world.person(6), world.person(7)
    link = to_the_invoice(world, ana)
    assert "outra pessoa" in (ask(world, bia, link) or "")


def test_a_charge_that_is_over_or_was_replaced_is_not_open(world: World) -> None:
    ana = world.person(8)
    link = to_the_invoice(world, ana)
    Payment.unscoped.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "não está mais aberto" in (ask(world, ana, link) or "")


def test_another_amount_than_asked_for_is_refused(world: World) -> None:
    ana = world.person(9)
    link = to_the_invoice(world, ana)
    assert "não está mais aberto" in (ask(world, ana, link, stars=1) or "")


def test_money_for_a_charge_nobody_knows_is_kept_for_the_team(world: World) -> None:
    ana = world.person(10)
    link = to_the_invoice(world, ana)
    Payment.unscoped.update(idempotency_key="other")
    ana.pay_stars(link)
    world.settle()
    row = TelegramUpdate.unscoped.get(kind="successful_payment")
    assert (row.state, row.error) == (UpdateState.SET_ASIDE, "unknown charge")
    assert ACCESS not in texts_of(world, ana)


def test_a_payload_of_another_bot_means_nothing_here(world: World) -> None:
    ana = world.person(11)
    link = to_the_invoice(world, ana)
    GatewayAccount.unscoped.filter(gateway="stars").update(stars_of=None, gateway="sandbox")
    assert "não está mais aberto" in (ask(world, ana, link) or "")


def test_money_that_comes_after_the_end_is_served_all_the_same(world: World) -> None:
    ana = world.person(12)
    link = to_the_invoice(world, ana)
    Payment.unscoped.update(status="expired", expires_at=timezone.now() - timedelta(hours=1))
    ana.pay_stars(link)
    world.settle()
    assert world.charge_of(ana).late
    assert ACCESS in texts_of(world, ana)


def test_a_refund_gives_all_of_it_back_and_is_told_once(world: World) -> None:
    ana = world.person(13)
    link = to_the_invoice(world, ana)
    charge_id = ana.pay_stars(link)
    world.settle()
    payment = world.charge_of(ana)
    stars = gateway_of("stars")
    for _ in range(2):
        charge = stars.refund(
            access_to(payment.account), provider_id=payment.provider_id, amount=payment.amount, key="refund"
        )
        assert charge.status == "refunded"
    assert len(world.telegram.accepted("refundStarPayment")) == 1
    ana.tell_payment(link, charge_id, kind="refunded_payment")
    world.settle()
    assert world.charge_of(ana).status == "refunded"


def test_an_answer_that_comes_too_late_is_not_sent(world: World) -> None:
    ana = world.person(14)
    link = to_the_invoice(world, ana)
    ana.ask_to_pay(link)
    TelegramUpdate.unscoped.filter(kind="pre_checkout_query").update(created_at=timezone.now() - timedelta(seconds=11))
    world.settle()
    assert world.telegram.attempts("answerPreCheckoutQuery") == []
    assert OutboxMessage.unscoped.get(topic="checkout.answer").state == "dead"


def test_a_question_is_answered_while_every_other_queue_is_full(world: World) -> None:
    """Nothing but checkouts is moved on here: neither the inbox, nor messages, nor payments get a turn."""
    ana = world.person(15)
    link = to_the_invoice(world, ana)
    with organization_scope(world.organization.pk), transaction.atomic():
        publish(
            [
                NewMessage(topic=topic, key=f"full:{topic}:{n}", organization_id=world.organization.pk, payload={})
                for topic in ("payment.check", "message.send")
                for n in range(2_000)
            ]
        )
    for n in range(200):
        world.person(1_000 + n).say("oi")
        world.person(1_000 + n).block()
    update_id = ana.ask_to_pay(link)
    process_checkouts()
    run_until_empty(Queue.CHECKOUT)
    assert ana.may_pay(update_id, timeout=1) is None
    assert OutboxMessage.unscoped.filter(state="new").count() == 4_000


def test_a_payment_that_is_not_this_charge_s_pays_nothing_and_is_seen(world: World) -> None:
    overlooked = {}
    for number, (name, lie) in enumerate(HOSTILE.items()):
        ana = world.person(30_000 + number)
        link = to_the_invoice(world, ana)
        invoice = world.telegram.stars.invoices[TOKEN][link]
        paid = {
            "currency": "XTR",
            "total_amount": invoice.stars,
            "invoice_payload": invoice.payload,
            "telegram_payment_charge_id": "stx-hostile",
            **lie,
        }
        update_id = ana.send(ana.message(successful_payment=paid))
        world.settle()
        payment = world.charge_of(ana)
        given = Grant.unscoped.filter(telegram_user_id=ana.user_id).count()
        state = TelegramUpdate.unscoped.get(external_id=str(update_id)).state
        alarmed = PaymentEvent.unscoped.filter(payment=payment).exclude(alarm="").exists()
        # Either the team sees it, or the seller.
        seen = (state, alarmed) in ((UpdateState.SET_ASIDE, False), (UpdateState.DONE, True))
        if (payment.status, given, seen) != ("pending", 0, True):
            overlooked[name] = (payment.status, given, state, alarmed)
    assert overlooked == {}
