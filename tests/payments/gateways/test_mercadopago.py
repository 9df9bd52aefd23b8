"""Mercado Pago's own ways: its signature with every trap, its parameters, its search."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from payments.domain.states import PaymentStatus
from payments.gateways.base import Contradiction, GatewayError, UnreadableWebhook, Verification, WebhookCall
from payments.gateways.mercadopago.signature import is_genuine, manifest, sign
from tests.payments.gateways.conftest import WEBHOOK_SECRET, Counter, OpenCounter
from tests.support.fake_gateways import FakeMercadoPago


@pytest.fixture
def mercado_pago(open_counter: OpenCounter) -> Counter:
    return open_counter(FakeMercadoPago)


VECTORS = [
    (
        "123456789",
        "bb56a2f1-6aae-46ac-982e-9dcd3581d08e",
        "1742505638",
        "521511639cc679d93f2c3bf7aa15b943c83ffcc7ff4a9b8e94c314c808bf4a6a",
    ),
    # Milliseconds, and letters: the time is signed as it stands, the id in either case.
    ("ORD01ABC", "r1", "1742505638683", "e2c60d36654696aaa898da179a812ad6cffcbc6066830f86a8c69c7bf7ba3ef9"),
]


@pytest.mark.parametrize(("data_id", "request_id", "at", "mac"), VECTORS)
def test_the_published_signatures_are_right(data_id: str, request_id: str, at: str, mac: str) -> None:
    assert sign("test_secret", manifest(data_id, request_id, at)) == mac
    header = f"ts={at},v1={mac}"
    assert is_genuine("test_secret", header=header, request_id=request_id, data_id=data_id)
    for secret, header_, request, id_ in (
        ("other_secret", header, request_id, data_id),
        ("", header, request_id, data_id),
        ("test_secret", f"ts={at},v1={mac[:-1]}0", request_id, data_id),
        ("test_secret", f"ts={int(at) + 1},v1={mac}", request_id, data_id),
        ("test_secret", f"ts={at}x,v1={mac}", request_id, data_id),
        ("test_secret", f"ts=,v1={mac}", request_id, data_id),
        ("test_secret", f"v1={mac}", request_id, data_id),
        ("test_secret", f"ts={at},v1={'é' * 64}", request_id, data_id),
        ("test_secret", f"ts={at}", request_id, data_id),
        ("test_secret", "nonsense", request_id, data_id),
        ("test_secret", header, "other", data_id),
        ("test_secret", header, request_id, data_id + "1"),
    ):
        assert not is_genuine(secret, header=header_, request_id=request, data_id=id_)


def test_an_id_signed_in_lower_case_is_right_however_it_comes() -> None:
    mac = sign("s", manifest("ord01abc", "r", "1"))
    assert is_genuine("s", header=f"ts=1,v1={mac}", request_id="r", data_id="ORD01ABC")


def test_what_is_missing_is_left_out_of_the_manifest() -> None:
    assert manifest("", "", "5") == "ts:5;"
    assert is_genuine("s", header=f"ts=5, v1={sign('s', 'ts:5;')}", request_id="", data_id="")


@pytest.mark.parametrize("at", [1_764_000_000, 1_764_000_000_000, 1])
def test_seconds_milliseconds_and_old_notices_are_all_genuine(mercado_pago: Counter, at: int) -> None:
    """It repeats a notice for days; what an old one can do is make us ask."""
    mac = sign(WEBHOOK_SECRET, manifest("77", "r", str(at)))
    call = WebhookCall(
        headers={"x-signature": f"ts={at},v1={mac}", "x-request-id": "r"},
        query="data.id=77&type=payment",
        body=b'{"type":"payment","data":{"id":"77"}}',
        received_at=timezone.now(),
    )
    assert mercado_pago.gateway.verify_webhook(mercado_pago.access, call) is Verification.VERIFIED


def called(query: str, body: bytes = b"") -> WebhookCall:
    return WebhookCall(headers={}, query=query, body=body, received_at=timezone.now())


@pytest.mark.parametrize(
    ("query", "body", "ids"),
    [
        ("data.id=77&type=payment", b'{"type":"payment","data":{"id":"77"}}', ["77"]),
        ("data.id=77&type=payment", b"", ["77"]),
        ("source_news=webhooks", b'{"type":"payment","data":{"id":77}}', ["77"]),
        # The older kind of notice, unsigned.
        ("id=77&topic=payment", b"", ["77"]),
        ("id=77&topic=payment", b'{"resource":"77","topic":"payment"}', ["77"]),
        ("id=77&topic=merchant_order", b"{}", []),
        ("data.id=77&type=plan", b'{"type":"plan","data":{"id":"77"}}', []),
        ("", b"{}", []),
    ],
)
def test_both_kinds_of_notices_name_their_payment(
    mercado_pago: Counter, query: str, body: bytes, ids: list[str]
) -> None:
    assert [hint.provider_id for hint in mercado_pago.gateway.parse_webhook(called(query, body))] == ids


def test_a_body_that_names_another_payment_than_the_signed_query_is_unreadable(mercado_pago: Counter) -> None:
    with pytest.raises(UnreadableWebhook):
        mercado_pago.gateway.parse_webhook(called("data.id=77&type=payment", b'{"type":"payment","data":{"id":"78"}}'))


def test_without_the_applications_secret_a_notice_only_makes_us_ask(mercado_pago: Counter) -> None:
    mercado_pago.make()
    notice = mercado_pago.genuine(mercado_pago.fake.newest())
    access = replace(mercado_pago.access, webhook_secret="")
    assert mercado_pago.gateway.verify_webhook(access, notice) is Verification.UNSIGNED


def test_what_is_sent_is_what_it_documents(mercado_pago: Counter) -> None:
    new = mercado_pago.new()
    mercado_pago.gateway.create(mercado_pago.access, new)
    (call,) = mercado_pago.fake.made("POST /v1/payments")
    assert call.headers["x-idempotency-key"] == new.key
    assert call.body["external_reference"] == new.key
    assert call.body["notification_url"] == f"{new.webhook_url}?source_news=webhooks"
    assert call.body["payer"] == {
        "email": "ana@example.com",
        "first_name": "Ana",
        "last_name": "Maria Souza",
        "identification": {"type": "CPF", "number": "52998224725"},
    }
    written = datetime.fromisoformat(call.body["date_of_expiration"])
    assert (written.utcoffset(), abs(written - new.expires_at) < timedelta(milliseconds=1)) == (
        timedelta(hours=-3),
        True,
    )


def test_a_site_that_cannot_be_reached_from_outside_is_not_named(mercado_pago: Counter) -> None:
    new = mercado_pago.new()
    local = replace(new, webhook_url="http://127.0.0.1:8000/x/", payer={"email": "a@b.co"})
    mercado_pago.gateway.create(mercado_pago.access, local)
    (call,) = mercado_pago.fake.made("POST /v1/payments")
    assert "notification_url" not in call.body
    assert call.body["payer"] == {"email": "a@b.co"}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"status": "in_process"}, PaymentStatus.PENDING),
        ({"status": "in_mediation"}, PaymentStatus.PENDING),
        ({"status": "authorized"}, PaymentStatus.PENDING),
        ({"status": "approved"}, PaymentStatus.PAID),
        ({"status": "approved", "transaction_amount_refunded": 1}, PaymentStatus.PARTIALLY_REFUNDED),
        ({"status": "rejected"}, PaymentStatus.FAILED),
        ({"status": "cancelled", "status_detail": "expired"}, PaymentStatus.EXPIRED),
        ({"status": "cancelled", "status_detail": "by_collector"}, PaymentStatus.FAILED),
        ({"status": "refunded"}, PaymentStatus.REFUNDED),
        ({"status": "charged_back"}, PaymentStatus.DISPUTED),
    ],
)
def test_each_state_is_read(mercado_pago: Counter, said: dict[str, object], status: PaymentStatus) -> None:
    made = mercado_pago.make()
    mercado_pago.fake.lies = said
    assert mercado_pago.fetch(made.provider_id).status is status


def test_another_currency_is_no_charge_of_ours(mercado_pago: Counter) -> None:
    made = mercado_pago.make()
    mercado_pago.fake.lies = {"currency_id": "ARS"}
    with pytest.raises(Contradiction) as failed:
        mercado_pago.fetch(made.provider_id)
    assert failed.value.code == "other_currency"


def test_nothing_of_the_payer_is_kept(mercado_pago: Counter) -> None:
    mercado_pago.make()
    mercado_pago.fake.newest().pay()
    assert "52998224725" not in str(mercado_pago.fetch(mercado_pago.fake.newest().id))


def test_of_several_charges_of_one_key_the_paid_one_is_found(mercado_pago: Counter) -> None:
    mercado_pago.make()
    second = type(mercado_pago.fake.newest())(id="200", reference="0197-a:1", cents=2990, asked={}, status="paid")
    mercado_pago.fake.enter(second)
    assert mercado_pago.fetch(key="0197-a:1").provider_id == "200"


def test_an_account_of_another_country_is_refused(mercado_pago: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = mercado_pago.fake.handle

    def elsewhere(call: object) -> object:
        answer = handle(call)  # type: ignore[arg-type]
        return type(answer)(200, {"id": 1, "site_id": "MLA"})

    monkeypatch.setattr(mercado_pago.fake, "handle", elsewhere)
    with pytest.raises(GatewayError) as refused:
        mercado_pago.gateway.test_credentials(mercado_pago.access)
    assert refused.value.code == "wrong_country"
