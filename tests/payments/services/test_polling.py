"""Lost webhooks are found, expiry asks first, and a due charge belongs to one worker."""

from datetime import timedelta
from unittest.mock import patch

from django.utils import timezone

from bots.tenancy import organization_scope
from flows.engine.effects import RenewPayment
from flows.engine.events import PaymentChanged
from payments.gateways.sandbox.adapter import SandboxGateway
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import Payment
from payments.services import poll_due
from payments.services.accounts import set_bot_accounts
from payments.services.handling import renew
from payments.services.polling import POLL_LEASE
from payments.services.sandbox import Act, act
from tests.factories.payments import Shop, add_account, buyer, charge, make_shop, told


def make_due(**changes: object) -> None:
    Payment.unscoped.update(next_poll_at=timezone.now() - timedelta(seconds=1), **changes)


def test_a_fresh_charge_is_first_asked_about_after_a_minute(shop: Shop) -> None:
    sale = charge(shop)
    assert poll_due() == 0
    payment = sale.payment
    assert payment.next_poll_at == payment.created_at + timedelta(minutes=1)


def test_a_payment_whose_webhook_was_lost_is_found(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    make_due()
    assert poll_due() == 1
    assert (sale.payment.status, sale.payment.next_poll_at) == ("paid", None)
    assert sale.ledger()[-1] == ("moved", "poll", "paid")
    assert isinstance(told(shop)[-1], PaymentChanged)
    assert poll_due() == 0


def test_an_unpaid_charge_is_put_back_for_later(shop: Shop) -> None:
    sale = charge(shop)
    make_due()
    poll_due()
    payment = sale.payment
    assert (payment.status, payment.polls, payment.poll_lease_until) == ("pending", 1, None)
    assert payment.next_poll_at == payment.created_at + timedelta(minutes=1)


def test_at_its_end_a_charge_that_was_paid_is_paid_and_not_expired(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    make_due(expires_at=timezone.now() - timedelta(seconds=3))
    poll_due()
    assert sale.payment.status == "paid"


def test_at_its_end_an_unpaid_charge_expires_and_stays_watched(shop: Shop) -> None:
    sale = charge(shop)
    make_due(expires_at=timezone.now() - timedelta(seconds=3))
    poll_due()
    payment = sale.payment
    assert (payment.status, sale.order.status) == ("expired", "expired")
    assert sale.ledger()[-1] == ("moved", "expiry", "expired")
    assert payment.next_poll_at == payment.expires_at + timedelta(hours=1, seconds=2)


def test_late_money_is_found_days_after(shop: Shop) -> None:
    sale = charge(shop)
    make_due(expires_at=timezone.now() - timedelta(seconds=3))
    poll_due()
    buyer(sale, Act.PAY_LATE)
    make_due()
    poll_due()
    assert (sale.payment.status, sale.payment.late) == ("paid", True)


def test_a_silent_gateway_ends_nothing_until_patience_is_over(shop: Shop) -> None:
    sale = charge(shop)
    shop.account.credentials = {"fault": "down"}
    shop.account.save()
    make_due(expires_at=timezone.now() - timedelta(minutes=1))
    poll_due()
    payment = sale.payment
    assert payment.status == "pending"
    assert payment.next_poll_at is not None
    assert payment.next_poll_at <= timezone.now() + timedelta(minutes=1)
    make_due(expires_at=timezone.now() - timedelta(minutes=16))
    poll_due()
    assert sale.payment.status == "expired"


def test_a_creation_whose_answer_was_lost_is_found_and_watched_by_its_own_id(shop: Shop) -> None:
    lossy = add_account(shop, "A", fault="loses_answer")
    set_bot_accounts(organization_id=shop.organization.pk, bot_id=shop.bot.pk, account_ids=[lossy.pk, shop.account.pk])
    sale = charge(shop)
    old = Payment.unscoped.get(order_id=sale.order_id, superseded=True)
    make_due()
    poll_due()
    old.refresh_from_db()
    theirs = SandboxCharge.unscoped.get(account_id=lossy.pk)
    assert (old.provider_id, old.creation_unknown) == (theirs.provider_id, False)


def test_a_leased_charge_is_left_to_whoever_holds_it(shop: Shop) -> None:
    charge(shop)
    make_due(poll_lease_until=timezone.now() + POLL_LEASE)
    assert poll_due() == 0
    make_due(poll_lease_until=timezone.now() - timedelta(seconds=1))
    assert poll_due() == 1


def test_one_charge_that_breaks_keeps_no_other_waiting(shop: Shop) -> None:
    broken, good = charge(shop), charge(make_shop("Outra"))
    buyer(good, Act.PAY)
    make_due()
    fetch = SandboxGateway.fetch

    def sometimes(self: SandboxGateway, account: object, *, provider_id: str, key: str) -> object:
        if provider_id == broken.payment.provider_id:
            raise RuntimeError("a bug")
        return fetch(self, account, provider_id=provider_id, key=key)  # type: ignore[arg-type]

    with patch.object(SandboxGateway, "fetch", sometimes):
        assert poll_due() == 2
    assert (good.payment.status, broken.payment.status) == ("paid", "pending")


def test_a_replaced_code_is_watched_until_it_is_final(shop: Shop) -> None:
    """Nobody presses anything, no notice comes; long after the new code was made the old one is paid."""
    sale = charge(shop)
    first, token = sale.payment.pk, sale.token
    effect = RenewPayment(visit=1, payment_id=first)
    with organization_scope(shop.organization.pk):
        renew(shop.envelope(effect, run_id=sale.run_id), effect, key="renew:1")
    act(token, Act.PAY, notify=False)
    Payment.unscoped.update(next_poll_at=timezone.now(), poll_lease_until=None)
    assert poll_due() == 2
    watched = Payment.unscoped.get(pk=first)
    assert (watched.status, watched.superseded, watched.next_poll_at) == ("paid", True, None)
    assert (sale.order.status, sale.order.paid_by_id) == ("paid", first)
