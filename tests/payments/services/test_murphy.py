"""What goes wrong at the same time: accounts switched off with codes open, a refund in the midst of a dispute, sums
that cannot be, one login at the gateway for two organizations."""

from unittest.mock import patch

import pytest
from django.utils import timezone

from bots.models import User
from payments.domain.events import EventSource
from payments.domain.ledger import Standing, fold
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.gateways.base import AccountAccess, Charge
from payments.gateways.sandbox.adapter import SandboxGateway, as_charge
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import GatewayAccount, Payment, PaymentEvent, Reconciliation, Refund
from payments.services import apply_notice, compare_books, poll_due, refund_payment
from payments.services.refunds import carry_out_refund, confirm_by_hand
from payments.services.sandbox import Act
from tests.factories.bots import make_membership
from tests.factories.payments import Sale, Shop, buyer, charge, make_shop
from tests.payments.services.test_reconciling import today
from tests.payments.services.test_webhooks import deliver, notice_of

pytestmark = pytest.mark.django_db

S = PaymentStatus


def reais(minor: int) -> Money:
    return Money(minor, Currency.BRL)


@pytest.fixture
def member(shop: Shop) -> User:
    return make_membership(organization=shop.organization).user


@pytest.fixture
def sale(shop: Shop) -> Sale:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    apply_notice(sale.payment.pk, Notice(S.PAID, received=reais(2990)), source=EventSource.WEBHOOK)
    return sale


def standing(sale: Sale) -> Standing:
    return fold(event.line for event in PaymentEvent.unscoped.filter(payment=sale.payment).order_by("id"))


def asked_back(sale: Sale, member: User, minor: int, *, by_hand: bool = False) -> Refund:
    return refund_payment(
        sale.payment.pk,
        organization_id=sale.shop.organization.pk,
        amount=reais(minor),
        actor=member,
        reason="",
        by_hand=by_hand,
    )


def dispute(sale: Sale) -> None:
    SandboxCharge.unscoped.filter(pk=sale.charge.pk).update(status="disputed")
    apply_notice(sale.payment.pk, Notice(S.DISPUTED), source=EventSource.WEBHOOK)


def test_the_codes_of_an_account_that_is_switched_off_are_served(shop: Shop) -> None:
    by_notice, by_question = charge(shop), charge(make_shop("Outra"))
    GatewayAccount.unscoped.update(active=False)
    for sale in (by_notice, by_question):
        buyer(sale, Act.PAY)
    assert deliver(shop.account, notice_of(by_notice.charge)).state == "done"
    Payment.unscoped.update(next_poll_at=timezone.now())
    poll_due()
    assert [by_notice.order.status, by_question.order.status] == ["paid", "paid"]


def test_the_books_of_an_account_that_is_switched_off_are_still_compared(shop: Shop) -> None:
    buyer(charge(shop), Act.PAY)
    GatewayAccount.unscoped.update(active=False)
    compare_books(today().date())
    assert Reconciliation.unscoped.get().found_count == 1


def test_a_refund_that_arrives_in_the_midst_of_a_dispute_is_booked(sale: Sale, member: User) -> None:
    refund = asked_back(sale, member, 1000)
    dispute(sale)

    def disputed(self: object, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        """It sends the money, and goes on calling the charge disputed."""
        SandboxCharge.unscoped.filter(pk=sale.charge.pk).update(refunded_minor=amount.minor)
        return as_charge(sale.charge)

    with patch.object(SandboxGateway, "refund", disputed):
        assert carry_out_refund(refund.pk, organization_id=refund.organization_id) is None
    assert Refund.unscoped.get().state == "done"
    assert standing(sale) == Standing(S.DISPUTED, received_minor=2990, refunded_minor=1000)
    apply_notice(sale.payment.pk, Notice(S.REFUNDED, refunded=reais(2990)), source=EventSource.WEBHOOK)
    assert standing(sale).net_minor == 0


def test_money_sent_by_hand_in_the_midst_of_a_dispute_is_booked_and_ends_nothing(sale: Sale, member: User) -> None:
    refund = asked_back(sale, member, 1000, by_hand=True)
    dispute(sale)
    confirm_by_hand(refund.pk, organization_id=refund.organization_id, actor=member, note="")
    assert (Refund.unscoped.get().state, sale.payment.status, sale.payment.refunded_minor) == ("done", "disputed", 1000)


def test_a_refund_the_gateway_refuses_because_of_a_dispute_leaves_the_money_here(sale: Sale, member: User) -> None:
    refund = asked_back(sale, member, 1000)
    dispute(sale)
    SandboxCharge.unscoped.filter(pk=sale.charge.pk).update(received_minor=0)
    assert carry_out_refund(refund.pk, organization_id=refund.organization_id) is None
    assert Refund.unscoped.get().state == "failed"
    assert standing(sale) == Standing(S.DISPUTED, received_minor=2990)
    assert PaymentEvent.unscoped.filter(alarm="refund_failed").count() == 1


def test_more_given_back_than_came_means_that_more_had_come(sale: Sale) -> None:
    """Never a seller who owes: what went back had been here, though nobody told of it."""
    apply_notice(sale.payment.pk, Notice(S.REFUNDED, refunded=reais(9999)), source=EventSource.POLL)
    assert standing(sale) == Standing(S.REFUNDED, received_minor=9999, refunded_minor=9999)


def test_a_genuine_notice_of_a_login_that_two_organizations_share_pays_only_where_the_charge_is(shop: Shop) -> None:
    """Signed with the very same secret, and sent to the other organization's address."""
    other = make_shop("Outra")
    sale, theirs = charge(shop), charge(other)
    secret = GatewayAccount.unscoped.get(pk=shop.account.pk).webhook_secret
    account = GatewayAccount.unscoped.get(pk=other.account.pk)
    account.webhook_secret = secret
    account.save()
    buyer(sale, Act.PAY)
    delivery = deliver(account, notice_of(sale.charge), secret=secret)
    assert (delivery.state, delivery.verified) == ("unmatched", True)
    assert [sale.payment.status, theirs.payment.status] == ["pending", "pending"]
    assert deliver(shop.account, notice_of(sale.charge)).state == "done"
    assert [sale.payment.status, theirs.payment.status] == ["paid", "pending"]


@pytest.mark.parametrize("minor", [299, 29900, 299000])
def test_an_amount_in_other_minor_units_pays_nothing(shop: Shop, minor: int) -> None:
    sale = charge(shop)
    told = Notice(S.PAID, amount=reais(minor), received=reais(minor))
    apply_notice(sale.payment.pk, told, source=EventSource.POLL)
    assert (sale.payment.status, sale.order.status) == ("pending", "open")
    assert PaymentEvent.unscoped.filter(kind="refused").exclude(alarm="").count() == 1
