"""A buyer, a gateway and all that reaches us, in any order, through the real services: a few of the many walks that the
pure model takes, with rows, locks, grants and what runs are told."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bots.errors import Conflict
from bots.ids import uuid7
from bots.tenancy import organization_scope
from flows.engine.effects import CheckPayment, RenewPayment
from flows.engine.events import PaymentChanged, PaymentStatus
from payments.domain.events import EventSource
from payments.domain.ledger import fold
from payments.domain.states import SETTLED, UNPAID, Notice
from payments.gateways.registry import gateway_of
from payments.gateways.sandbox.adapter import as_charge
from payments.gateways.sandbox.charge import SandboxCharge
from payments.gateways.sandbox.signature import HEADER, sign
from payments.models import Grant, Order, Payment, PaymentEvent
from payments.services import apply_notice, poll_due, process_deliveries
from payments.services.accounts import access_to
from payments.services.handling import check, renew
from payments.services.sandbox import Act, act
from payments.services.serving import mark_served
from payments.services.webhooks import account_at, store_delivery
from tests.factories.payments import charge, make_shop, told, wish
from tests.payments.services.test_webhooks import notice_of

which = st.integers(0, 5)


class Sale(RuleBasedStateMachine):
    """One order with its charges at the sandbox. What the gateway does and what we hear of it are different rules."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = make_shop()
        self.sale = charge(self.shop, wish(deliver={"text": "Bem-vindo!"}))
        self.settled: set[Any] = set()
        self.served_at: Any = None
        self.on_their_way: list[bytes] = []
        self.answers: list[tuple[Any, Notice]] = []
        self.keys = 0

    # What the buyer and the gateway do.

    @rule(which=which, what=st.sampled_from(Act))
    def the_buyer_does(self, which: int, what: Act) -> None:
        try:
            act(self._entry(which).token, what, notify=False)
        except Conflict:
            return

    @rule(which=which, whole=st.booleans())
    def the_seller_gives_back(self, which: int, whole: bool) -> None:
        entry = self._entry(which)
        if entry.status not in ("paid", "partially_refunded"):
            return
        amount = entry.received if whole else type(entry.amount)(1000, entry.amount.currency)
        gateway_of("sandbox").refund(
            access_to(self.shop.account), provider_id=entry.provider_id, amount=amount, key="refund"
        )

    @rule(which=which)
    def the_buyer_disputes(self, which: int) -> None:
        self._change(which, "paid", "partially_refunded", status="disputed", unless_won=True)

    @rule(which=which, won=st.booleans())
    def the_dispute_ends(self, which: int, won: bool) -> None:
        entry = self._entry(which)
        if won:
            left = "partially_refunded" if entry.refunded_minor else "paid"
            self._change(which, "disputed", status=left, dispute_won=True)
        else:
            self._change(which, "disputed", status="refunded", refunded_minor=entry.received_minor)

    @rule()
    def time_passes(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        Payment.unscoped.filter(order_id=self.sale.order_id).update(expires_at=past)
        SandboxCharge.unscoped.filter(account_id=self.shop.account.pk).update(expires_at=past)

    # What reaches us.

    @rule(which=which)
    def a_notice_is_written(self, which: int) -> None:
        self.on_their_way.append(notice_of(self._entry(which)))

    @precondition(lambda self: self.on_their_way)
    @rule(which=which, times=st.integers(1, 2))
    def a_notice_comes(self, which: int, times: int) -> None:
        body = self.on_their_way[which % len(self.on_their_way)]
        for _ in range(times):
            self._deliver(body)

    @rule(which=which)
    def the_gateway_is_asked_and_its_answer_overtaken(self, which: int) -> None:
        entry = self._entry(which)
        payment = Payment.unscoped.filter(provider_id=entry.provider_id).first()
        if payment is not None:
            self.answers.append((payment.pk, as_charge(entry).notice))

    @precondition(lambda self: self.answers)
    @rule(which=which, source=st.sampled_from([EventSource.WEBHOOK, EventSource.POLL, EventSource.PRESS]))
    def the_overtaken_answer_comes(self, which: int, source: EventSource) -> None:
        apply_notice(*self.answers[which % len(self.answers)], source=source)

    @rule()
    def everything_due_is_asked_about(self) -> None:
        now = timezone.now()
        mine = Payment.unscoped.filter(order_id=self.sale.order_id, next_poll_at__isnull=False)
        mine.update(next_poll_at=now, poll_lease_until=None)
        poll_due()

    @rule()
    def i_have_paid(self) -> None:
        effect = CheckPayment(visit=1, payment_id=None, callback_id=None)
        with organization_scope(self.shop.organization.pk):
            check(self.shop.envelope(effect, run_id=self.sale.run_id), effect, key=self._key())

    @rule()
    def a_new_code(self) -> None:
        if Payment.unscoped.filter(order_id=self.sale.order_id).count() > 2:
            return
        effect = RenewPayment(visit=1, payment_id=None)
        with organization_scope(self.shop.organization.pk):
            renew(self.shop.envelope(effect, run_id=self.sale.run_id), effect, key=self._key())

    @precondition(lambda self: self.sale.order.paid_at is not None)
    @rule()
    def the_run_serves(self) -> None:
        with organization_scope(self.shop.organization.pk):
            mark_served(
                organization_id=self.shop.organization.pk,
                order_id=self.sale.order_id,
                note_id=uuid7(),
                effect_key=f"{self.sale.run_id}:9:1",
            )
        self.served_at = self.served_at or self.sale.order.served_at

    # What must be true.

    @invariant()
    def every_promise_holds(self) -> None:
        order = self.sale.order
        payments = list(Payment.unscoped.filter(order_id=order.pk))
        arrivals = Counter(
            PaymentEvent.unscoped.filter(
                payment__order_id=order.pk, kind="moved", to_status="paid", from_status__in=list(UNPAID)
            ).values_list("payment_id", flat=True)
        )
        assert set(arrivals.values()) <= {1}
        for payment in payments:
            standing = fold(event.line for event in PaymentEvent.unscoped.filter(payment=payment).order_by("id"))
            assert (standing.status, standing.late, standing.overpaid) == (
                payment.state,
                payment.late,
                payment.overpaid,
            )
            assert payment.state in SETTLED or payment.pk not in self.settled, "it went backwards"
            self.settled |= {payment.pk} if payment.state in SETTLED else set()
            assert payment.pk == order.paid_by_id or not arrivals[payment.pk] or payment.overpaid
        assert (order.paid_at is not None) is bool(arrivals)
        assert Grant.unscoped.filter(order_id=order.pk).count() == bool(arrivals)
        assert order.served_at == self.served_at
        heard = [one for one in told(self.shop) if isinstance(one, PaymentChanged) and one.status is PaymentStatus.PAID]
        assert {one.payment_id for one in heard} == ({order.paid_by_id} if arrivals else set())

    def teardown(self) -> None:
        """Once every charge was asked about, our books are the gateway's."""
        for entry in SandboxCharge.unscoped.filter(account_id=self.shop.account.pk):
            for _ in range(2):
                self._deliver(notice_of(entry))
        self.every_promise_holds()
        ours = dict(Payment.unscoped.filter(order_id=self.sale.order_id).values_list("provider_id", "status"))
        for entry in SandboxCharge.unscoped.filter(account_id=self.shop.account.pk):
            if entry.status in SETTLED:
                assert ours[entry.provider_id] == entry.status
            else:
                assert ours[entry.provider_id] in UNPAID
        # The next walk's polls are its own.
        Payment.unscoped.update(next_poll_at=None)

    def _entry(self, which: int) -> SandboxCharge:
        mine = list(SandboxCharge.unscoped.filter(account_id=self.shop.account.pk).order_by("id"))
        return mine[which % len(mine)]

    def _change(self, which: int, *status_before: str, unless_won: bool = False, **changes: Any) -> None:
        entry = self._entry(which)
        if entry.status in status_before and not (unless_won and entry.dispute_won):
            SandboxCharge.unscoped.filter(pk=entry.pk).update(**changes)

    def _deliver(self, body: bytes) -> None:
        address = account_at("sandbox", self.shop.account.public_id)
        assert address is not None
        again = json.dumps({**json.loads(body), "event": self._key()}).encode()
        signature = sign(self.shop.account.webhook_secret, again, at=timezone.now())
        store_delivery(address, headers={HEADER: signature}, query="", body=again)
        process_deliveries()

    def _key(self) -> str:
        self.keys += 1
        return f"{self.sale.order_id}:{self.keys}"


@pytest.mark.django_db
def test_whatever_the_order_one_sale_is_one_access_and_the_gateways_books() -> None:
    run_state_machine_as_test(Sale, settings=settings(max_examples=20, stateful_step_count=14))
    assert Order.unscoped.filter(paid_at__isnull=False).exists(), "no walk ever paid"
