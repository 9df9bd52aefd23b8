"""`/payments/` and `/grants/`: money and access, to read, without what only the buyer may have."""

from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from bots.models import Channel
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.models import Grant, Payment
from payments.services import apply_notice
from tests.factories.payments import Sale, Shop, charge, make_shop, second_contact, wish
from tests.support.partner import Partner, answer, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def partner(shop: Shop) -> Partner:
    return make_partner(shop.organization)


@pytest.fixture
def sale(shop: Shop) -> Sale:
    return charge(shop, wish(deliver={"text": "Seu acesso"}))


def test_tells_of_a_charge(shop: Shop, partner: Partner, sale: Sale) -> None:
    (payment,) = answer(partner.get("payments/"))["results"]
    assert payment == {
        "id": str(sale.payment.pk),
        "order": str(sale.order_id),
        "bot": str(shop.bot.pk),
        "contact": str(shop.contact.pk),
        "run": str(sale.run_id),
        "step": "pay",
        "account": str(shop.account.pk),
        "gateway": "sandbox",
        "status": "pending",
        "late": False,
        "overpaid": False,
        "superseded": False,
        "amount": "29.90",
        "refunded": "0.00",
        "fee": None,
        "currency": "BRL",
        "provider_id": sale.payment.provider_id,
        "txid": sale.payment.txid,
        "end_to_end_id": sale.payment.end_to_end_id,
        "expires_at": payment["expires_at"],
        "paid_at": None,
        "dispute_until": None,
        "created_at": payment["created_at"],
    }


def test_one_charge_comes_with_its_sale_and_the_sales_proof(partner: Partner, sale: Sale) -> None:
    payment = answer(partner.get(f"payments/{sale.payment.pk}/"))
    order = payment["order"]
    assert (order["id"], order["amount"], order["currency"], order["status"]) == (
        str(sale.order_id),
        "29.90",
        "BRL",
        "open",
    )
    assert [(stop["kind"], stop["state"]) for stop in order["proof"]] == [
        ("charged", "done"),
        ("paid", "open"),
        ("went_on", "open"),
        ("sent", "open"),
    ]


def test_filters_charges(shop: Shop, partner: Partner, sale: Sale) -> None:
    for wanted, count in (
        ("status=pending", 1),
        ("status=paid", 0),
        (f"txid={sale.payment.txid}", 1),
        ("txid=nobodys", 0),
        (f"bot={shop.bot.pk}&contact={shop.contact.pk}", 1),
        (f"contact={uuid4()}", 0),
    ):
        assert len(answer(partner.get(f"payments/?{wanted}"))["results"]) == count, wanted


def test_one_charge_comes_with_its_ledger(partner: Partner, sale: Sale) -> None:
    until = datetime(2026, 12, 8, 12, tzinfo=UTC)
    part = Money(1000, Currency.BRL)
    for notice in (
        Notice(PaymentStatus.PAID, fee=Money(30, Currency.BRL)),
        Notice(PaymentStatus.PARTIALLY_REFUNDED, refunded=part),
        Notice(PaymentStatus.DISPUTED, dispute_until=until),
    ):
        apply_notice(sale.payment.pk, notice, source=EventSource.WEBHOOK)
    payment = answer(partner.get(f"payments/{sale.payment.pk}/"))
    assert (payment["refunded"], payment["fee"], payment["dispute_until"]) == (
        "10.00",
        "0.30",
        "2026-12-08T09:00:00-03:00",
    )
    told = [(one["kind"], one["source"], one["to_status"], one["amount"], one["alarm"]) for one in payment["events"]]
    assert told == [
        ("created", "create", "pending", "0.00", ""),
        ("fee", "webhook", "pending", "0.30", ""),
        ("moved", "webhook", "paid", "29.90", ""),
        ("moved", "webhook", "partially_refunded", "10.00", ""),
        ("moved", "webhook", "disputed", "10.00", "disputed"),
    ]


def test_charges_of_a_time(partner: Partner, sale: Sale) -> None:
    Payment.unscoped.update(created_at=datetime(2026, 3, 10, 2, tzinfo=UTC), paid_at=datetime(2026, 3, 12, tzinfo=UTC))
    for wanted, count in (
        # Two in the morning there is eleven at night of the ninth in Brazil.
        ("created_since=2026-03-09&created_until=2026-03-10", 1),
        ("created_since=2026-03-10", 0),
        ("created_until=2026-03-09", 0),
        ("created_since=2026-03-10T02:00:00Z", 1),
        ("created_until=2026-03-10T02:00:00Z", 0),
        ("paid_since=2026-03-11T21:00:00-03:00&paid_until=2026-03-13", 1),
        ("paid_since=2026-03-11T21:00:01-03:00", 0),
    ):
        assert len(answer(partner.get(f"payments/?{wanted}"))["results"]) == count, wanted


@pytest.mark.parametrize("value", ["yesterday", "", "2026-02-30", "0001-01-01", "9999-12-31T23:59:59-12:00", "2026%00"])
def test_a_time_that_is_none_is_refused_and_never_ignored(partner: Partner, sale: Sale, value: str) -> None:
    refused = partner.get(f"payments/?created_since={value}")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "created_since")


def test_a_cursor_keeps_the_filters(shop: Shop, partner: Partner) -> None:
    made = [str(charge(shop, wish(visit=number, step_id=f"pay{number}")).payment.pk) for number in range(3)]
    first = answer(partner.get("payments/?created_since=2020-01-01&status=pending&page_size=2"))
    assert [one["id"] for one in first["results"]] == made[:0:-1]
    assert "created_since=2020-01-01" in first["next"]
    second = answer(partner.get(first["next"].partition("/api/v1/")[2]))
    assert [one["id"] for one in second["results"]] == made[:1]


def test_charges_are_found_by_what_is_on_a_receipt(shop: Shop, partner: Partner, sale: Sale) -> None:
    charge(second_contact(shop), wish(step_id="another"))
    contact = sale.order.contact
    contact.first_name, contact.last_name = "Ana Lívia", "de Souza"
    contact.save()
    Payment.unscoped.filter(pk=sale.payment.pk).update(
        payer={"email": "ana@example.com", "document": "12345678909"}, end_to_end_id="E123"
    )
    for search in (
        "lívia souza",
        f"@{contact.username}",
        str(contact.telegram_user_id),
        "ANA@example.com",
        "123.456.789-09",
        sale.payment.txid,
        "e123",
        str(sale.order_id),
    ):
        found = answer(partner.get(f"payments/?{urlencode({'search': search})}"))["results"]
        assert [one["id"] for one in found] == [str(sale.payment.pk)], search
    assert answer(partner.get("payments/?search=nobody"))["results"] == []


def test_tells_of_accesses(shop: Shop, partner: Partner, sale: Sale) -> None:
    grant = Grant.unscoped.create(
        organization=shop.organization,
        contact=shop.contact,
        telegram_user_id=shop.contact.telegram_user_id,
        order=sale.order,
        run_id=sale.run_id,
        visit=1,
        step_id="pay",
        kind="content",
        content={"text": "Seu acesso"},
        content_key="k",
        starts_at=sale.order.created_at,
    )
    (told,) = answer(partner.get("grants/"))["results"]
    assert told == {
        "id": str(grant.pk),
        "telegram_user_id": shop.contact.telegram_user_id,
        "contact": str(shop.contact.pk),
        "order": str(sale.order_id),
        "run": str(sale.run_id),
        "step": "pay",
        "kind": "content",
        "content": {"text": "Seu acesso"},
        "starts_at": told["starts_at"],
        "ends_at": None,
        "revoked_at": None,
    }
    for wanted, count in ((f"order={sale.order_id}", 1), (f"order={uuid4()}", 0), ("telegram_user_id=1", 0)):
        assert len(answer(partner.get(f"grants/?{wanted}"))["results"]) == count, wanted


def test_test_charges_are_in_no_list() -> None:
    shop = make_shop(channel=Channel.SIMULATOR)
    sale = charge(shop)
    partner = make_partner(shop.organization)
    assert answer(partner.get("payments/"))["results"] == []
    assert partner.get(f"payments/{sale.payment.pk}/").status_code == 404
