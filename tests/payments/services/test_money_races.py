"""Two members, one sum of money: it is decided, given back and spent once. Each with its twin without the guard."""

import threading
from collections.abc import Iterator
from functools import partial
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection

from bots.errors import DomainError
from bots.models import User
from bots.tenancy import organization_scope
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.rules import MoneyPolicy
from payments.domain.states import Notice, PaymentStatus
from payments.models import CreditEntry, MoneyMatter, Order, Payment, Refund
from payments.services import apply_notice, refund_payment
from payments.services import deciding as deciding_service
from payments.services import refunds as refunds_service
from payments.services.deciding import credit_of, decide, use_credit
from payments.services.refunding import intend_refund
from tests.factories.bots import make_membership
from tests.factories.payments import Sale, Shop, charge, make_shop
from tests.support.races import together

pytestmark = pytest.mark.django_db(transaction=True)

P = MoneyPolicy


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def member(shop: Shop) -> User:
    return make_membership(organization=shop.organization).user


@pytest.fixture
def sale(shop: Shop) -> Sale:
    """Paid twice, and waiting for a decision."""
    sale = charge(shop)
    for received in (2990, 5980):
        notice = Notice(PaymentStatus.PAID, received=Money(received, Currency.BRL))
        apply_notice(sale.payment.pk, notice, source=EventSource.WEBHOOK)
    return sale


def order_without_lock(order_id: UUID) -> Order:
    return Order.objects.get(pk=order_id)


def payment_without_lock(payment_id: UUID) -> Payment:
    return Payment.objects.get(pk=payment_id)


def codes(answers: list[object]) -> list[str]:
    return sorted(answer.code if isinstance(answer, DomainError) else "done" for answer in answers)


def decisions(sale: Sale, member: User) -> list[object]:
    row = MoneyMatter.unscoped.get()
    choose = partial(decide, row.pk, organization_id=row.organization_id, actor=member)
    return list(together([partial(choose, P.CREDIT), partial(choose, P.REFUND)]))


def test_of_two_members_who_decide_at_once_one_wins(sale: Sale, member: User) -> None:
    assert codes(decisions(sale, member)) == ["already_decided", "done"]
    assert CreditEntry.unscoped.count() + Refund.unscoped.count() == 1


def test_its_twin_without_the_locks_credits_the_money_and_gives_it_back(sale: Sale, member: User) -> None:
    gate = threading.Barrier(2)

    def act_together(*args: object, **options: object) -> None:
        gate.wait(timeout=30)
        carry_out(*args, **options)  # type: ignore[arg-type]

    carry_out = deciding_service.carry_out  # type: ignore[attr-defined]
    with (
        patch.object(deciding_service, "lock_order", order_without_lock),
        patch.object(deciding_service, "lock_payment", payment_without_lock),
        # The row itself is written last here, so that its own lock does not order the two.
        patch.object(MoneyMatter, "save", lambda row, **_options: None),
        patch.object(deciding_service, "carry_out", act_together),
    ):
        assert codes(decisions(sale, member)) == ["done", "done"]
    assert (CreditEntry.unscoped.count(), Refund.unscoped.count()) == (1, 1)


def refunds(sale: Sale, member: User, *, count: int) -> list[object]:
    give = partial(
        refund_payment,
        sale.payment.pk,
        organization_id=sale.shop.organization.pk,
        amount=Money(2990, Currency.BRL),
        actor=member,
        reason="",
    )
    return list(together([give] * count))


def test_of_many_refunds_asked_for_at_once_one_is_made(sale: Sale, member: User) -> None:
    assert codes(refunds(sale, member, count=8)) == ["done", *["refund_open"] * 7]
    assert Refund.unscoped.count() == 1


@pytest.fixture
def without_the_constraint() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX refund_one_at_a_time")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE payments_refund CASCADE")
        cursor.execute(
            "CREATE UNIQUE INDEX refund_one_at_a_time ON payments_refund (payment_id)"
            " WHERE state IN ('asked', 'by_hand')"
        )


@pytest.mark.usefixtures("without_the_constraint")
def test_its_twin_without_locks_and_constraint_gives_the_same_money_back_twice(sale: Sale, member: User) -> None:
    gate = threading.Barrier(2)

    def intend_together(*args: object, **options: object) -> Refund:
        gate.wait(timeout=30)
        return intend_refund(*args, **options)  # type: ignore[arg-type]

    with (
        patch.object(refunds_service, "lock_order", order_without_lock),
        patch.object(refunds_service, "lock_payment", payment_without_lock),
        patch.object(refunds_service, "intend_refund", intend_together),
    ):
        assert codes(refunds(sale, member, count=2)) == ["done", "done"]
    assert Refund.unscoped.count() == 2


def spend(shop: Shop, member: User) -> list[object]:
    person = shop.contact.telegram_user_id
    CreditEntry.unscoped.create(
        organization=shop.organization, telegram_user_id=person, amount_minor=500, currency="BRL"
    )
    use = partial(
        use_credit,
        organization_id=shop.organization.pk,
        telegram_user_id=person,
        amount=Money(400, Currency.BRL),
        actor=member,
        note="",
    )
    return list(together([use, use]))


def test_credit_is_spent_once(shop: Shop, member: User) -> None:
    assert codes(spend(shop, member)) == ["done", "no_such_credit"]
    with organization_scope(shop.organization.pk):
        assert credit_of(shop.contact.telegram_user_id) == {Currency.BRL: 100}


def test_its_twin_without_the_lock_spends_it_twice(shop: Shop, member: User) -> None:
    gate = threading.Barrier(2)
    balance = deciding_service.credit_of

    def look_together(person: int) -> object:
        seen = balance(person)
        gate.wait(timeout=30)
        return seen

    with (
        patch.object(deciding_service, "lock_credit", lambda person: None),
        patch.object(deciding_service, "credit_of", look_together),
    ):
        assert codes(spend(shop, member)) == ["done", "done"]
    with organization_scope(shop.organization.pk):
        assert credit_of(shop.contact.telegram_user_id) == {Currency.BRL: -300}
