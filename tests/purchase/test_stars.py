"""A purchase in Telegram's own Stars: asked before, delivered only when the money came, given back whole."""

import threading
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from bots.models import Channel
from bots.outbox.models import OutboxMessage, Queue
from bots.outbox.publish import NewMessage, publish
from bots.outbox.relay import run_until_empty
from bots.tenancy import organization_scope
from flows.engine.effects import RenewPayment
from flows.topics import Envelope
from payments.domain.ledger import Standing, fold
from payments.gateways.registry import gateway_of
from payments.models import GatewayAccount, Grant, Order, Payment, PaymentEvent
from payments.services import stars as stars_service
from payments.services.accounts import access_to
from payments.services.handling import renew
from telegram_gateway import checkouts
from telegram_gateway.checkouts import process_checkouts
from telegram_gateway.models import TelegramUpdate, UpdateState
from tests.purchase.conftest import OpenWorld
from tests.support.fake_telegram import Chat
from tests.support.flows import a_flow, a_payment, an_access, buttons
from tests.support.races import Rival, together
from tests.support.world import TOKEN, World

ACCESS = "Bem-vindo! Seu acesso: https://example.com/vip"


def stars_flow() -> Any:
    return a_flow(
        [
            buttons("menu", {"text": "Quero", "target_step": "pay"}, text="Olá!"),
            a_payment("pay", "50", config={"currency": "XTR", "description": "VIP 30 dias"}, next="vip"),
            an_access("vip", ACCESS),
        ]
    )


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    return open_world(stars_flow())


def to_the_invoice(world: World, chat: Chat) -> str:
    """From hello to the invoice; its link."""
    world.say(chat, "/start")
    world.press(chat, "Quero")
    urls = [
        button["url"] for call in world.telegram.sent_to(chat.user_id) for button in call.buttons if "url" in button
    ]
    return str(urls[-1])


def ask(world: World, chat: Chat, link: str, **more: Any) -> str | None:
    """Press *Pay*; None if the buyer may, else what Telegram shows."""
    update_id = chat.ask_to_pay(link, **more)
    world.settle()
    return chat.may_pay(update_id, timeout=1)


def texts_of(world: World, chat: Chat) -> list[str]:
    return [call.text for call in world.telegram.sent_to(chat.user_id)]


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


def lines_of(payment: Payment) -> list[tuple[str, str]]:
    """What the ledger says after the charge was made."""
    events = PaymentEvent.unscoped.filter(payment=payment).exclude(kind="created").order_by("id")
    return [(event.kind, event.alarm) for event in events]


def folded(payment: Payment) -> Standing:
    return fold(event.line for event in PaymentEvent.unscoped.filter(payment=payment).order_by("id"))


def test_two_words_of_one_payment_at_once_pay_once(world: World) -> None:
    ana = world.person(20)
    link = to_the_invoice(world, ana)
    charge_id = ana.pay_stars(link)
    ana.tell_payment(link, charge_id)
    assert together([process_checkouts] * 2, database=True) != []
    world.settle()
    assert lines_of(world.charge_of(ana)) == [("moved", "")]
    assert texts_of(world, ana).count(ACCESS) == 1
    assert UpdateState.SET_ASIDE not in TelegramUpdate.unscoped.values_list("state", flat=True)


def paid_twice(world: World, ana: Chat) -> Payment:
    """Two questions are answered before any money comes; then it comes twice, in two workers at once."""
    link = to_the_invoice(world, ana)
    assert [ask(world, ana, link), ask(world, ana, link)] == [None, None]
    ana.pay_stars(link)
    ana.pay_stars(link)
    assert [answer for answer in together([process_checkouts] * 2) if isinstance(answer, BaseException)] == []
    world.settle()
    return world.charge_of(ana)


def test_one_invoice_paid_twice_is_served_once_and_put_before_the_seller(world: World) -> None:
    ana = world.person(21)
    payment = paid_twice(world, ana)
    assert (payment.status, payment.overpaid, folded(payment).received_minor) == ("paid", True, 100)
    assert [alarm for _kind, alarm in lines_of(payment) if alarm] == ["overpaid"]
    assert texts_of(world, ana).count(ACCESS) == 1


def test_its_twin_that_looks_before_it_locks_does_not_see_the_second_payment(world: World) -> None:
    ana = world.person(22)
    gate = threading.Barrier(2)

    def looked(payment_id: UUID) -> Payment:
        row = Payment.objects.get(pk=payment_id)
        gate.wait(timeout=20)
        return row

    with (
        patch.object(stars_service, "lock_order", lambda order_id: Order.objects.get(pk=order_id)),
        patch.object(stars_service, "lock_payment", looked),
    ):
        payment = paid_twice(world, ana)
    assert (payment.status, payment.overpaid, folded(payment).received_minor) == ("paid", False, 50)


def test_the_second_payment_going_back_leaves_the_first(world: World) -> None:
    ana = world.person(23)
    payment = paid_twice(world, ana)
    link = next(iter(world.telegram.stars.invoices[TOKEN]))
    other = next(line["id"] for line in world.telegram.stars.transactions[TOKEN] if line["id"] != payment.end_to_end_id)
    for _ in range(2):
        ana.tell_payment(link, other, kind="refunded_payment")
        world.settle()
    payment.refresh_from_db()
    assert (payment.status, world.orders_of(ana)[0].status) == ("paid", "paid")
    assert lines_of(payment)[-1] == ("refused", "")
    ana.tell_payment(link, payment.end_to_end_id, kind="refunded_payment")
    world.settle()
    payment.refresh_from_db()
    assert payment.status == "refunded"


def test_a_refund_of_a_payment_nobody_told_of_is_put_before_the_seller(world: World) -> None:
    ana = world.person(24)
    link = to_the_invoice(world, ana)
    ana.pay_stars(link)
    ana.tell_payment(link, "stx-never-seen", kind="refunded_payment")
    world.settle()
    payment = world.charge_of(ana)
    assert payment.status == "paid"
    assert lines_of(payment)[-1] == ("refused", "contradiction")


def paid_and_given_back(world: World, ana: Chat) -> Payment:
    """Both words wait, and two workers take them at once, the refund's worker first."""
    link = to_the_invoice(world, ana)
    charge_id = ana.pay_stars(link)
    ana.tell_payment(link, charge_id, kind="refunded_payment")
    waits = threading.Event()
    take = stars_service.take_payment

    def slowly(*args: Any, **options: Any) -> Any:
        rival = Rival(process_checkouts)
        rival.settle()
        waits.set()
        rivals.append(rival)
        return take(*args, **options)

    rivals: list[Rival] = []
    with patch.object(stars_service, "take_payment", slowly):
        process_checkouts()
    for rival in rivals:
        rival.answer()
    assert waits.is_set()
    world.settle()
    return world.charge_of(ana)


def test_money_that_came_and_went_is_booked_in_that_order_whoever_is_faster(world: World) -> None:
    ana = world.person(25)
    payment = paid_and_given_back(world, ana)
    assert (payment.status, lines_of(payment)) == ("refunded", [("moved", ""), ("moved", "")])
    assert (folded(payment).received_minor, folded(payment).refunded_minor) == (50, 50)


def test_its_twin_that_takes_any_row_books_a_refund_of_money_never_seen(world: World) -> None:
    ana = world.person(26)

    def any_row() -> Any:
        return TelegramUpdate.unscoped.filter(state=UpdateState.NEW, kind__in=checkouts.KINDS).order_by("-id")

    with patch.object(checkouts, "_waiting", any_row):
        payment = paid_and_given_back_in_turn(world, ana)
    assert [alarm for _kind, alarm in lines_of(payment)] == ["refunded_unseen", "backwards"]


def paid_and_given_back_in_turn(world: World, ana: Chat) -> Payment:
    link = to_the_invoice(world, ana)
    charge_id = ana.pay_stars(link)
    ana.tell_payment(link, charge_id, kind="refunded_payment")
    process_checkouts()
    return world.charge_of(ana)


def test_money_let_in_for_a_charge_that_is_replaced_meanwhile_is_served_once(world: World) -> None:
    """The buyer may pay; before the money comes another worker makes a new code, and that one is paid as well."""
    ana = world.person(27)
    link = to_the_invoice(world, ana)
    assert ask(world, ana, link) is None
    first = world.charge_of(ana)
    effect = RenewPayment(visit=first.visit, payment_id=first.pk)
    envelope = Envelope(
        organization_id=world.organization.pk,
        bot_id=world.bot.pk,
        contact_id=first.contact_id,
        conversation_id=world.conversation_of(ana).pk,
        telegram_user_id=ana.user_id,
        channel=Channel.TELEGRAM,
        run_id=first.run_id,
        version_id=world.version().pk,
        effect=effect,
    )
    renew(envelope, effect, key="renewed")
    world.settle()
    second = world.charge_of(ana)
    newer = next(
        one
        for one, invoice in world.telegram.stars.invoices[TOKEN].items()
        if invoice.payload == second.idempotency_key
    )
    assert "não está mais aberto" in (ask(world, ana, link) or ""), "the old one is closed to new questions"
    assert ask(world, ana, newer) is None
    ana.pay_stars(link)
    ana.pay_stars(newer)
    world.settle()
    (order,) = world.orders_of(ana)
    assert (order.status, order.paid_by_id) == ("paid", first.pk)
    second.refresh_from_db()
    assert (second.status, second.overpaid) == ("paid", True)
    assert texts_of(world, ana).count(ACCESS) == 1
    assert Grant.unscoped.filter(telegram_user_id=ana.user_id).count() == 1


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
