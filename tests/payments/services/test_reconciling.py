"""The night's comparison: what the gateway lists is ours, seen whole; what nobody can explain is told, once."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from bots.outbox.models import OutboxMessage
from bots.tenancy import organization_scope
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.gateways.base import AccountAccess, Charge
from payments.gateways.reading import HOME
from payments.gateways.sandbox.adapter import SandboxGateway
from payments.models import MoneyMatter, Reconciliation
from payments.selectors import health_of_accounts
from payments.services import apply_notice, compare_books
from payments.services import reconciling as reconciling_service
from payments.services.sandbox import Act
from tests.factories.payments import Sale, Shop, add_account, buyer, charge, make_shop, wish

pytestmark = pytest.mark.django_db

PRICE = Money(2990, Currency.BRL)


def today() -> datetime:
    return timezone.now().astimezone(HOME)


def compare() -> int:
    return compare_books(today().date())


@pytest.fixture
def sale(shop: Shop) -> Sale:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    apply_notice(sale.payment.pk, Notice(PaymentStatus.PAID, received=PRICE), source=EventSource.WEBHOOK)
    return sale


def line(provider_id: str, *, key: str = "", receipt: str = "", minor: int = 2990) -> Charge:
    money = Money(minor, Currency.BRL)
    return Charge(provider_id, key, PaymentStatus.PAID, money, end_to_end_id=receipt, received=money)


def listing(lines: Sequence[Charge]) -> AbstractContextManager[object]:
    def received(self: object, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        return iter(lines)

    return patch.object(SandboxGateway, "received", received)


def of(sale: Sale, receipt: str) -> Charge:
    return line(sale.payment.provider_id, key=sale.payment.idempotency_key, receipt=receipt)


def notices() -> list[tuple[str, str]]:
    rows = OutboxMessage.unscoped.filter(payload__kind="books_differ").order_by("position")
    return [(row.payload["facts"]["day"], row.payload["facts"]["reason"]) for row in rows]


def test_a_charge_that_was_paid_twice_stands_for_both_payments(sale: Sale) -> None:
    """As an invoice in Stars does that two people paid: two lines, one id."""
    twice = [of(sale, "first"), of(sale, "second")]
    # The gateway itself says so too when it is asked.
    sale.charge.__class__.unscoped.filter(pk=sale.charge.pk).update(received_minor=5980)
    with listing(twice):
        assert compare() == 0
    row = Reconciliation.unscoped.get()
    assert (row.theirs_count, row.theirs_minor, row.ours_count, row.ours_minor) == (1, 5980, 1, 5980)
    assert (sale.payment.overpaid, MoneyMatter.unscoped.get().case) == (True, "double")


def test_more_than_we_booked_differs_where_the_gateway_tells_of_it_nowhere_else(sale: Sale) -> None:
    with listing([of(sale, "first"), of(sale, "second")]):
        assert compare() == 1
    row = Reconciliation.unscoped.get()
    assert (row.differing, row.theirs_minor, row.ours_minor) == ([sale.payment.provider_id], 5980, 2990)


def test_the_same_payment_listed_twice_is_one(sale: Sale) -> None:
    """A list grows while its pages are read, and its lines move to the next page."""
    with listing([of(sale, "first"), of(sale, "first")]):
        assert compare() == 0
    assert Reconciliation.unscoped.get().theirs_minor == 2990


def test_a_list_without_an_end_ends(sale: Sale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling_service, "MOST_LISTED", 10)
    read: list[Charge] = []

    def received(self: object, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        while len(read) < 1000:
            read.append(of(sale, "first"))
            yield read[-1]

    with patch.object(SandboxGateway, "received", received):
        assert compare() == 0
    assert len(read) == 10


def test_money_that_no_sale_explains_is_told_once_and_shown_every_day(sale: Sale) -> None:
    lines = [of(sale, "first"), line("other-1", minor=500), line("other-2", key="their own reference", minor=700)]
    with listing(lines):
        for _night in range(2):
            assert compare() == 0
    row = Reconciliation.unscoped.get()
    assert (row.unknown_count, row.unknown_minor, row.unknown) == (2, 1200, ["other-1", "other-2"])
    assert (row.theirs_count, row.theirs_minor) == (1, 2990)
    (told,) = notices()
    assert told[1].startswith("money that no sale here explains.")


def test_books_that_differ_are_told_once_a_day(sale: Sale) -> None:
    with listing([line(sale.payment.provider_id, key=sale.payment.idempotency_key, minor=2000)]):
        compare()
        compare()
    day = f"{today():%d/%m/%Y}"
    assert notices() == [(day, "payments that only one side knows, or not with the same money.")]


def test_charges_of_another_account_that_is_the_same_one_at_the_gateway_are_no_news(shop: Shop, sale: Sale) -> None:
    """Two organizations, one login at the gateway: each list names the other's charges."""
    other = make_shop("Outra")
    theirs = charge(other)
    buyer(theirs, Act.PAY)
    apply_notice(theirs.payment.pk, Notice(PaymentStatus.PAID, received=PRICE), source=EventSource.WEBHOOK)
    with listing([of(sale, "first"), of(theirs, "second")]):
        assert compare() == 0
    rows = Reconciliation.unscoped.values_list("ours_count", "theirs_count", "unknown_count")
    assert sorted(rows) == [(1, 1, 0), (1, 1, 0)]
    assert notices() == []


def test_one_account_that_cannot_be_compared_keeps_no_other_from_it(shop: Shop, sale: Sale) -> None:
    second = add_account(shop, "Segunda")
    other = make_shop("Outra")
    buyer(charge(other, wish(step_id="another")), Act.PAY)
    compared: list[object] = []

    def received(self: object, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        compared.append(account.account_id)
        if account.account_id == shop.account.pk:
            raise RuntimeError("a bug of ours")
        return iter(())

    with patch.object(SandboxGateway, "received", received):
        assert compare() == 1
    assert {shop.account.pk, other.account.pk} == set(compared)
    assert second.pk not in compared, "an account without charges has no books"


def test_an_accounts_health_shows_the_newest_night_and_what_came_to_nothing(shop: Shop, sale: Sale) -> None:
    with listing([of(sale, "first"), line("other")]):
        compare()
    with organization_scope(shop.organization.pk):
        health = health_of_accounts(since=timezone.now() - timedelta(days=7))[shop.account.pk]
    assert health.compared is not None
    assert (health.compared.agrees, health.compared.unknown_count, health.kept) == (True, 1, 0)
