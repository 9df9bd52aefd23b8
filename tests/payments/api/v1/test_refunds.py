"""`POST /payments/{id}/refund/`: decided once per key, by who may, of one's own payments."""

import pytest

from bots.models import AuditEntry
from bots.permissions import ApiScope
from payments.domain.events import EventSource
from payments.domain.states import Notice, PaymentStatus
from payments.models import Refund
from payments.services import apply_notice
from tests.factories.payments import Sale, Shop, charge, make_shop
from tests.support.partner import Partner, make_partner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def partner(shop: Shop) -> Partner:
    return make_partner(shop.organization)


@pytest.fixture
def sale(shop: Shop) -> Sale:
    sale = charge(shop)
    apply_notice(sale.payment.pk, Notice(PaymentStatus.PAID), source=EventSource.WEBHOOK)
    return sale


def address(sale: Sale) -> str:
    return f"payments/{sale.payment.pk}/refund/"


def test_a_refund_is_decided_and_told(partner: Partner, sale: Sale) -> None:
    response = partner.post(address(sale), {"amount": "10.00", "reason": "pediu"})
    assert response.status_code == 202
    body = response.json()
    row = Refund.unscoped.get()
    assert body == {
        "id": str(row.pk),
        "payment": str(sale.payment.pk),
        "amount": "10.00",
        "currency": "BRL",
        "state": "asked",
        "reason": "pediu",
        "done_at": None,
        "created_at": body["created_at"],
    }
    assert (row.asked_by, AuditEntry.unscoped.get(action="payment.refund").actor_kind) == ("key", "key")


def test_nothing_said_gives_all_of_it_back(partner: Partner, sale: Sale) -> None:
    assert partner.post(address(sale), {}).json()["amount"] == "29.90"


def test_the_same_key_gives_back_once(partner: Partner, sale: Sale) -> None:
    answers = [partner.post(address(sale), {"amount": "10.00"}, Idempotency_Key="k") for _ in range(2)]
    assert [response.status_code for response in answers] == [202, 202]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert Refund.unscoped.count() == 1


def test_its_twin_without_a_key_is_refused_while_the_first_is_on_its_way(partner: Partner, sale: Sale) -> None:
    answers = [partner.post(address(sale), {"amount": "10.00"}) for _ in range(2)]
    assert [response.status_code for response in answers] == [202, 409]
    assert answers[1].json()["code"] == "refund_open"


@pytest.mark.parametrize("amount", ["0", "-1", "1e3", "x", "29.91", "1.234"])
def test_an_amount_that_cannot_be_is_refused_at_its_field(partner: Partner, sale: Sale, amount: str) -> None:
    response = partner.post(address(sale), {"amount": amount})
    assert (response.status_code, Refund.unscoped.count()) == (422, 0)
    assert response.json()["errors"][0]["field"] == "amount"


def test_reading_is_not_enough(shop: Shop, sale: Sale) -> None:
    reader = make_partner(shop.organization, [ApiScope.PAYMENTS_READ])
    assert (reader.post(address(sale), {}).status_code, Refund.unscoped.count()) == (403, 0)


def test_another_organizations_payment_is_not_there(sale: Sale) -> None:
    stranger = make_partner(make_shop("Outra").organization)
    assert (stranger.post(address(sale), {}).status_code, Refund.unscoped.count()) == (404, 0)


def test_an_unpaid_charge_is_a_conflict(shop: Shop, partner: Partner) -> None:
    response = partner.post(address(charge(shop)), {})
    assert (response.status_code, response.json()["code"]) == (409, "not_refundable")
