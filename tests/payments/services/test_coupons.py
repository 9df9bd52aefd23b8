"""Coupons with a limit: a place is taken with the sale and given back when nobody can pay it; paid is never refused."""

import threading
from functools import partial
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db.models import F

from bots.models import Channel
from bots.tenancy import organization_scope
from flows.engine.effects import CouponUse, RenewPayment, RequestPayment
from flows.engine.events import ChargeReady, CouponRefused
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.models import CouponUse as Counter
from payments.models import GatewayAccount, Order, Payment
from payments.services import apply_notice
from payments.services import coupons as coupons_service
from payments.services.coupons import places_taken
from payments.services.handling import Progress, renew, request_payment
from tests.factories.payments import Sale, Shop, make_shop, second_contact, told, wish
from tests.support.races import together

ONE = CouponUse("Dez", 299, limit=1)
VERSION = UUID(int=0xB)
_keys = count()


def lowered(coupon: CouponUse = ONE, **fields: Any) -> RequestPayment:
    return wish(amount_minor=2990 - coupon.discount_minor, coupon=coupon, **fields)


def ask(shop: Shop, effect: RequestPayment, *, key: str) -> Progress:
    envelope = shop.envelope(effect, version_id=VERSION)
    with organization_scope(shop.organization.pk):
        return request_payment(envelope, effect, key=key)


def charge(shop: Shop, effect: RequestPayment) -> Sale:
    key = f"sale:{next(_keys)}"
    assert ask(shop, effect, key=key) is Progress.DONE
    order = Order.unscoped.get(requests__key=key)
    return Sale(shop, order.pk, order.run_id)


def used(shop: Shop) -> int:
    with organization_scope(shop.organization.pk):
        return places_taken(flow_id=VERSION, step_id="pay", code=" DEZ ")


def expire(sale: Sale) -> None:
    apply_notice(sale.payment.pk, Notice(PaymentStatus.EXPIRED), source=EventSource.EXPIRY)


def test_the_order_keeps_its_coupon_and_what_it_took_off(shop: Shop) -> None:
    order = charge(shop, lowered()).order
    assert (order.amount, order.coupon, order.discount_minor) == (Money(2691, Currency.BRL), "Dez", 299)
    assert (order.coupon_limit, order.holds_coupon) == (1, True)


def test_the_second_who_comes_for_the_last_place_is_told_and_nothing_is_made(shop: Shop) -> None:
    charge(shop, lowered())
    other = second_contact(shop)
    assert ask(other, lowered(), key="late") is Progress.DONE
    assert told(other)[-1] == CouponRefused(visit=1, coupon="Dez", code="used_up")
    assert (Order.unscoped.count(), Payment.unscoped.count(), used(shop)) == (1, 1, 1)


def test_a_coupon_without_a_limit_is_counted_nowhere(shop: Shop) -> None:
    order = charge(shop, lowered(CouponUse("Dez", 299))).order
    assert (order.holds_coupon, Counter.unscoped.count()) == (False, 0)


def test_the_same_wish_twice_takes_one_place(shop: Shop) -> None:
    effect = lowered(CouponUse("Dez", 299, limit=5))
    ask(shop, effect, key="one")
    ask(shop, effect, key="one")
    assert Counter.unscoped.get().used == 1


def test_a_visit_that_takes_the_open_charge_over_takes_no_second_place(shop: Shop) -> None:
    sale = charge(shop, lowered())
    assert charge(shop, lowered(visit=4)).order_id == sale.order_id
    assert used(shop) == 1


@pytest.mark.parametrize("status", [PaymentStatus.EXPIRED, PaymentStatus.FAILED])
def test_what_nobody_can_pay_any_more_gives_its_place_back(shop: Shop, status: PaymentStatus) -> None:
    sale = charge(shop, lowered())
    apply_notice(sale.payment.pk, Notice(status), source=EventSource.POLL)
    assert (used(shop), sale.order.holds_coupon) == (0, False)
    other = second_contact(shop)
    assert charge(other, lowered()).order.holds_coupon


def test_an_earlier_code_that_can_still_be_paid_keeps_the_place(shop: Shop) -> None:
    sale = charge(shop, lowered())
    first = sale.payment
    renewed = renew_code(shop, sale)
    assert renewed is Progress.DONE
    second = Payment.unscoped.exclude(pk=first.pk).get(order_id=sale.order_id)
    apply_notice(second.pk, Notice(PaymentStatus.EXPIRED), source=EventSource.EXPIRY)
    assert used(shop) == 1
    apply_notice(first.pk, Notice(PaymentStatus.EXPIRED), source=EventSource.EXPIRY)
    assert used(shop) == 0


def test_late_money_takes_its_place_even_where_none_is_left(shop: Shop) -> None:
    sale = charge(shop, lowered())
    expire(sale)
    rival = charge(second_contact(shop), lowered())
    assert rival.order.holds_coupon
    apply_notice(sale.payment.pk, Notice(PaymentStatus.PAID), source=EventSource.POLL)
    assert (sale.order.status, sale.order.holds_coupon, used(shop)) == ("paid", True, 2)


def test_a_paid_sale_keeps_its_place_when_its_money_goes_back(shop: Shop) -> None:
    sale = charge(shop, lowered())
    apply_notice(sale.payment.pk, Notice(PaymentStatus.PAID), source=EventSource.POLL)
    apply_notice(sale.payment.pk, Notice(PaymentStatus.REFUNDED), source=EventSource.POLL)
    assert used(shop) == 1


def renew_code(shop: Shop, sale: Sale, *, key: str = "again") -> Progress:
    effect = RenewPayment(sale.order.visit, sale.payment.pk)
    envelope = shop.envelope(effect)
    with organization_scope(shop.organization.pk):
        return renew(envelope, effect, key=key)


def test_a_new_code_takes_the_place_again_at_the_same_price(shop: Shop) -> None:
    sale = charge(shop, lowered())
    expire(sale)
    assert renew_code(shop, sale) is Progress.DONE
    assert used(shop) == 1
    last = told(shop)[-1]
    assert isinstance(last, ChargeReady)
    assert last.amount_minor == 2691


def test_a_new_code_whose_place_is_gone_is_refused_and_the_run_asks_anew(shop: Shop) -> None:
    sale = charge(shop, lowered())
    expire(sale)
    charge(second_contact(shop), lowered())
    renew_code(shop, sale)
    renew_code(shop, sale)
    assert [event for event in told(shop) if isinstance(event, CouponRefused)] == [
        CouponRefused(visit=1, coupon="Dez", code="used_up")
    ]
    assert Payment.unscoped.filter(order_id=sale.order_id).count() == 1
    assert used(shop) == 1


def test_a_test_chat_takes_no_place_and_finds_none_taken(shop: Shop) -> None:
    charge(shop, lowered())
    tried = second_contact(shop)
    tried.contact.channel = Channel.SIMULATOR
    tried.contact.save()
    assert charge(tried, lowered()).order.is_test
    assert Counter.unscoped.get().used == 1


def test_what_only_the_discount_makes_too_little_for_every_account_is_refused(shop: Shop) -> None:
    most = Money(2990, Currency.BRL)

    def only_the_full_price(*, amount: Money, **_others: object) -> list[GatewayAccount]:
        return [shop.account] if amount >= most else []

    with patch("payments.services.handling.accounts_to_try", only_the_full_price):
        ask(shop, lowered(), key="small")
    assert told(shop) == [CouponRefused(visit=1, coupon="Dez", code="does_not_fit")]
    assert Order.unscoped.count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_come_at_once_for_the_last_place_one_gets_it() -> None:
    shop = make_shop()
    buyers = [second_contact(shop) for _ in range(50)]
    answers = together([partial(ask, buyer, lowered(), key=f"{n}") for n, buyer in enumerate(buyers)])
    assert answers == [Progress.DONE] * 50
    assert (Order.unscoped.filter(coupon="Dez").count(), Counter.unscoped.get().used) == (1, 1)
    assert len([event for event in told(shop) if isinstance(event, CouponRefused)]) == 49


@pytest.mark.django_db(transaction=True)
def test_its_twin_that_looks_before_it_counts_sells_more_than_there_are() -> None:
    shop = make_shop()
    buyers = [second_contact(shop) for _ in range(8)]

    gate = threading.Barrier(8)

    def looked_first(order: Order, *, limit: int | None) -> bool:
        counter = coupons_service._counter(order)
        free = not counter.filter(used__gte=limit).exists()
        gate.wait(timeout=30)
        row = {"organization_id": order.organization_id, "flow_id": order.version_id, "step_id": order.step_id}
        Counter.objects.bulk_create([Counter(**row, code="dez")], ignore_conflicts=True)
        counter.update(used=F("used") + 1)
        return free

    with patch.object(coupons_service, "_count", looked_first):
        together([partial(ask, buyer, lowered(), key=f"{n}") for n, buyer in enumerate(buyers)])
    assert Order.unscoped.filter(coupon="Dez").count() == 8
    assert Counter.unscoped.get().used == 8
