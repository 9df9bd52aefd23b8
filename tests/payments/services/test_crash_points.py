"""A worker that dies at any named point: the work is done again, nobody pays twice, nobody is forgotten."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from bots import crashpoints
from bots.crashpoints import CrashPointReached
from bots.ids import uuid7
from bots.tenancy import organization_scope
from flows.engine.effects import CheckPayment, RecallAccess, RenewPayment
from flows.engine.events import AccessRecalled, ChargeReady, PaymentChanged, PaymentChecked
from payments.gateways.sandbox.charge import SandboxCharge
from payments.gateways.sandbox.signature import HEADER, sign
from payments.models import Grant, Order, Payment, PaymentEvent, WebhookDelivery
from payments.services import deciding, poll_due, process_deliveries
from payments.services.handling import check, renew, request_payment
from payments.services.recalling import recall_accesses
from payments.services.sandbox import Act
from payments.services.serving import mark_served
from payments.services.webhooks import account_at, store_delivery
from tests.factories.payments import Sale, Shop, buyer, charge, told, wish
from tests.payments.services.test_webhooks import notice_of

# Registered by its module, which only a page would import.
assert deciding
POINTS = sorted(name for name in crashpoints.registered() if name.startswith("payments."))


def dying_at(point: str, hit: int, work: Callable[[], object]) -> None:
    with crashpoints.planned(f"{point}:{hit}:raise"), suppress(CrashPointReached):
        work()


def forget_leases() -> None:
    """What time does: leases of the dead run out."""
    past = timezone.now() - timedelta(seconds=1)
    Payment.unscoped.filter(creating_until__isnull=False).update(creating_until=past)
    Payment.unscoped.filter(poll_lease_until__isnull=False).update(poll_lease_until=past)
    WebhookDelivery.unscoped.filter(lease_until__isnull=False).update(lease_until=past)
    WebhookDelivery.unscoped.filter(state__in=["new", "unmatched"]).update(next_try_at=past)


class Purchase:
    """One sale, step by step, as the outbox, the sweeps and the buyer would do it; every step is safe to repeat."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.effect = wish(deliver={"text": "Bem-vindo!"})
        self.envelope = shop.envelope(self.effect)

    def request(self) -> None:
        with organization_scope(self.shop.organization.pk):
            request_payment(self.envelope, self.effect, key="wish")

    def renew(self) -> None:
        effect = RenewPayment(visit=1, payment_id=None)
        with organization_scope(self.shop.organization.pk):
            renew(self.shop.envelope(effect, run_id=self.envelope.run_id), effect, key="renew")

    def check(self) -> None:
        effect = CheckPayment(visit=1, payment_id=None, callback_id=None)
        with organization_scope(self.shop.organization.pk):
            check(self.shop.envelope(effect, run_id=self.envelope.run_id), effect, key="check")

    def deliver(self) -> None:
        body = notice_of(self.sale.charge, event="1")
        signature = sign(self.shop.account.webhook_secret, body, at=self.paid_at)
        address = account_at("sandbox", self.shop.account.public_id)
        assert address is not None
        store_delivery(address, headers={HEADER: signature}, query="", body=body)
        process_deliveries()

    def poll(self) -> None:
        Payment.unscoped.filter(status="pending").update(next_poll_at=timezone.now())
        poll_due()

    def pay(self) -> None:
        self.paid_at = timezone.now()
        buyer(self.sale, Act.PAY)

    def serve(self) -> None:
        with organization_scope(self.shop.organization.pk):
            mark_served(
                organization_id=self.shop.organization.pk,
                order_id=self.sale.order_id,
                note_id=uuid7(),
                effect_key=f"{self.envelope.run_id}:9:1",
            )

    def recall(self) -> None:
        recall_accesses(self.shop.envelope(RecallAccess()), key="recall")

    @property
    def sale(self) -> Sale:
        return Sale(self.shop, Order.unscoped.get().pk, self.envelope.run_id)


@pytest.mark.parametrize("hit", [1, 2])
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("finder", ["deliver", "poll", "check"])
def test_death_anywhere_between_order_and_access_leaves_one_charge_one_payment_one_grant(
    shop: Shop, point: str, hit: int, finder: str
) -> None:
    purchase = Purchase(shop)
    for step in ("request", "renew", "pay", finder, "serve", "recall"):
        work = getattr(purchase, step)
        if step == "pay":
            work()
            continue
        dying_at(point, hit, work)
        forget_leases()
        work()
    forget_leases()
    process_deliveries()
    sale = purchase.sale
    assert (sale.order.status, sale.order.served_at is not None) == ("paid", True)
    assert Payment.unscoped.filter(status="paid").count() == 1
    assert PaymentEvent.unscoped.filter(kind="moved", to_status="paid").count() == 1
    assert Payment.unscoped.filter(status="pending", superseded=False).count() == 0
    assert (Payment.unscoped.count(), SandboxCharge.unscoped.count()) == (2, 2)
    assert Grant.unscoped.count() == 1
    heard = [type(event) for event in told(shop)]
    assert heard.count(PaymentChanged) == 1
    assert heard.count(ChargeReady) == 2
    assert heard.count(AccessRecalled) == 1
    assert set(heard) <= {ChargeReady, PaymentChanged, PaymentChecked, AccessRecalled}


def test_every_boundary_of_a_sale_has_its_crash_point() -> None:
    assert POINTS == [
        "payments.access.recalled",
        "payments.access.taken",
        "payments.asking.fetched",
        "payments.check.asked",
        "payments.creation.after_call",
        "payments.creation.before_call",
        "payments.creation.claimed",
        "payments.creation.committed",
        "payments.creation.recorded",
        "payments.matter.decided",
        "payments.place.tended",
        "payments.poll.asked",
        "payments.poll.claimed",
        "payments.refund.answered",
        "payments.refund.asked",
        "payments.refund.booked",
        "payments.renew.committed",
        "payments.request.before_commit",
        "payments.request.committed",
        "payments.served.marked",
        "payments.transition.committed",
        "payments.transition.granted",
        "payments.transition.locked",
        "payments.transition.moved",
        "payments.transition.told",
        "payments.webhook.asked",
        "payments.webhook.claimed",
        "payments.webhook.stored",
    ]


def test_the_points_between_two_calls_leave_a_charge_that_can_be_paid(shop: Shop) -> None:
    purchase = Purchase(shop)
    dying_at("payments.creation.after_call", 1, purchase.request)
    assert (SandboxCharge.unscoped.count(), Payment.unscoped.get().provider_id) == (1, "")
    forget_leases()
    purchase.request()
    assert SandboxCharge.unscoped.get().provider_id == Payment.unscoped.get().provider_id
    assert charge(shop).order_id == purchase.sale.order_id
