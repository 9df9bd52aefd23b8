"""Woovi's own ways: its published signatures, its keys that change, its disputes."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from django.utils import timezone

from payments.domain.states import PaymentStatus
from payments.gateways.base import GatewayError, Hint, UnreadableWebhook, Verification, WebhookCall
from payments.gateways.woovi.adapter import key_ring
from payments.gateways.woovi.signature import KEEP_SECONDS, KeyRing, has_hmac_of, is_signed_by
from tests.payments.gateways.conftest import WEBHOOK_SECRET, Counter, OpenCounter, as_call
from tests.support.fake_gateways import FakeWoovi, Mood
from tests.support.fake_gateways.woovi import public_key, signed


@pytest.fixture
def woovi(open_counter: OpenCounter) -> Counter:
    return open_counter(FakeWoovi)


# Its documentation's own payload, signature and key, byte by byte.
PUBLISHED_KEY = """-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC/+NtIkjzevvqD+I3MMv3bLXDt
pvxBjY4BsRrSdca3rtAwMcRYYvxSnd7jagVLpctMiOxQO8ieUCKLSWHpsMAjO/zZ
WMKbqoG8MNpi/u3fp6zz0mcHCOSqYsPUUG19buW8bis5ZZ2IZgBObWSpTvJ0cnj6
HKBAA82Jln+lGwS1MwIDAQAB
-----END PUBLIC KEY-----
"""
PUBLISHED_SIGNATURE = (
    "lL2nnXgmLFGgxJ8+jCDguqouU4ucrIxYJcU5SPrJFaNcJajTJHYVldqc/z4YFIjAjtPEALe699WosgPY08W7CLpidvtm06Qwa4YMB0l/"
    "DcTS93O91NdSH/adjugEKiOb76Zj/0jB8mqOmWCFYbweOBa17bssuEkd5Lw7Q5L314Y="
)
CUSTOMER = (
    '"customer": { "name": "Antonio Victor", "taxID": { "taxID": "12345678976", "type": "BR:CPF" }, '
    '"email": "antoniocliente@example.com", "correlationID": "4979ceba-2132-4292-bd90-bee7fb2125e4" }'
)
CHARGE = (
    f'"charge": {{ "status": "COMPLETED", {CUSTOMER}, "value": 1000, "comment": "Pagamento OpenPix", '
    '"transactionID": "ea83401ed4834b3ea6f1f283b389af29", "correlationID": "417bae21-3d08-4cdb-9c2d-fee63c89e9e4", '
    '"paymentLinkID": "34697ed2-3790-4b60-8512-e7465b142d84", "createdAt": "2021-03-12T12:43:54.528Z", '
    '"updatedAt": "2021-03-12T12:44:09.360Z"'
)
PERSON = (
    '{ "correlationID": "9134e286-6f71-427a-bf00-241681624586", "email": "email1@example.com", "name": "Loma", '
    '"phone": "+5511999999999", "taxID": { "taxID": "47043622050", "type": "BR:CPF" } }'
)
PUBLISHED_BODY = (
    f'{{ "pixQrCode": null, {CHARGE}, "brCode": '
    '"https://api.openpix.com.br/openpix/openpix/testing?transactionID=ea83401ed4834b3ea6f1f283b389af29" }, '
    f'"pix": {{ {CHARGE} }}, "customer": {PERSON}, "payer": {PERSON}, "time": "2021-03-12T12:44:09.269Z", "value": 1, '
    '"transactionID": "ea83401ed4834b3ea6f1f283b389af29", "infoPagador": "OpenPix testing" }, '
    '"company": { "id": "624f46f9e93f9f521c8308d7", "name": "Pizzaria do José", "taxID": "4722767300014" }, '
    '"account": { "clientId": "ZOJ64B9B-ZM1W-89MI-4UCI-OP2LVIU6NY75" } }'
).encode()


def test_the_published_signature_is_right_for_these_very_bytes() -> None:
    assert is_signed_by([PUBLISHED_KEY], PUBLISHED_BODY, PUBLISHED_SIGNATURE)
    assert not is_signed_by([PUBLISHED_KEY], PUBLISHED_BODY + b" ", PUBLISHED_SIGNATURE)
    assert not is_signed_by([PUBLISHED_KEY], PUBLISHED_BODY.replace(b"1000", b"1001"), PUBLISHED_SIGNATURE)
    assert not is_signed_by([public_key()], PUBLISHED_BODY, PUBLISHED_SIGNATURE)
    assert is_signed_by([public_key(), PUBLISHED_KEY], PUBLISHED_BODY, PUBLISHED_SIGNATURE)


@pytest.mark.parametrize("header", ["", "é", "not base64!", "AAAA", PUBLISHED_SIGNATURE[:-4], "=" * 172])
def test_a_signature_that_is_none_is_wrong_and_breaks_nothing(header: str) -> None:
    assert not is_signed_by([PUBLISHED_KEY], PUBLISHED_BODY, header)


@pytest.mark.parametrize("key", ["", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_key_that_is_none_verifies_nothing(key: str) -> None:
    assert not is_signed_by([key], PUBLISHED_BODY, PUBLISHED_SIGNATURE)


def test_the_published_hmac_is_right() -> None:
    body = b'{"data_criacao":"2021-08-10T20:32:14.429Z","evento":"teste_webhook"}'
    assert has_hmac_of("hmac-secret-key", body, "jgR2XF0PKDiAwHP1s+TryvxMySQ=")
    assert not has_hmac_of("hmac-secret-key", body + b" ", "jgR2XF0PKDiAwHP1s+TryvxMySQ=")
    assert not has_hmac_of("", body, base64.b64encode(hmac.new(b"", body, hashlib.sha1).digest()).decode())
    assert not has_hmac_of("hmac-secret-key", body, "é")


def test_a_notice_for_another_webhook_is_no_notice_for_this_one(woovi: Counter) -> None:
    """Woovi signs for all its customers with one key: the webhook's own secret, where known, decides."""
    woovi.make()
    notice = woovi.fake.notice(woovi.fake.newest(), secret="another seller's")
    assert woovi.gateway.verify_webhook(woovi.access, as_call(notice)) is Verification.INVALID
    unknowing = replace(woovi.access, webhook_secret="")
    assert woovi.gateway.verify_webhook(unknowing, as_call(notice)) is Verification.VERIFIED


def test_a_notice_without_any_signature_is_none_of_woovis(woovi: Counter) -> None:
    call = WebhookCall({}, "", b'{"event":"OPENPIX:CHARGE_COMPLETED"}', timezone.now())
    assert woovi.gateway.verify_webhook(woovi.access, call) is Verification.INVALID


def test_keys_are_fetched_once_an_hour_and_old_ones_kept_while_none_can_be_fetched() -> None:
    now, fetched = [0.0], [["a"], ["a", "b"]]
    ring = KeyRing(clock=lambda: now[0])

    def fetch() -> list[str]:
        if not fetched:
            raise GatewayError("unreachable")
        return fetched.pop(0)

    assert [ring.keys("x", fetch), ring.keys("x", fetch)] == [("a",), ("a",)]
    now[0] = KEEP_SECONDS + 1
    assert ring.keys("x", fetch) == ("a", "b")
    now[0] = 2 * KEEP_SECONDS + 2
    assert ring.keys("x", fetch) == ("a", "b")
    with pytest.raises(GatewayError):
        ring.keys("y", fetch)


def test_while_no_key_can_be_had_a_notice_cannot_be_judged(woovi: Counter) -> None:
    woovi.make()
    call = as_call(woovi.fake.notice(woovi.fake.newest(), secret=""))
    woovi.fake.become(Mood.DOWN, match="public-keys")
    with pytest.raises(GatewayError) as failed:
        woovi.gateway.verify_webhook(woovi.access, call)
    assert failed.value.retryable
    assert woovi.gateway.verify_webhook(woovi.access, call) is Verification.VERIFIED
    key_ring.forget()


@pytest.mark.parametrize(
    "body",
    [
        b'{"data_criacao":"2021-08-10T20:32:14.429Z","evento":"teste_webhook"}',
        b'{"event":"OPENPIX:TRANSACTION_RECEIVED","pix":{"value":1}}',
        b'{"event":"PIX_TRANSACTION_REFUND_SENT_CONFIRMED"}',
    ],
)
def test_what_concerns_no_charge_is_no_fault(woovi: Counter, body: bytes) -> None:
    assert woovi.gateway.parse_webhook(WebhookCall({}, "", body, timezone.now())) == ()


def test_disputes_and_refunds_name_the_receipt(woovi: Counter) -> None:
    def hints(body: bytes) -> tuple[Hint, ...]:
        return woovi.gateway.parse_webhook(WebhookCall({}, "", body, timezone.now()))

    assert hints(b'{"event":"OPENPIX:DISPUTE_CREATED","dispute":{"endToEndId":"E1","value":10}}') == (
        Hint(end_to_end_id="E1", status=PaymentStatus.DISPUTED),
    )
    assert hints(b'{"event":"OPENPIX:DISPUTE_REJECTED","dispute":{"endToEndId":"E1"}}') == (
        Hint(end_to_end_id="E1", dispute_won=True),
    )
    refund = b'{"event":"PIX_TRANSACTION_REFUND_SENT_CONFIRMED","originalTransaction":{"endToEndId":"E1"}}'
    assert hints(refund) == (Hint(end_to_end_id="E1"),)
    with pytest.raises(UnreadableWebhook):
        hints(b'{"event":"OPENPIX:DISPUTE_CREATED","dispute":{}}')


def test_the_charge_is_asked_for_under_our_own_id_and_without_the_word_bearer(woovi: Counter) -> None:
    new = woovi.new("0197-a:1")
    woovi.gateway.create(woovi.access, new)
    (call,) = woovi.fake.made("POST /api/v1/charge")
    assert call.headers["authorization"] == woovi.access.credentials["app_id"]
    assert (call.body["correlationID"], call.query) == ("0197-a_1", {"return_existing": "true"})
    assert "customer" not in call.body
    assert 15 * 60 < call.body["expiresIn"] <= 30 * 60


def test_each_environment_has_its_own_address(woovi: Counter, settings: object) -> None:
    settings.WOOVI_SANDBOX_API_BASE_URL = "http://127.0.0.1:1"  # type: ignore[attr-defined]
    with pytest.raises(GatewayError) as failed:
        woovi.with_credentials(environment="sandbox").make()
    assert failed.value.code == "unreachable"


def test_the_fake_signs_with_the_key_it_tells() -> None:
    assert is_signed_by([public_key()], b"x", signed(b"x"))
    assert not is_signed_by([public_key()], b"x", signed(b"x", "stranger"))
    assert WEBHOOK_SECRET
