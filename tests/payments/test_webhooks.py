"""The door for gateways' notices: one statement, 200 fast, whatever comes."""

import pytest
from django.test import Client
from django.urls import reverse

from payments.models import WebhookDelivery
from tests.factories.payments import Shop
from tests.support.sql import recorded_sql


@pytest.fixture
def address(shop: Shop) -> str:
    return reverse("gateway_webhook", args=["sandbox", shop.account.public_id])


def post(address: str, body: bytes, **headers: str) -> int:
    return Client().post(address, body, content_type="application/json", headers=headers).status_code


def test_stores_bytes_and_headers_and_answers_200(shop: Shop, address: str) -> None:
    body = b'{"a": "\x00\xff"}'
    assert post(address, body, **{"X-Sandbox-Signature": "t=1,v1=x", "Cookie": "secret=1"}) == 200
    delivery = WebhookDelivery.unscoped.get()
    assert (bytes(delivery.body), delivery.state, delivery.verified) == (body, "new", None)
    assert delivery.headers["x-sandbox-signature"] == "t=1,v1=x"
    assert "cookie" not in delivery.headers


@pytest.mark.parametrize("body", [b"", b"\xff" * 1000, b"[" * 10_000, b"\x00"])
def test_rubbish_is_kept(address: str, body: bytes) -> None:
    assert post(address, body) == 200
    assert WebhookDelivery.unscoped.count() == 1


def test_an_address_of_nobody_is_404(db: None) -> None:
    assert post(reverse("gateway_webhook", args=["sandbox", "nobody"]), b"{}") == 404
    assert post(reverse("gateway_webhook", args=["other", "nobody"]), b"{}") == 404


@pytest.mark.parametrize("unheard_of", ["%00", "%FF", "a%2Fb", "ç", "x" * 4000])
def test_an_address_that_no_column_could_hold_is_nobodys_too(db: None, unheard_of: str) -> None:
    assert post(f"/payments/webhooks/sandbox/{unheard_of}/", b"{}") == 404
    assert Client().get(f"/pagar/{unheard_of}/").status_code == 404


def test_over_a_mebibyte_is_413_and_not_kept(address: str) -> None:
    assert post(address, b"x" * (1024 * 1024 + 1)) == 413
    assert not WebhookDelivery.unscoped.exists()
    assert post(address, b"x" * (1024 * 1024)) == 200


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_other_methods_are_405(address: str, method: str) -> None:
    assert getattr(Client(), method)(address).status_code == 405


def test_needs_no_cookie_and_two_statements(address: str) -> None:
    with recorded_sql() as statements:
        assert Client(enforce_csrf_checks=True).post(address, b"{}", content_type="text/plain").status_code == 200
    assert [sql.split()[0] for sql in statements] == ["SELECT", "INSERT"]
