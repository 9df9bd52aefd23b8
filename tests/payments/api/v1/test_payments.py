"""`/payments/` and `/grants/`: money and access, to read, without what only the buyer may have."""

from uuid import uuid4

import pytest

from bots.models import Channel
from payments.models import Grant
from tests.factories.payments import Sale, Shop, charge, make_shop, wish
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
        "gateway": "sandbox",
        "status": "pending",
        "late": False,
        "overpaid": False,
        "superseded": False,
        "amount": "29.90",
        "currency": "BRL",
        "txid": sale.payment.txid,
        "end_to_end_id": sale.payment.end_to_end_id,
        "expires_at": payment["expires_at"],
        "paid_at": None,
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
