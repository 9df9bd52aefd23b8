"""A notice is kept, judged, and only ever makes us ask; nothing in its body pays anything."""

import json
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from bots.ids import uuid7
from payments.gateways.base import AccountAccess, Charge, NewCharge
from payments.gateways.registry import gateway_of
from payments.gateways.sandbox.adapter import SandboxGateway
from payments.gateways.sandbox.charge import SandboxCharge
from payments.gateways.sandbox.signature import HEADER, sign
from payments.models import GatewayAccount, Payment, PaymentEvent, WebhookDelivery
from payments.services import process_deliveries
from payments.services.accounts import access_to
from payments.services.sandbox import Act
from payments.services.webhooks import account_at, forget_deliveries, store_delivery
from tests.factories.payments import Sale, Shop, buyer, charge, make_shop, told


def notice_of(charge: SandboxCharge, **changes: object) -> bytes:
    return json.dumps(
        {
            "event": str(uuid7()),
            "charge": charge.provider_id,
            "reference": charge.reference,
            "status": charge.status,
            "amount": charge.amount_minor,
            "currency": charge.currency,
            **changes,
        }
    ).encode()


def deliver(
    account: GatewayAccount, body: bytes, *, secret: str | None = None, at: datetime | None = None
) -> WebhookDelivery:
    address = account_at(account.gateway, account.public_id)
    assert address is not None
    signature = sign(account.webhook_secret if secret is None else secret, body, at=at or timezone.now())
    store_delivery(address, headers={"X-Sandbox-Signature": signature}, query="", body=body)
    process_deliveries()
    return WebhookDelivery.unscoped.latest("created_at")


def state_of(sale: Sale) -> tuple[str, str, int]:
    return sale.payment.status, sale.order.status, PaymentEvent.unscoped.filter(kind="moved").count()


UNPAID = ("pending", "open", 0)
PAID = ("paid", "paid", 1)


def test_a_genuine_notice_makes_us_ask_and_the_gateway_says_paid(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    delivery = deliver(shop.account, notice_of(sale.charge))
    assert state_of(sale) == PAID
    assert (delivery.state, delivery.verified, delivery.payment_id) == ("done", True, sale.payment.pk)
    assert sale.ledger()[-1] == ("moved", "webhook", "paid")
    assert GatewayAccount.unscoped.get(pk=shop.account.pk).last_webhook_at == delivery.created_at


def test_a_genuine_notice_that_lies_pays_nothing(shop: Shop) -> None:
    sale = charge(shop)
    delivery = deliver(shop.account, notice_of(sale.charge, status="paid"))
    assert (state_of(sale), delivery.state) == (UNPAID, "done")


def test_the_same_bytes_again_are_kept_once(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    body, at = notice_of(sale.charge), timezone.now()
    for _ in range(6):
        deliver(shop.account, body, at=at)
    assert (WebhookDelivery.unscoped.count(), state_of(sale)) == (1, PAID)
    assert len(told(shop)) == 2


def give_back(sale: Sale) -> None:
    """The gateway tells it by no other words than it told the payment."""
    access = access_to(sale.shop.account)
    gateway_of("sandbox").refund(access, provider_id=sale.charge.provider_id, amount=sale.payment.amount, key="refund")


def test_the_same_bytes_later_make_us_ask_again(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    body, at = notice_of(sale.charge), timezone.now()
    deliver(shop.account, body, at=at)
    give_back(sale)
    delivery = deliver(shop.account, body, at=at)
    assert (sale.payment.status, delivery.state) == ("paid", "new")
    WebhookDelivery.unscoped.update(next_try_at=timezone.now())
    assert process_deliveries() == 1
    assert (sale.payment.status, WebhookDelivery.unscoped.get().state) == ("refunded", "done")


def test_the_same_bytes_while_the_gateway_is_asked_make_us_ask_again(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    body, at = notice_of(sale.charge), timezone.now()
    fetch = SandboxGateway.fetch
    asked: list[Charge] = []

    def answer_and_change(gateway: SandboxGateway, *args: object, **options: object) -> Charge:
        answer = fetch(gateway, *args, **options)  # type: ignore[arg-type]
        if not asked:
            asked.append(answer)
            give_back(sale)
            address = account_at("sandbox", shop.account.public_id)
            assert address is not None
            signature = sign(shop.account.webhook_secret, body, at=at)
            store_delivery(address, headers={HEADER: signature}, query="", body=body)
        return answer

    with patch.object(SandboxGateway, "fetch", answer_and_change):
        delivery = deliver(shop.account, body, at=at)
        assert (sale.payment.status, delivery.state) == ("paid", "new")
        WebhookDelivery.unscoped.update(next_try_at=timezone.now())
        assert process_deliveries() == 1
    assert (sale.payment.status, WebhookDelivery.unscoped.get().state) == ("refunded", "done")


def test_what_was_forged_stays_so_however_often_it_comes(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    body, at = notice_of(sale.charge), timezone.now()
    for _ in range(2):
        delivery = deliver(shop.account, body, secret="guessed", at=at)
    assert (state_of(sale), delivery.state, WebhookDelivery.unscoped.count()) == (UNPAID, "forged", 1)
    assert process_deliveries() == 0


def test_two_notices_of_one_charge_are_two_deliveries(shop: Shop) -> None:
    sale = charge(shop)
    deliver(shop.account, notice_of(sale.charge))
    buyer(sale, Act.PAY)
    deliver(shop.account, notice_of(sale.charge))
    assert (WebhookDelivery.unscoped.count(), state_of(sale)) == (2, PAID)


def test_a_replay_after_five_minutes_is_forged(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    delivery = deliver(shop.account, notice_of(sale.charge), at=timezone.now() - timedelta(minutes=6))
    assert (state_of(sale), delivery.state, delivery.verified) == (UNPAID, "forged", False)


def test_a_wrong_secret_is_forged_kept_and_without_effect(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    body = notice_of(sale.charge)
    delivery = deliver(shop.account, body, secret="guessed")
    assert (state_of(sale), delivery.state, bytes(delivery.body)) == (UNPAID, "forged", body)
    assert process_deliveries() == 0


@pytest.mark.parametrize("position", [0, 20, -1])
def test_a_changed_byte_breaks_the_signature(shop: Shop, position: int) -> None:
    sale = charge(shop)
    body = bytearray(notice_of(sale.charge))
    at = timezone.now()
    signature = sign(shop.account.webhook_secret, bytes(body), at=at)
    body[position] ^= 1
    address = account_at("sandbox", shop.account.public_id)
    assert address is not None
    store_delivery(address, headers={HEADER: signature}, query="", body=bytes(body))
    process_deliveries()
    assert WebhookDelivery.unscoped.get().state == "forged"


def test_another_sellers_genuine_signature_is_forged_here(shop: Shop) -> None:
    sale, stranger = charge(shop), make_shop("Outra")
    buyer(sale, Act.PAY)
    delivery = deliver(shop.account, notice_of(sale.charge), secret=stranger.account.webhook_secret)
    assert (state_of(sale), delivery.state) == (UNPAID, "forged")


def test_another_sellers_charge_is_unknown_here(shop: Shop) -> None:
    sale, stranger = charge(shop), make_shop("Outra")
    buyer(sale, Act.PAY)
    delivery = deliver(stranger.account, notice_of(sale.charge))
    assert (state_of(sale), delivery.state) == (UNPAID, "unmatched")


@pytest.mark.parametrize("lie", [{"amount": 1}, {"amount": 299000}, {"currency": "XTR"}, {"reference": "00000000:1"}])
def test_a_notice_that_contradicts_the_charge_pays_nothing_and_is_seen(shop: Shop, lie: dict[str, object]) -> None:
    sale = charge(shop)
    delivery = deliver(shop.account, notice_of(sale.charge, status="paid", **lie))
    assert state_of(sale) == UNPAID
    assert delivery.error != ""
    assert PaymentEvent.unscoped.filter(kind="refused", note=delivery.error).count() == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"charge": 1}', b"\xff\xfe", b'{"charge":"x","reference":"y","status":"odd"}',
     b'{"charge":"sbx_1","reference":"r","status":"paid","amount":1.5,"currency":"BRL"}', b"[" * 100_000],
)  # fmt: skip
def test_rubbish_with_a_right_signature_is_kept_and_harmless(shop: Shop, body: bytes) -> None:
    sale = charge(shop)
    delivery = deliver(shop.account, body)
    assert (delivery.state, delivery.verified, state_of(sale)) == ("unreadable", True, UNPAID)


def test_a_notice_before_the_gateways_own_answer_is_matched_later(shop: Shop) -> None:
    create = SandboxGateway.create
    early: list[WebhookDelivery] = []

    def with_notice(self: SandboxGateway, account: AccountAccess, new: NewCharge) -> Charge:
        made = create(self, account, new)
        row = SandboxCharge.unscoped.get()
        row.status, row.received_minor, row.paid_at = "paid", row.amount_minor, timezone.now()
        row.save()
        # As the gateway's own id only: its answer, which would tell us that id, is still on its way.
        early.append(deliver(shop.account, notice_of(row, reference="")))
        return made

    with patch.object(SandboxGateway, "create", with_notice):
        sale = charge(shop)
    assert early[0].state == "unmatched"
    assert process_deliveries() == 1
    assert (state_of(sale), WebhookDelivery.unscoped.get().state) == (PAID, "done")


def test_a_charge_that_nobody_ever_knows_is_set_aside_after_two_days(shop: Shop) -> None:
    body = notice_of(charge(make_shop("Outra")).charge)
    delivery = deliver(shop.account, body)
    assert delivery.state == "unmatched"
    assert delivery.next_try_at is not None
    old = timezone.now() - timedelta(hours=49)
    # The signature's own age is not what this is about: it was right when the notice came.
    signature = sign(shop.account.webhook_secret, body, at=old)
    WebhookDelivery.unscoped.update(created_at=old, next_try_at=old, headers={HEADER: signature})
    process_deliveries()
    assert WebhookDelivery.unscoped.get().state == "set_aside"


def test_a_notice_whose_gateway_does_not_answer_waits_and_is_asked_about_again(shop: Shop) -> None:
    sale = charge(shop)
    buyer(sale, Act.PAY)
    shop.account.credentials = {"fault": "down"}
    shop.account.save()
    delivery = deliver(shop.account, notice_of(sale.charge))
    assert (delivery.state, state_of(sale)) == ("new", UNPAID)
    shop.account.credentials = {}
    shop.account.save()
    WebhookDelivery.unscoped.update(next_try_at=timezone.now())
    process_deliveries()
    assert state_of(sale) == PAID


def test_a_bug_of_ours_keeps_the_notice_for_another_try_and_then_sets_it_aside(shop: Shop) -> None:
    sale, other = charge(shop), charge(make_shop("Outra"))
    with patch("payments.services.webhooks._follow", side_effect=RuntimeError):
        deliver(shop.account, notice_of(sale.charge))
        for _ in range(5):
            WebhookDelivery.unscoped.update(next_try_at=timezone.now())
            process_deliveries()
    assert WebhookDelivery.unscoped.get().state == "set_aside"
    assert Payment.unscoped.filter(pk__in=[sale.payment.pk, other.payment.pk], status="pending").count() == 2


def test_an_account_is_found_only_by_both_its_names(shop: Shop) -> None:
    assert account_at("sandbox", shop.account.public_id) is not None
    assert account_at("other", shop.account.public_id) is None
    assert account_at("sandbox", "x") is None


@pytest.mark.parametrize(
    ("state", "days", "kept"),
    [
        ("done", 89, True),
        ("done", 91, False),
        ("forged", 179, True),
        ("forged", 181, False),
        ("unreadable", 181, False),
        ("set_aside", 181, False),
        ("unmatched", 400, True),
        ("new", 400, True),
    ],
)
def test_old_notices_are_let_go_and_those_that_wait_are_not(shop: Shop, state: str, days: int, kept: bool) -> None:
    deliver(shop.account, notice_of(charge(shop).charge))
    WebhookDelivery.unscoped.update(state=state, created_at=timezone.now() - timedelta(days=days))
    assert forget_deliveries() == (not kept)
    assert WebhookDelivery.unscoped.exists() is kept
