"""What is forged, replayed, a stranger's or of other money has no effect at any gateway; it is kept, staff see it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from flows.engine.events import ChargeReady
from payments.models import Grant, Order, Payment, PaymentEvent, WebhookDelivery
from payments.services import process_deliveries
from tests.factories.bots import make_user
from tests.factories.gateways import PAYER, Branch, may_be_asked_again, open_branch
from tests.factories.payments import Sale, charge, told, wish
from tests.payments.every_gateway.conftest import OpenFake
from tests.support.fake_gateways import FakeMercadoPago


@dataclass(frozen=True)
class Case:
    """A paid charge at one gateway whose honest notice has not come, and a stranger's account at the same gateway."""

    branch: Branch
    stranger: Branch
    sale: Sale


@pytest.fixture
def case(branch: Branch, settings: Any) -> Case:
    sale = charge(branch.shop, replace(wish(deliver={"text": "Bem-vindo!"}), payer=PAYER))
    branch.entry_of(sale).pay()
    return Case(branch, open_branch(branch.fake, settings, name="Outra"), sale)


def forged(case: Case) -> WebhookDelivery:
    return case.branch.deliver(case.branch.fake.forged(case.branch.entry_of(case.sale)))


def of_a_stranger(case: Case) -> WebhookDelivery:
    return case.stranger.deliver(case.branch.notice(case.branch.entry_of(case.sale)))


def of_less_money(case: Case) -> WebhookDelivery:
    entry = case.branch.entry_of(case.sale)
    entry.cents = 2989
    return case.branch.deliver(case.branch.notice(entry))


def of_more_money(case: Case) -> WebhookDelivery:
    entry = case.branch.entry_of(case.sale)
    entry.cents = 2991
    return case.branch.deliver(case.branch.notice(entry))


def of_other_money(case: Case) -> WebhookDelivery:
    case.branch.fake.lies = {"currency_id": "USD"}
    return case.branch.deliver(case.branch.notice(case.branch.entry_of(case.sale)))


# What is kept of it, and the alarm in the charge's ledger.
BAD: dict[Callable[[Case], WebhookDelivery], tuple[str, str]] = {
    forged: ("forged", ""),
    of_a_stranger: ("unmatched", ""),
    of_less_money: ("done", "amount_too_small"),
    of_more_money: ("done", "overpaid"),
}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
def test_a_bad_notice_has_no_effect_is_kept_and_seen(case: Case, bad: Callable[[Case], WebhookDelivery]) -> None:
    check(case, bad(case), *BAD[bad])


def test_so_has_one_of_another_currency(open_fake: OpenFake, settings: Any, db: None) -> None:
    """The other gateways know reais only, and say none."""
    branch = open_branch(open_fake(FakeMercadoPago), settings)
    sale = branch.sell()
    branch.entry_of(sale).pay()
    case = Case(branch, branch, sale)
    check(case, of_other_money(case), "done", "other_currency")


def check(case: Case, delivery: WebhookDelivery, state: str, alarm: str) -> None:
    """Nothing moved; and two pages of the staff tell what came."""
    assert (case.sale.payment.status, case.sale.order.status) == ("pending", "open")
    assert [type(event) for event in told(case.branch.shop)] == [ChargeReady]
    assert Grant.unscoped.count() == 0
    assert not PaymentEvent.unscoped.filter(kind="moved").exists()
    assert delivery.state == state
    assert bytes(delivery.body)
    staff = client_of_the_staff()
    assert str(delivery.pk) in page(staff, WebhookDelivery, state=state)
    if alarm:
        event = PaymentEvent.unscoped.exclude(alarm="").get()
        assert (event.kind, event.alarm, event.payment_id) == ("refused", alarm, case.sale.payment.pk)
        assert str(event.pk) in page(staff, PaymentEvent, alarm=alarm)


def test_a_replayed_notice_pays_nothing_again(case: Case) -> None:
    notice = case.branch.notice(case.branch.entry_of(case.sale))
    for _ in range(3):
        case.branch.deliver(notice, times=3)
        may_be_asked_again()
        WebhookDelivery.unscoped.filter(state="new").update(next_try_at=timezone.now())
    process_deliveries()
    order = Order.unscoped.get()
    assert (order.status, Grant.unscoped.count(), WebhookDelivery.unscoped.count()) == ("paid", 1, 1)
    assert PaymentEvent.unscoped.filter(kind="moved").count() == 1
    assert str(WebhookDelivery.unscoped.get().pk) in page(client_of_the_staff(), WebhookDelivery, state="done")


def test_a_replayed_notice_of_a_charge_that_went_back_brings_nothing_back(case: Case) -> None:
    notice = case.branch.notice(case.branch.entry_of(case.sale))
    case.branch.deliver(notice)
    Payment.unscoped.update(status="refunded")
    may_be_asked_again()
    WebhookDelivery.unscoped.all().delete()
    case.branch.deliver(notice)
    assert (case.sale.payment.status, Grant.unscoped.count()) == ("refunded", 1)
    assert PaymentEvent.unscoped.filter(alarm="backwards").count() == 1


def client_of_the_staff() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(staff: Client, model: Any, **exact: str) -> str:
    address = reverse(f"admin:payments_{model._meta.model_name}_changelist")
    answer = staff.get(address, {f"{name}__exact": value for name, value in exact.items()})
    assert answer.status_code == 200
    return answer.content.decode()
