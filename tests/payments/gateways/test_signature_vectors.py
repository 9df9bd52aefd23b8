"""The published signatures that were collected: each is held by a test of its gateway, or that one has no adapter."""

import base64
import hashlib
import hmac

from payments.domain.gateway_names import GatewayName
from payments.gateways.mercadopago.signature import manifest, sign
from payments.gateways.woovi.signature import has_hmac_of, is_signed_by
from tests.payments.gateways.test_mercadopago import VECTORS
from tests.payments.gateways.test_woovi import PUBLISHED_BODY, PUBLISHED_KEY, PUBLISHED_SIGNATURE

MERCADO_PAGO = {
    "id:123456789;request-id:bb56a2f1-6aae-46ac-982e-9dcd3581d08e;ts:1742505638;": (
        "521511639cc679d93f2c3bf7aa15b943c83ffcc7ff4a9b8e94c314c808bf4a6a"
    ),
    "id:ORD01ABC;request-id:r1;ts:1742505638683;": "e2c60d36654696aaa898da179a812ad6cffcbc6066830f86a8c69c7bf7ba3ef9",
}
# Collected as well, for gateways that have no adapter: whoever writes one moves its vector to that gateway's test.
NOT_SPOKEN_TO = {
    "stripe": (
        "whsec_test",
        b'1700000000.{"id":"evt_1","type":"payment_intent.succeeded"}',
        "001ce3ef73e456cedaab328328720d3ad59defb8bbd0f1518f46c04ad4ac0bb7",
    ),
    "syncpay": (
        "sync_secret",
        b'1700000000.{"event":"transaction.updated","event_id":"e1",'
        b'"transaction":{"reference_id":"x","status":"completed","amount":9.9}}',
        "8834e0bb579a27af403e7fd74b551c5376cc7bc5b2d8e55d9beb7971bbb7590d",
    ),
    "pagbank": (
        "TOKEN123",
        b'{"id":"ORDE_1","charges":[{"status":"PAID"}]}',
        "54c2d0a07ff317e85efd5aeae69f8589176ae36e21378689a432088fee5874fb",
    ),
}


def test_mercado_pagos_are_what_its_own_tests_hold() -> None:
    assert {manifest(data_id, request_id, at): mac for data_id, request_id, at, mac in VECTORS} == MERCADO_PAGO
    assert {text: sign("test_secret", text) for text in MERCADO_PAGO} == MERCADO_PAGO


def test_woovis_are_the_key_s_and_the_hmac_s() -> None:
    assert is_signed_by([PUBLISHED_KEY], PUBLISHED_BODY, PUBLISHED_SIGNATURE)
    body = b'{"data_criacao":"2021-08-10T20:32:14.429Z","evento":"teste_webhook"}'
    assert has_hmac_of("hmac-secret-key", body, "jgR2XF0PKDiAwHP1s+TryvxMySQ=")


def test_a_gateway_that_gets_an_adapter_brings_its_vector() -> None:
    assert NOT_SPOKEN_TO.keys().isdisjoint(name.value for name in GatewayName)
    for secret, signed, mac in (NOT_SPOKEN_TO["stripe"], NOT_SPOKEN_TO["syncpay"]):
        assert hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() == mac
    token, body, mac = NOT_SPOKEN_TO["pagbank"]
    assert hashlib.sha256(f"{token}-".encode() + body).hexdigest() == mac


def test_a_signature_is_of_these_very_bytes() -> None:
    other = base64.b64encode(hmac.new(b"hmac-secret-key", b"{}", hashlib.sha1).digest()).decode()
    assert not has_hmac_of("hmac-secret-key", b"{ }", other)
    assert has_hmac_of("hmac-secret-key", b"{}", other)
