"""Stars when two things come at once: one payment told twice, two payments of one invoice, money that came and went."""

import threading
from typing import Any
from unittest.mock import patch
from uuid import UUID

from bots.models import Channel
from flows.engine.effects import RenewPayment
from flows.topics import Envelope
from payments.domain.ledger import Standing, fold
from payments.models import Grant, Order, Payment, PaymentEvent
from payments.services import stars as stars_service
from payments.services.handling import renew
from telegram_gateway import checkouts
from telegram_gateway.checkouts import process_checkouts
from telegram_gateway.models import TelegramUpdate, UpdateState
from tests.purchase.stars.support import ACCESS, ask, texts_of, to_the_invoice
from tests.support.fake_telegram import Chat
from tests.support.races import Rival, together
from tests.support.world import TOKEN, World


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
