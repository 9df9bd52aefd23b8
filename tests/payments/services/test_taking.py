"""Access whose money went back or is disputed: when it ends, what is said, and how it returns."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bots.ids import uuid7
from bots.tenancy import organization_scope
from flows.engine.effects import GrantAccess
from flows.engine.events import MoneyTold, MoneyWord
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.models import Grant, MoneyRules
from payments.services import apply_notice, take_back_due
from payments.services.handling import grant_access
from tests.factories.payments import Sale, Shop, charge, told, wish

pytestmark = pytest.mark.django_db

S = PaymentStatus


@pytest.fixture
def sale(shop: Shop) -> Sale:
    """Paid, with its access."""
    sale = charge(shop, wish(deliver={"text": "Bem-vindo!"}))
    hear(sale, Notice(S.PAID))
    return sale


def hear(sale: Sale, notice: Notice) -> None:
    apply_notice(sale.payment.pk, notice, source=EventSource.WEBHOOK)


def words(shop: Shop) -> list[MoneyWord]:
    return [event.word for event in told(shop) if isinstance(event, MoneyTold)]


def access() -> Grant:
    return Grant.unscoped.get()


def grace_is_over() -> None:
    Grant.unscoped.filter(take_back_at__isnull=False).update(take_back_at=timezone.now() - timedelta(seconds=1))


def test_a_refund_takes_the_access_at_once_and_says_why(shop: Shop, sale: Sale) -> None:
    hear(sale, Notice(S.REFUNDED))
    assert (access().revoked_at, access().taken_for) == (None, "refund")
    assert take_back_due() == 1
    assert access().revoked_at is not None
    assert words(shop) == [MoneyWord.ACCESS_REFUNDED]
    assert (take_back_due(), words(shop)) == (0, [MoneyWord.ACCESS_REFUNDED])


def test_a_dispute_leaves_a_day_of_grace(shop: Shop, sale: Sale) -> None:
    before = timezone.now()
    hear(sale, Notice(S.DISPUTED))
    due = access().take_back_at
    assert due is not None
    assert timedelta(hours=24) <= due - before < timedelta(hours=24, minutes=1)
    assert (take_back_due(), access().revoked_at, words(shop)) == (0, None, [])
    grace_is_over()
    assert (take_back_due(), words(shop)) == (1, [MoneyWord.ACCESS_DISPUTED])


@pytest.mark.parametrize(("status", "hours"), [(S.REFUNDED, 5), (S.DISPUTED, 7)])
def test_the_seller_chooses_the_grace(shop: Shop, sale: Sale, status: PaymentStatus, hours: int) -> None:
    MoneyRules.unscoped.create(organization=shop.organization, refund_grace_hours=5, dispute_grace_hours=7)
    before = timezone.now()
    hear(sale, Notice(status))
    due = access().take_back_at
    assert due is not None
    assert timedelta(hours=hours) <= due - before < timedelta(hours=hours, minutes=1)


def test_a_dispute_won_within_the_grace_takes_nothing_and_says_nothing(shop: Shop, sale: Sale) -> None:
    hear(sale, Notice(S.DISPUTED))
    hear(sale, Notice(S.PAID, dispute_won=True))
    assert (access().take_back_at, access().taken_for, take_back_due(), words(shop)) == (None, "", 0, [])


def test_a_dispute_won_later_gives_the_access_back_and_says_so(shop: Shop, sale: Sale) -> None:
    hear(sale, Notice(S.DISPUTED))
    grace_is_over()
    take_back_due()
    hear(sale, Notice(S.PAID, dispute_won=True))
    assert (access().revoked_at, access().take_back_at) == (None, None)
    assert words(shop) == [MoneyWord.ACCESS_DISPUTED, MoneyWord.ACCESS_RETURNED]


def test_a_second_dispute_takes_it_again_and_says_so_again(shop: Shop, sale: Sale) -> None:
    for _ in range(2):
        hear(sale, Notice(S.DISPUTED))
        grace_is_over()
        take_back_due()
        hear(sale, Notice(S.PAID, dispute_won=True))
    assert words(shop) == [MoneyWord.ACCESS_DISPUTED, MoneyWord.ACCESS_RETURNED] * 2


def test_a_dispute_that_is_lost_takes_what_is_left_at_once(shop: Shop, sale: Sale) -> None:
    hear(sale, Notice(S.DISPUTED))
    hear(sale, Notice(S.REFUNDED))
    assert (take_back_due(), words(shop)) == (1, [MoneyWord.ACCESS_REFUNDED])


def test_a_refund_after_a_dispute_never_lengthens_the_access(shop: Shop, sale: Sale) -> None:
    MoneyRules.unscoped.create(organization=shop.organization, refund_grace_hours=100)
    hear(sale, Notice(S.DISPUTED))
    due = access().take_back_at
    hear(sale, Notice(S.REFUNDED))
    assert access().take_back_at == due


def test_an_access_the_team_has_taken_by_hand_is_not_given_back(shop: Shop, sale: Sale) -> None:
    Grant.unscoped.update(revoked_at=timezone.now())
    hear(sale, Notice(S.DISPUTED))
    hear(sale, Notice(S.PAID, dispute_won=True))
    assert access().revoked_at is not None
    assert words(shop) == []


def test_what_is_disputed_after_a_part_went_back_is_taken_and_returns_when_it_is_won(shop: Shop, sale: Sale) -> None:
    part = Money(1000, Currency.BRL)
    hear(sale, Notice(S.PARTIALLY_REFUNDED, refunded=part))
    hear(sale, Notice(S.DISPUTED))
    assert (sale.order.status, access().taken_for) == ("disputed", "dispute")
    grace_is_over()
    take_back_due()
    hear(sale, Notice(S.PARTIALLY_REFUNDED, refunded=part, dispute_won=True))
    assert (sale.order.status, sale.payment.refunded_minor) == ("partially_refunded", 1000)
    assert (access().revoked_at, access().take_back_at, access().taken_for) == (None, None, "")
    assert words(shop) == [MoneyWord.ACCESS_DISPUTED, MoneyWord.ACCESS_RETURNED]


def test_what_was_disputed_in_part_and_lost_stays_taken(shop: Shop, sale: Sale) -> None:
    hear(sale, Notice(S.PARTIALLY_REFUNDED, refunded=Money(1000, Currency.BRL)))
    hear(sale, Notice(S.DISPUTED))
    hear(sale, Notice(S.REFUNDED))
    assert (take_back_due(), words(shop)) == (1, [MoneyWord.ACCESS_REFUNDED])
    assert (sale.payment.status, sale.payment.refunded_minor) == ("refunded", 2990)


def test_a_refund_in_part_takes_nothing(shop: Shop, sale: Sale) -> None:
    hear(sale, Notice(S.PARTIALLY_REFUNDED, refunded=Money(100, Currency.BRL)))
    assert (access().take_back_at, take_back_due()) == (None, 0)


def test_other_accesses_of_the_person_stay(shop: Shop, sale: Sale) -> None:
    other = charge(shop, wish(visit=2, deliver={"text": "Outra coisa"}, step_id="other"))
    hear(other, Notice(S.PAID))
    hear(sale, Notice(S.REFUNDED))
    take_back_due()
    assert Grant.unscoped.get(order_id=sale.order_id).revoked_at is not None
    assert Grant.unscoped.get(order_id=other.order_id).revoked_at is None


@pytest.mark.parametrize(("status", "due"), [(S.REFUNDED, 2), (S.DISPUTED, 2)])
def test_an_access_a_step_gives_after_the_refund_is_taken_too(
    shop: Shop, sale: Sale, status: PaymentStatus, due: int
) -> None:
    hear(sale, Notice(status))
    effect = GrantAccess(visit=1, order_id=sale.order_id, content={"text": "Depois"}, step_id="late")
    with organization_scope(shop.organization.pk):
        grant_access(shop.envelope(effect, run_id=uuid7()), effect)
    assert Grant.unscoped.filter(take_back_at__isnull=False).count() == due


def test_its_twin_an_access_of_a_sale_in_order_stays(shop: Shop, sale: Sale) -> None:
    effect = GrantAccess(visit=1, order_id=sale.order_id, content={"text": "Depois"}, step_id="late")
    with organization_scope(shop.organization.pk):
        grant_access(shop.envelope(effect, run_id=uuid7()), effect)
    assert (Grant.unscoped.count(), Grant.unscoped.filter(take_back_at__isnull=False).count()) == (2, 0)


def test_the_refund_of_a_second_payment_leaves_what_the_first_one_paid(shop: Shop, sale: Sale) -> None:
    first = sale.payment
    second = type(first).unscoped.get(pk=first.pk)
    second.pk, second.attempt, second.idempotency_key = uuid7(), 2, f"{first.order_id}:2"
    second.provider_id, second.status, second.paid_at, second.superseded = "", "pending", None, True
    second.save(force_insert=True)
    apply_notice(second.pk, Notice(S.PAID), source=EventSource.POLL)
    apply_notice(second.pk, Notice(S.REFUNDED), source=EventSource.POLL)
    assert (sale.order.status, access().take_back_at) == ("paid", None)
