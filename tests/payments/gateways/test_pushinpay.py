"""PushinPay's own ways: cents from fifty on, forms or JSON, ids in either case, a header of the seller's choosing."""

import pytest
from django.utils import timezone

from payments.domain.money import Currency, Money
from payments.gateways.base import GatewayError, UnreadableWebhook, Verification, WebhookCall
from payments.gateways.pushinpay.adapter import LEGAL_TEXT
from tests.payments.gateways.conftest import WEBHOOK_SECRET, Counter, OpenCounter, as_call
from tests.support.fake_gateways import FakePushinPay


@pytest.fixture
def pushinpay(open_counter: OpenCounter) -> Counter:
    return open_counter(FakePushinPay)


def test_our_key_travels_in_the_address_of_the_notices(pushinpay: Counter) -> None:
    made = pushinpay.make("0197-a:1")
    (call,) = pushinpay.fake.made("POST /pix/cashIn")
    assert call.body == {
        "value": 2990,
        "webhook_url": "https://trilho.example.com/payments/webhooks/x/y/?charge=0197-a%3A1",
    }
    assert pushinpay.fetch(made.provider_id).key == "0197-a:1"


def test_somebody_elses_charge_says_so(pushinpay: Counter) -> None:
    made = pushinpay.make("0197-b:7")
    assert pushinpay.fetch(made.provider_id).key == "0197-b:7"


@pytest.mark.parametrize("as_json", [True, False])
def test_forms_and_json_name_the_charge_in_either_letter_case(pushinpay: Counter, as_json: bool) -> None:
    made = pushinpay.make()
    fake = pushinpay.fake
    assert isinstance(fake, FakePushinPay)
    entry = fake.newest()
    notice = (fake.notice_as_json if as_json else fake.notice)(entry, secret=WEBHOOK_SECRET)
    assert entry.id.upper().encode() in notice.body
    (hint,) = pushinpay.gateway.parse_webhook(as_call(notice))
    assert (hint.provider_id, hint.amount) == (made.provider_id, Money(2990, Currency.BRL))


def test_the_header_is_the_sellers_secret_and_is_kept_as_a_fingerprint(pushinpay: Counter) -> None:
    pushinpay.make()
    call = pushinpay.genuine(pushinpay.fake.newest())
    assert WEBHOOK_SECRET not in str(call.headers)
    assert pushinpay.gateway.verify_webhook(pushinpay.access, call) is Verification.VERIFIED
    # The secret itself in place of its fingerprint is what nobody can send: the door has made one of whatever came.
    bare = WebhookCall({"x-pushinpay-token": WEBHOOK_SECRET}, "", b"", timezone.now())
    assert pushinpay.gateway.verify_webhook(pushinpay.access, bare) is Verification.INVALID


@pytest.mark.parametrize("body", [b"", b"status=paid", b'{"status": "paid"}', b"id=", b"id=" + b"a" * 100])
def test_a_notice_of_no_charge_is_unreadable(pushinpay: Counter, body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        pushinpay.gateway.parse_webhook(WebhookCall({}, "", body, timezone.now()))


def test_less_than_its_minimum_is_refused_by_it(pushinpay: Counter) -> None:
    with pytest.raises(GatewayError) as refused:
        pushinpay.make(amount=Money(49, Currency.BRL))
    assert (refused.value.code, refused.value.retryable) == ("refused", False)
    assert pushinpay.gateway.traits.minimum_minor == 50


def test_its_notice_of_law_is_its_own_and_not_ours_to_word(pushinpay: Counter) -> None:
    assert pushinpay.gateway.traits.legal_text == LEGAL_TEXT
    assert LEGAL_TEXT.startswith("A PUSHIN PAY atua exclusivamente como processadora de pagamentos")
    assert len(LEGAL_TEXT) <= 500  # the column of a charge
