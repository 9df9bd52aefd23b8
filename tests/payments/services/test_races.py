"""Everything at once: exactly one notice pays, one charge is open, nobody is forgotten. Each with its twin."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection

from bots.tenancy import organization_scope
from flows.engine.events import PaymentChanged
from payments.domain.events import EventKind, EventSource
from payments.domain.ledger import BrokenLedger, fold
from payments.domain.states import Notice, PaymentStatus, transition
from payments.gateways.sandbox.charge import SandboxCharge
from payments.locking import lock_order
from payments.models import Grant, Order, Payment, PaymentEvent
from payments.services import apply_notice, poll_due
from payments.services import requests as requests_service
from payments.services import transitions as transitions_service
from payments.services.handling import Progress, request_payment
from tests.factories.payments import Sale, Shop, charge, make_shop, second_contact, told, wish
from tests.support.races import together

pytestmark = pytest.mark.django_db(transaction=True)

S = PaymentStatus
# What one charge hears in a bad minute: six webhooks, three polls, three expiries, three failures.
FIFTEEN = (
    *[(S.PAID, EventSource.WEBHOOK)] * 6,
    *[(S.PAID, EventSource.POLL)] * 3,
    *[(S.EXPIRED, EventSource.EXPIRY)] * 3,
    *[(S.FAILED, EventSource.WEBHOOK)] * 3,
)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


def without_lock(order_id: UUID) -> Order:
    return Order.objects.get(pk=order_id)


def payment_without_lock(payment_id: UUID) -> Payment:
    return Payment.objects.get(pk=payment_id)


def shares(actions: Sequence[Callable[[], object]], workers: int) -> list[Callable[[], list[Exception]]]:
    """The actions dealt out to so many workers; each answers what went wrong."""

    def work(share: Sequence[Callable[[], object]]) -> list[Exception]:
        problems = []
        for action in share:
            try:
                action()
            except Exception as error:  # noqa: BLE001 - the test judges it
                problems.append(error)
        return problems

    return [partial(work, actions[number::workers]) for number in range(workers)]


def storm(shop: Shop) -> list[Sale]:
    """Sixty charges hear fifteen contradictory notices each; the sixteen workers are always at the same few charges."""
    sales = [charge(second_contact(shop), wish(deliver={"text": "Bem-vindo!"})) for _ in range(60)]
    chance = random.Random(7)
    actions = [
        partial(apply_notice, sale.payment.pk, Notice(status), source=source)
        for sale in sales
        for status, source in chance.sample(FIFTEEN, len(FIFTEEN))
    ]
    problems = together(shares(actions, 16))
    assert problems == [[]] * 16
    return sales


def folds(sale: Sale) -> bool:
    lines = [event.line for event in PaymentEvent.unscoped.filter(payment_id=sale.payment.pk).order_by("id")]
    try:
        return fold(lines).status is sale.payment.state
    except BrokenLedger:
        return False


def promises(shop: Shop, sales: Sequence[Sale]) -> dict[str, bool]:
    """What a storm must leave behind, each by its name."""
    once = Counter({sale.payment.pk: 1 for sale in sales})
    moves = PaymentEvent.unscoped.filter(kind=EventKind.MOVED.value, to_status="paid")
    events = [event for event in told(shop) if isinstance(event, PaymentChanged) and event.status == "paid"]
    grants = Grant.unscoped.values_list("order_id", flat=True)
    return {
        "each charge is paid exactly once": Counter(moves.values_list("payment_id", flat=True)) == once,
        "none is left unpaid": all(sale.payment.status == "paid" for sale in sales),
        "each sale is paid": all(sale.order.status == "paid" for sale in sales),
        "one access each": Counter(grants) == Counter({sale.order_id: 1 for sale in sales}),
        "none unpaid is served": all(Order.unscoped.get(pk=order_id).status == "paid" for order_id in grants),
        "each run is told once": Counter(event.payment_id for event in events) == once,
        "the books fold to what the rows say": all(folds(sale) for sale in sales),
    }


def test_sixty_charges_hear_fifteen_contradictory_notices_each_and_are_paid_exactly_once(shop: Shop) -> None:
    sales = storm(shop)
    assert [name for name, kept in promises(shop, sales).items() if not kept] == []


# Without the guards it is the last to write who decides about these.
BY_CHANCE = {"none is left unpaid", "each sale is paid", "none unpaid is served"}


def test_its_twin_the_same_storm_without_the_guards_breaks_the_promises(shop: Shop) -> None:
    """No row locks, and no key that gives an access once; every two workers look before either of them writes."""
    gate = threading.Barrier(2)

    def look_together(*args: object) -> object:
        # The last one of all has nobody to wait for.
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=2)
        return transition(*args)  # type: ignore[arg-type]

    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX grant_once_per_order")
    try:
        with (
            patch.object(transitions_service, "lock_order", without_lock),
            patch.object(transitions_service, "lock_payment", payment_without_lock),
            patch.object(transitions_service, "transition", look_together),
        ):
            sales = storm(shop)
        assert {name for name, kept in promises(shop, sales).items() if kept} <= BY_CHANCE
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE payments_grant CASCADE")
            cursor.execute(
                "CREATE UNIQUE INDEX grant_once_per_order ON payments_grant (order_id, content_key)"
                " WHERE order_id IS NOT NULL"
            )


def ask(shop: Shop, visit: int, key: str) -> Progress:
    effect = wish(visit=visit)
    with organization_scope(shop.organization.pk):
        return request_payment(shop.envelope(effect), effect, key=key)


def test_fifty_visits_with_one_key_at_once_make_one_charge(shop: Shop) -> None:
    answers = together([partial(ask, shop, visit, f"run:{visit}:0") for visit in range(50)])
    assert [answer for answer in answers if not isinstance(answer, Progress)] == []
    assert (Order.unscoped.count(), Payment.unscoped.count(), SandboxCharge.unscoped.count()) == (1, 1, 1)


def test_its_twin_without_the_unique_key_makes_several(shop: Shop) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX payment_one_open_charge")
    gate = threading.Barrier(2)
    make = requests_service._make

    def make_together(*args: object) -> object:
        gate.wait(timeout=30)
        return make(*args)  # type: ignore[arg-type]

    try:
        with patch.object(requests_service, "_make", make_together):
            together([partial(ask, shop, visit, f"run:{visit}:0") for visit in range(2)])
        assert Payment.unscoped.count() == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE payments_paymentevent, payments_payment CASCADE")
            cursor.execute(
                "CREATE UNIQUE INDEX payment_one_open_charge ON payments_payment (contact_id, charge_key)"
                " WHERE (NOT superseded AND status = 'pending')"
            )


def test_the_same_wish_handled_by_many_workers_makes_one_sale(shop: Shop) -> None:
    effect = wish()
    envelope = shop.envelope(effect)

    def handle() -> Progress:
        with organization_scope(shop.organization.pk):
            return request_payment(envelope, effect, key="run:1:0")

    together([handle] * 20)
    assert (Order.unscoped.count(), SandboxCharge.unscoped.count()) == (1, 1)


class Adoption:
    """A new visit adopts a charge at the very moment it is paid."""

    def __init__(self, shop: Shop) -> None:
        self.sale = charge(shop)
        self.shop = shop
        self.looked, self.paid = threading.Event(), threading.Event()

    def adopt(self) -> Progress:
        return ask(self.shop, 2, "second:1:0")

    def pay(self) -> None:
        assert self.looked.wait(timeout=30)
        apply_notice(self.sale.payment.pk, Notice(S.PAID), source=EventSource.WEBHOOK)
        self.paid.set()

    def heard_by(self) -> list[int]:
        return [event.visit for event in told(self.shop) if isinstance(event, PaymentChanged)]


def pausing(adoption: Adoption, wait_for_payment: bool) -> Callable[..., bool]:
    """`save_flow_step`, with the payment let in just before it."""
    save = requests_service.save_flow_step

    def paused(*args: object, **options: object) -> bool:
        adoption.looked.set()
        if wait_for_payment:
            assert adoption.paid.wait(timeout=30)
        return save(*args, **options)  # type: ignore[arg-type]

    return paused


@pytest.fixture
def adoption(shop: Shop) -> Adoption:
    return Adoption(shop)


def test_a_charge_paid_while_it_is_adopted_reaches_the_new_visit(adoption: Adoption) -> None:
    """The payment must wait for the adopter's locks, and then tells the adopter."""
    with patch.object(requests_service, "save_flow_step", pausing(adoption, wait_for_payment=False)):
        together([adoption.adopt, adoption.pay])
    assert adoption.sale.payment.status == "paid"
    assert 2 in adoption.heard_by()


def test_a_charge_paid_just_before_it_is_adopted_is_not_touched(adoption: Adoption) -> None:

    def paid_meanwhile(order_id: UUID) -> Order:
        adoption.looked.set()
        if not adoption.paid.is_set():
            assert adoption.paid.wait(timeout=30)
        return lock_order(order_id)

    with patch.object(requests_service, "lock_order", paid_meanwhile):
        together([adoption.adopt, adoption.pay])
    payment = adoption.sale.payment
    assert (payment.status, payment.visit) == ("paid", 1)
    assert adoption.heard_by() == [1, 2]


def test_its_twin_with_an_unlocked_unconditional_write_forgets_the_new_visit(adoption: Adoption) -> None:
    def unconditional(order: Order, payment: Payment, *, run_id: object, visit: int, step_id: str) -> bool:
        adoption.looked.set()
        assert adoption.paid.wait(timeout=30)
        Payment.objects.filter(pk=payment.pk).update(run_id=run_id, visit=visit)
        Order.objects.filter(pk=order.pk).update(run_id=run_id, visit=visit)
        return True

    with (
        patch.object(requests_service, "lock_order", without_lock),
        patch.object(requests_service, "lock_payment", payment_without_lock),
        patch.object(requests_service, "save_flow_step", unconditional),
    ):
        together([adoption.adopt, adoption.pay])
    assert adoption.sale.payment.status == "paid"
    assert adoption.heard_by() == [1]


def test_many_sweeps_at_once_ask_about_each_due_charge_once(shop: Shop) -> None:
    sales: list[Sale] = [charge(second_contact(shop)) for _ in range(15)]
    Payment.unscoped.update(next_poll_at="2020-01-01T00:00Z")
    together([poll_due] * 8)
    assert [sale.payment.polls for sale in sales] == [1] * 15
