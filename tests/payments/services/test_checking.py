"""“I have paid”: the gateway is asked within its quota, else the last known state answers."""

from datetime import timedelta
from unittest.mock import patch

from django.utils import timezone

from bots.ids import uuid7
from bots.tenancy import organization_scope
from flows.engine.effects import CheckPayment, RenewPayment
from flows.engine.events import PaymentChanged, PaymentChecked, PaymentStatus
from payments.domain.events import EventSource
from payments.domain.money import Currency
from payments.domain.states import Notice
from payments.domain.states import PaymentStatus as State
from payments.gateways.base import Traits
from payments.gateways.sandbox.adapter import SandboxGateway
from payments.models import Payment
from payments.services import apply_notice
from payments.services.handling import Progress, check, renew
from payments.services.sandbox import Act, act
from tests.factories.payments import Sale, Shop, buyer, charge, told

SLOW = Traits(currencies=frozenset(Currency), seconds_between_questions=60)


def press(sale: Sale, key: str = "press:1", *, visit: int = 1, named: bool = True) -> Progress:
    effect = CheckPayment(visit=visit, payment_id=sale.payment.pk if named else None, callback_id=None)
    envelope = sale.shop.envelope(effect, run_id=sale.run_id)
    with organization_scope(sale.shop.organization.pk):
        return check(envelope, effect, key=key)


def checked(sale: Sale, status: PaymentStatus, *, asked: bool) -> PaymentChecked:
    return PaymentChecked(visit=1, payment_id=sale.payment.pk, status=status, checked=asked)


def test_unpaid_is_answered_as_unpaid(shop: Shop) -> None:
    sale = charge(shop)
    assert press(sale) is Progress.DONE
    assert told(shop)[1:] == [checked(sale, PaymentStatus.PENDING, asked=True)]


def test_a_payment_nobody_told_of_is_found_by_the_press(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    assert press(sale, named=False) is Progress.DONE
    assert [type(event) for event in told(shop)[1:]] == [PaymentChanged]
    assert sale.ledger()[-1] == ("moved", "press", "paid")


def test_the_same_press_twice_is_answered_once(shop: Shop) -> None:
    sale = charge(shop)
    press(sale)
    press(sale)
    press(sale, "press:2")
    assert len(told(shop)[1:]) == 2


def test_within_the_quota_the_last_known_state_answers(shop: Shop) -> None:
    sale = charge(shop)
    with patch.object(SandboxGateway, "traits", SLOW):
        press(sale)
        buyer(sale, Act.PAY)
        press(sale, "press:2")
        assert told(shop)[-1] == checked(sale, PaymentStatus.PENDING, asked=False)
        Payment.unscoped.update(last_asked_at=timezone.now() - timedelta(seconds=61))
        press(sale, "press:3")
    assert sale.payment.status == "paid"


def test_a_gateway_that_does_not_answer_leaves_the_last_known_state(shop: Shop) -> None:
    sale = charge(shop)
    shop.account.credentials = {"fault": "down"}
    shop.account.save()
    press(sale)
    assert told(shop)[-1] == checked(sale, PaymentStatus.PENDING, asked=False)


def test_a_press_on_a_paid_charge_says_paid(shop: Shop) -> None:
    sale = charge(shop)
    apply_notice(sale.payment.pk, Notice(State.PAID), source=EventSource.WEBHOOK)
    press(sale)
    assert told(shop)[-1] == checked(sale, PaymentStatus.PAID, asked=True)


def test_a_code_past_its_end_expires_by_the_press(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.EXPIRE)
    press(sale)
    last = told(shop)[-1]
    assert isinstance(last, PaymentChanged)
    assert last.status is PaymentStatus.EXPIRED


def test_a_visit_without_a_charge_is_asked_about_again_soon(shop: Shop) -> None:
    sale = charge(shop)
    effect = CheckPayment(visit=1, payment_id=None, callback_id=None)
    with organization_scope(shop.organization.pk):
        assert check(shop.envelope(effect, run_id=uuid7()), effect, key="p") is Progress.SOON
    assert len(told(sale.shop)) == 1


def test_a_replaced_code_that_was_paid_is_asked_about_too(shop: Shop) -> None:
    """The buyer asked for a new code, and paid the one in their bank's app."""
    sale = charge(shop)
    first, token = sale.payment.pk, sale.token
    effect = RenewPayment(visit=1, payment_id=first)
    with organization_scope(shop.organization.pk):
        assert renew(shop.envelope(effect, run_id=sale.run_id), effect, key="renew:1") is Progress.DONE
    assert sale.payment.pk != first
    act(token, Act.PAY, notify=False)
    press(sale)
    assert (sale.order.status, sale.order.paid_by_id) == ("paid", first)
    assert [event.status for event in told(shop) if isinstance(event, PaymentChanged)] == [PaymentStatus.PAID]
