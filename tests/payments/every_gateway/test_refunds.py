"""The same refund at every gateway: given back once, whatever becomes of the answers."""

from typing import Any

import pytest

from bots.errors import Invalid
from bots.models import User
from bots.tenancy import organization_scope
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.rules import MoneyPolicy
from payments.domain.states import Notice, PaymentStatus
from payments.gateways.base import GatewayError, Refunds
from payments.gateways.registry import gateway_of
from payments.models import MoneyRules, Refund
from payments.services import apply_notice, ask_gateway, refund_payment
from payments.services.refunds import carry_out_refund
from tests.factories.bots import make_membership
from tests.factories.gateways import Branch, may_be_asked_again
from tests.factories.payments import Sale

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(branch: Branch) -> User:
    return make_membership(organization=branch.shop.organization).user


@pytest.fixture
def sale(branch: Branch) -> Sale:
    sale = branch.sell()
    branch.entry_of(sale).pay()
    ask_gateway(sale.payment.pk, source=EventSource.POLL)
    assert sale.payment.status == "paid"
    return sale


def refund(branch: Branch, sale: Sale, member: User, amount: int | None) -> Refund:
    with organization_scope(branch.shop.organization.pk):
        return refund_payment(
            sale.payment.pk,
            organization_id=branch.shop.organization.pk,
            amount=None if amount is None else Money(amount, Currency.BRL),
            actor=member,
            reason="",
        )


def carry_out(row: Refund, *, most: int = 3) -> None:
    """As the outbox does: again until it is known."""
    for _ in range(most):
        may_be_asked_again()
        if carry_out_refund(row.pk, organization_id=row.organization_id) is None:
            return
    raise AssertionError("The refund did not end.")


def given_back(branch: Branch, sale: Sale) -> int:
    return branch.entry_of(sale).refunded_cents


def test_all_of_it_goes_back(branch: Branch, sale: Sale, member: User) -> None:
    row = refund(branch, sale, member, None)
    carry_out(row)
    assert (Refund.unscoped.get().state, sale.payment.status, given_back(branch, sale)) == ("done", "refunded", 2990)


def test_a_part_goes_back_where_the_gateway_does_parts(branch: Branch, sale: Sale, member: User) -> None:
    if gateway_of(branch.fake.name).traits.refunds is Refunds.WHOLE:
        with pytest.raises(Invalid) as error:
            refund(branch, sale, member, 1000)
        assert (error.value.code, given_back(branch, sale)) == ("whole_refunds_only", 0)
        return
    carry_out(refund(branch, sale, member, 1000))
    assert (sale.payment.status, sale.payment.refunded_minor, given_back(branch, sale)) == (
        "partially_refunded",
        1000,
        1000,
    )
    carry_out(refund(branch, sale, member, None))
    assert (sale.payment.status, sale.payment.refunded_minor, given_back(branch, sale)) == ("refunded", 2990, 2990)


def test_a_lost_answer_gives_nothing_back_twice(
    branch: Branch, sale: Sale, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateway_of(branch.fake.name)
    original, lost = gateway.refund, [True]

    def loses_its_answer(*args: Any, **options: Any) -> Any:
        charge = original(*args, **options)
        if lost.pop() if lost else False:
            raise GatewayError("timeout", unknown_outcome=True, retryable=True)
        return charge

    monkeypatch.setattr(gateway, "refund", loses_its_answer)
    row = refund(branch, sale, member, None)
    may_be_asked_again()
    pending = carry_out_refund(row.pk, organization_id=row.organization_id)
    assert pending is not None
    assert (pending.tried, given_back(branch, sale), sale.payment.status) == (True, 2990, "paid")
    carry_out(row)
    assert (Refund.unscoped.get().state, given_back(branch, sale), sale.payment.status) == ("done", 2990, "refunded")


def test_a_surplus_given_back_by_rule_goes_by_hand_where_the_gateway_gives_only_all(branch: Branch) -> None:
    MoneyRules.unscoped.create(organization=branch.shop.organization, larger=MoneyPolicy.REFUND.value)
    sale = branch.sell()
    branch.entry_of(sale).pay()
    more = Notice(PaymentStatus.PAID, received=Money(3490, Currency.BRL))
    apply_notice(sale.payment.pk, more, source=EventSource.WEBHOOK)
    partial = gateway_of(branch.fake.name).traits.refunds is Refunds.PARTIAL
    row = Refund.unscoped.get()
    assert (row.amount_minor, row.state) == (500, "asked" if partial else "by_hand")
    assert sale.order.status == "paid"
