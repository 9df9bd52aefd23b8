"""The sandbox's page to pay, in the browser of whoever has its address."""

import pytest
from django.test import Client
from django.urls import reverse

from payments.services.sandbox import Act
from tests.factories.payments import Sale, Shop, buyer, charge, notices


@pytest.fixture
def sale(shop: Shop) -> Sale:
    return charge(shop)


def address(sale: Sale) -> str:
    return reverse("sandbox_pay", args=[sale.token])


def test_shows_amount_code_and_picture(sale: Sale) -> None:
    response = Client().get(address(sale))
    page = response.content.decode()
    assert response.status_code == 200
    assert "R$ 29,90" in page
    assert sale.payment.br_code in page
    assert "data:image/svg+xml" in page
    assert 'value="pay"' in page
    assert "no-store" in response["Cache-Control"]


def test_pay_pays_and_sends_the_notice(shop: Shop, sale: Sale) -> None:
    response = Client().post(address(sale), {"act": "pay"})
    assert (response.status_code, response["Location"]) == (302, address(sale))
    assert (sale.charge.status, len(notices(shop))) == ("paid", 1)


def test_a_lost_notice_is_not_sent(shop: Shop, sale: Sale) -> None:
    Client().post(address(sale), {"act": "pay", "silent": "1"})
    assert (sale.charge.status, notices(shop)) == ("paid", [])


def test_a_paid_charge_offers_only_to_pay_once_more(sale: Sale) -> None:
    buyer(sale, Act.PAY)
    page = Client().get(address(sale)).content.decode()
    assert [act.value for act in Act if f'value="{act.value}"' in page] == ["twice"]


def test_what_cannot_be_done_is_said_and_changes_nothing(sale: Sale) -> None:
    buyer(sale, Act.PAY)
    response = Client().post(address(sale), {"act": "fail"}, follow=True)
    assert response.status_code == 200
    assert sale.charge.status == "paid"


def test_an_unknown_act_or_charge_is_404(sale: Sale) -> None:
    assert Client().post(address(sale), {"act": "steal"}).status_code == 404
    assert Client().get(reverse("sandbox_pay", args=["nobody"])).status_code == 404
    assert Client().put(address(sale)).status_code == 405
    assert Client(enforce_csrf_checks=True).post(address(sale), {"act": "pay"}).status_code == 403
