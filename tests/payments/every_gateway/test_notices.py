"""A notice only makes us ask, at every gateway: what is forged, doubled, early, false or a stranger's pays nothing."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from payments.domain.events import EventSource
from payments.gateways.base import AccountAccess, Charge, NewCharge
from payments.gateways.registry import gateway_of
from payments.gateways.woovi.signature import HEADER
from payments.models import GatewayAccount, Payment, PaymentEvent, WebhookDelivery
from payments.services import ask_gateway, process_deliveries
from tests.factories.gateways import WEBHOOK_SECRET, Branch, may_be_asked_again, open_branch
from tests.factories.payments import Sale, told
from tests.payments.every_gateway.conftest import OpenFake
from tests.support.fake_gateways import FakeAsaas, FakeMercadoPago, FakePushinPay, FakeWoovi, Mood, Notice
from tests.support.fake_gateways.server import dump
from tests.support.fake_gateways.woovi import signed

UNPAID = ("pending", "open", 0)
PAID = ("paid", "paid", 1)


def state_of(sale: Sale) -> tuple[str, str, int]:
    return sale.payment.status, sale.order.status, PaymentEvent.unscoped.filter(kind="moved").count()


def test_a_genuine_notice_makes_us_ask_and_the_gateway_says_paid(branch: Branch) -> None:
    sale = branch.sell()
    branch.entry_of(sale).pay(fee_cents=149)
    delivery = branch.deliver(branch.notice(branch.entry_of(sale)))
    assert (state_of(sale), delivery.state, delivery.verified, delivery.payment_id) == (
        PAID,
        "done",
        True,
        sale.payment.pk,
    )
    assert sale.payment.fee_minor == (149 if branch.fake.fees else None)
    assert PaymentEvent.unscoped.filter(kind="fee").count() == (1 if branch.fake.fees else 0)
    assert GatewayAccount.unscoped.get(pk=branch.account.pk).last_webhook_at is not None


def test_what_a_notice_claims_pays_nothing_if_the_gateway_says_otherwise(branch: Branch) -> None:
    sale = branch.sell()
    entry = branch.entry_of(sale)
    entry.pay()
    false = branch.notice(entry)
    entry.status, entry.paid_at = "pending", None
    delivery = branch.deliver(false)
    assert (state_of(sale), delivery.verified) == (UNPAID, True)


def test_a_forged_notice_has_no_effect_and_is_kept(branch: Branch) -> None:
    sale = branch.sell()
    branch.entry_of(sale).pay()
    forged = branch.fake.forged(branch.entry_of(sale))
    asked = branch.entry_of(sale).questions
    delivery = branch.deliver(forged)
    assert (state_of(sale), delivery.state, delivery.verified) == (UNPAID, "forged", False)
    assert (bytes(delivery.body), branch.entry_of(sale).questions) == (forged.body, asked)


def test_an_unsigned_notice_only_makes_us_ask(branch: Branch) -> None:
    sale = branch.sell()
    entry = branch.entry_of(sale)
    unsigned = branch.fake.unsigned(entry)
    if unsigned is None:
        forged = branch.deliver(Notice({}, branch.notice(entry).body))
        assert (forged.state, state_of(sale)) == ("forged", UNPAID)
        return
    delivery = branch.deliver(unsigned)
    assert (state_of(sale), delivery.state, delivery.verified) == (UNPAID, "done", None)
    entry.pay()
    may_be_asked_again()
    delivery = branch.deliver(branch.fake.unsigned(entry))
    if WebhookDelivery.unscoped.count() == 2:  # else it holds no status, and the very same bytes are kept once
        assert state_of(sale) == PAID


def test_doubled_and_replayed_notices_pay_once(branch: Branch) -> None:
    sale = branch.sell()
    branch.entry_of(sale).pay()
    notice = branch.notice(branch.entry_of(sale))
    branch.deliver(notice, times=5)
    may_be_asked_again()
    branch.deliver(notice, times=5)
    assert (state_of(sale), WebhookDelivery.unscoped.count()) == (PAID, 1)
    assert len(told(branch.shop)) == 2  # the code, and the money


def test_a_notice_that_overtakes_another_changes_nothing(branch: Branch) -> None:
    """`created` after `paid`, as retries have it."""
    sale = branch.sell()
    entry = branch.entry_of(sale)
    early = branch.notice(entry)
    entry.pay()
    branch.deliver(branch.notice(entry))
    may_be_asked_again()
    branch.deliver(early)
    assert state_of(sale) == PAID


def test_a_notice_before_the_gateways_own_answer_is_matched_later(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateway_of(branch.fake.name)
    create = type(gateway).create

    def with_notice(self: Any, account: AccountAccess, new: NewCharge) -> Charge:
        made = create(self, account, new)
        branch.fake.newest().pay()
        branch.deliver(branch.notice(branch.fake.newest()))
        return made

    monkeypatch.setattr(type(gateway), "create", with_notice)
    sale = branch.sell()
    may_be_asked_again()
    WebhookDelivery.unscoped.filter(state="new").update(next_try_at=timezone.now())
    process_deliveries()
    assert (state_of(sale), WebhookDelivery.unscoped.get().state) == (PAID, "done")


def test_a_notice_of_another_sellers_charge_is_unknown_here(branch: Branch, settings: Any) -> None:
    sale = branch.sell()
    stranger = open_branch(branch.fake, settings, name="Outra")
    branch.entry_of(sale).pay()
    delivery = stranger.deliver(branch.notice(branch.entry_of(sale)))
    assert (state_of(sale), delivery.state, delivery.organization_id) == (
        UNPAID,
        "unmatched",
        stranger.shop.organization.pk,
    )


def test_a_charge_that_nobody_knows_is_kept_for_the_staff(branch: Branch) -> None:
    sale = branch.sell()
    entry = branch.entry_of(sale)
    foreign = type(entry)(id="999", reference="not-ours", cents=1000, asked=entry.asked, status="paid")
    branch.fake.enter(foreign)
    delivery = branch.deliver(branch.notice(foreign))
    assert (delivery.state, delivery.references, state_of(sale)) == ("unmatched", ["999"], UNPAID)


@pytest.mark.parametrize("cents", [2989, 2991, 1])
def test_another_amount_at_the_gateway_pays_nothing_and_is_seen(branch: Branch, cents: int) -> None:
    sale = branch.sell()
    entry = branch.entry_of(sale)
    entry.pay()
    entry.cents = cents
    branch.deliver(branch.notice(entry))
    assert state_of(sale) == UNPAID
    alarm = PaymentEvent.unscoped.exclude(alarm="").get()
    assert (alarm.kind, alarm.alarm) == ("refused", "amount_too_small" if cents < 2990 else "overpaid")


def test_another_currency_at_the_gateway_pays_nothing_and_is_seen(open_fake: OpenFake, settings: Any, db: None) -> None:
    """The others know reais only."""
    branch = open_branch(open_fake(FakeMercadoPago), settings)
    sale = branch.sell()
    branch.entry_of(sale).pay()
    branch.fake.lies = {"currency_id": "USD"}
    branch.deliver(branch.notice(branch.entry_of(sale)))
    assert state_of(sale) == UNPAID
    assert PaymentEvent.unscoped.exclude(alarm="").get().alarm == "other_currency"


def test_an_answer_that_names_another_reference_pays_nothing_and_is_seen(branch: Branch) -> None:
    sale = branch.sell()
    entry = branch.entry_of(sale)
    notice = branch.notice(entry)
    entry.pay()
    branch.fake.lies = {
        "external_reference": "0197-other:1",
        "externalReference": "0197-other:1",
        "correlationID": "0197-other_1",
        "webhook_url": "https://x.example.com/?charge=0197-other%3A1",
    }
    branch.deliver(notice)
    assert state_of(sale) == UNPAID
    assert PaymentEvent.unscoped.exclude(alarm="").get().alarm == "contradiction"


def test_an_unknown_state_moves_nothing_and_is_seen(branch: Branch) -> None:
    sale = branch.sell()
    notice = branch.notice(branch.entry_of(sale))
    branch.fake.lies = {"status": "TELEPORTED"}
    branch.deliver(notice)
    assert state_of(sale) == UNPAID
    assert "TELEPORTED" in PaymentEvent.unscoped.exclude(alarm="").get().note


def test_a_notice_while_the_gateway_is_down_waits_and_is_asked_about_again(branch: Branch) -> None:
    sale = branch.sell()
    branch.entry_of(sale).pay()
    branch.fake.become(Mood.DOWN, times=1)
    delivery = branch.deliver(branch.notice(branch.entry_of(sale)))
    assert (delivery.state, state_of(sale)) == ("new", UNPAID)
    may_be_asked_again()
    WebhookDelivery.unscoped.update(next_try_at=timezone.now())
    process_deliveries()
    assert (WebhookDelivery.unscoped.get().state, state_of(sale)) == ("done", PAID)


def sold_and_paid(branch: Branch) -> Sale:
    sale = branch.sell()
    branch.entry_of(sale).pay()
    branch.deliver(branch.notice(branch.entry_of(sale)))
    may_be_asked_again()
    return sale


def refunded_elsewhere(branch: Branch, sale: Sale) -> Notice:
    """The money goes back in the gateway's own panel; answers the notice of it."""
    entry = branch.entry_of(sale)
    entry.refunds.append(("in-the-panel", entry.cents))
    if isinstance(branch.fake, FakeWoovi):
        whose = {"endToEndId": branch.fake.end_to_end_id(entry)}
        body = dump({"event": "PIX_TRANSACTION_REFUND_SENT_CONFIRMED", "originalTransaction": whose})
        return branch.fake.sign(body, secret=WEBHOOK_SECRET)
    entry.status = "refunded"
    return branch.notice(entry)


def test_what_becomes_of_paid_money_while_the_gateway_is_down_is_asked_about_again(branch: Branch) -> None:
    """Nobody polls what is paid: the notice is the only word of it."""
    sale = sold_and_paid(branch)
    branch.fake.become(Mood.DOWN, times=1)
    delivery = branch.deliver(refunded_elsewhere(branch, sale))
    assert (delivery.state, sale.payment.status) == ("new", "paid")
    may_be_asked_again()
    WebhookDelivery.unscoped.update(next_try_at=timezone.now())
    process_deliveries()
    assert (set(WebhookDelivery.unscoped.values_list("state", flat=True)), sale.payment.status) == (
        {"done"},
        "refunded",
    )


def test_the_same_news_of_what_is_paid_waits_for_no_answer(open_fake: OpenFake, settings: Any, db: None) -> None:
    fake = open_fake(FakePushinPay)
    assert isinstance(fake, FakePushinPay)
    branch = open_branch(fake, settings)
    sale = sold_and_paid(branch)
    fake.become(Mood.DOWN, times=1)
    assert branch.deliver(fake.notice_as_json(branch.entry_of(sale), secret=WEBHOOK_SECRET)).state == "done"


def test_a_dispute_that_is_won_is_heard_of_at_gateways_that_have_no_word_for_it(
    open_fake: OpenFake, settings: Any, db: None
) -> None:
    """The charge is simply paid again. Soon after the dispute that may be an old answer, and wins nothing."""
    for kind in (FakeMercadoPago, FakeAsaas):
        branch = open_branch(open_fake(kind), settings)
        sale = sold_and_paid(branch)
        branch.entry_of(sale).status = "disputed"
        branch.deliver(branch.notice(branch.entry_of(sale)))
        assert sale.payment.status == "disputed"
        branch.entry_of(sale).status = "paid"
        for stood, status in ((timedelta(minutes=30), "disputed"), (timedelta(days=9), "paid")):
            may_be_asked_again()
            later = timezone.now() + stood
            with time_machine.travel(later, tick=False):
                ask_gateway(sale.payment.pk, source=EventSource.WEBHOOK)
            assert sale.payment.status == status


def test_no_secret_of_a_notice_is_kept(branch: Branch) -> None:
    sale = branch.sell()
    delivery = branch.deliver(branch.notice(branch.entry_of(sale)))
    assert "the-account's-own" not in str(delivery.headers)


@pytest.fixture
def disputed(open_fake: OpenFake, settings: Any, db: None) -> tuple[FakeWoovi, Branch, Sale]:
    """A paid charge at the one gateway that tells of disputes by notices alone."""
    fake = open_fake(FakeWoovi)
    assert isinstance(fake, FakeWoovi)
    branch = open_branch(fake, settings)
    sale = branch.sell()
    branch.entry_of(sale).pay()
    branch.deliver(branch.notice(branch.entry_of(sale)))
    assert sale.payment.end_to_end_id == fake.end_to_end_id(branch.entry_of(sale))
    may_be_asked_again()
    branch.deliver(fake.dispute(branch.entry_of(sale), secret="the-account's-own"))
    return fake, branch, sale


def test_a_dispute_that_only_a_signed_notice_tells_is_booked_and_takes_the_access(
    disputed: tuple[FakeWoovi, Branch, Sale],
) -> None:
    sale = disputed[2]
    assert (sale.payment.status, sale.order.status) == ("disputed", "disputed")
    assert set(PaymentEvent.unscoped.exclude(alarm="").values_list("alarm", flat=True)) == {"disputed"}
    # The charge itself goes on saying that it is paid, however long after.
    may_be_asked_again()
    with time_machine.travel(timezone.now() + timedelta(days=9), tick=False):
        ask_gateway(sale.payment.pk, source=EventSource.WEBHOOK)
    assert sale.payment.status == "disputed"


@pytest.mark.parametrize("end", ["REJECTED", "CANCELED"])
def test_a_dispute_that_ends_well_is_told_by_a_notice_and_an_old_one_opens_none(
    disputed: tuple[FakeWoovi, Branch, Sale], end: str
) -> None:
    fake, branch, sale = disputed
    entry = branch.entry_of(sale)
    may_be_asked_again()
    branch.deliver(fake.dispute(entry, secret="the-account's-own", event=end))
    assert (sale.payment.status, sale.order.status) == ("paid", "paid")
    may_be_asked_again()
    branch.deliver(fake.dispute(entry, secret="the-account's-own"))
    WebhookDelivery.unscoped.filter(state="new").update(next_try_at=timezone.now())
    process_deliveries()
    assert (sale.payment.status, set(WebhookDelivery.unscoped.values_list("state", flat=True))) == ("paid", {"done"})


def test_a_dispute_with_a_strangers_signature_opens_none(disputed: tuple[FakeWoovi, Branch, Sale]) -> None:
    fake, branch, _sale = disputed
    other = branch.sell()
    branch.entry_of(other).pay()
    branch.deliver(branch.notice(branch.entry_of(other)))
    told = fake.dispute(branch.entry_of(other), secret="")
    forged = Notice({HEADER: signed(told.body, "stranger")}, told.body)
    assert branch.deliver(forged).state == "forged"
    assert other.payment.status == "paid"


def test_a_charge_whose_answer_was_lost_is_found_by_its_first_notice(
    open_fake: OpenFake, settings: Any, db: None
) -> None:
    """PushinPay knows no key: ours travels in the notice's address, and its own answer repeats it."""
    fake = open_fake(FakePushinPay)
    branch = open_branch(fake, settings)
    fake.become(Mood.LOST, match="POST /pix/cashIn")
    with pytest.raises(AssertionError):
        branch.sell()
    payment = Payment.unscoped.get(idempotency_key=fake.newest().reference)
    assert (payment.provider_id, payment.creation_unknown) == ("", True)
    fake.newest().pay()
    branch.deliver(branch.notice(fake.newest()))
    payment.refresh_from_db()
    assert (payment.provider_id, payment.status, payment.creation_unknown) == (fake.newest().id, "paid", False)


def test_a_notice_cannot_bind_a_lost_charge_to_one_that_is_not_its_own(
    open_fake: OpenFake, settings: Any, db: None
) -> None:
    fake = open_fake(FakePushinPay)
    branch = open_branch(fake, settings)
    fake.become(Mood.LOST, match="POST /pix/cashIn")
    with pytest.raises(AssertionError):
        branch.sell()
    lost = fake.newest()
    other = fake.enter(type(lost)(id="f" * 32, reference="", cents=lost.cents, asked={}, status="paid"))
    notice = branch.notice(other)
    branch.deliver(Notice(notice.headers, notice.body, f"charge={lost.reference}", notice.content_type))
    payment = Payment.unscoped.get(idempotency_key=lost.reference)
    assert (payment.provider_id, payment.status) == ("", "pending")
