"""Asaas' own ways: a customer first, a code by a second call, days instead of moments, refunds in parts."""

from dataclasses import replace

import pytest

from payments.domain.money import Currency, Money
from payments.domain.states import PaymentStatus
from payments.gateways.base import GatewayError, PayerField, Verification
from tests.payments.gateways.conftest import Counter, OpenCounter, as_call
from tests.support.fake_gateways import FakeAsaas, Mood


@pytest.fixture
def asaas(open_counter: OpenCounter) -> Counter:
    return open_counter(FakeAsaas)


def test_a_customer_is_made_once_and_never_written_to(asaas: Counter) -> None:
    asaas.make("0197-a:1")
    asaas.make("0197-a:2")
    (call,) = asaas.fake.made("POST /customers")
    assert call.body == {
        "name": "Ana Maria Souza",
        "cpfCnpj": "52998224725",
        "notificationDisabled": True,
        "email": "ana@example.com",
    }
    assert {entry.asked["customer"] for entry in asaas.fake.entries.values()} == {"cus_000000000000"}


def test_it_needs_name_and_document_and_says_so(asaas: Counter) -> None:
    assert asaas.gateway.traits.payer_fields == {PayerField.NAME, PayerField.DOCUMENT}
    with pytest.raises(GatewayError) as refused:
        asaas.gateway.create(asaas.access, replace(asaas.new(), payer={"name": "Ana", "document": "1"}))
    assert (refused.value.code, str(refused.value)) == ("refused", "HTTP 400: CPF … inválido")
    assert asaas.fake.entries == {}


@pytest.mark.parametrize("mood", [Mood.LOST, Mood.DOWN, Mood.CUT])
def test_a_customer_whose_making_is_unknown_is_no_charge(asaas: Counter, mood: Mood) -> None:
    asaas.fake.become(mood, match="POST /customers")
    with pytest.raises(GatewayError) as failed:
        asaas.make()
    assert (failed.value.retryable, failed.value.unknown_outcome) == (True, False)
    asaas.make()
    assert len(asaas.fake.entries) == 1


def test_a_charge_whose_code_could_not_be_had_is_found_with_it_by_its_reference(asaas: Counter) -> None:
    asaas.fake.become(Mood.DOWN, match="pixQrCode")
    with pytest.raises(GatewayError) as failed:
        asaas.make()
    assert (failed.value.retryable, failed.value.unknown_outcome) == (True, True)
    found = asaas.fetch(key="0197-a:1")
    assert found.br_code == asaas.fake.newest().br_code
    assert len(asaas.fake.entries) == 1


def test_a_question_about_a_charge_asks_for_no_code(asaas: Counter) -> None:
    made = asaas.make()
    before = len(asaas.fake.calls)
    asaas.fetch(made.provider_id)
    assert len(asaas.fake.calls) - before == 1


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("AWAITING_RISK_ANALYSIS", PaymentStatus.PENDING),
        ("DUNNING_REQUESTED", PaymentStatus.PENDING),
        ("CONFIRMED", PaymentStatus.PAID),
        ("RECEIVED_IN_CASH", PaymentStatus.PAID),
        ("REFUND_REQUESTED", PaymentStatus.PAID),
        ("REFUND_IN_PROGRESS", PaymentStatus.PAID),
        ("OVERDUE", PaymentStatus.EXPIRED),
        ("REFUNDED", PaymentStatus.REFUNDED),
        ("CHARGEBACK_DISPUTE", PaymentStatus.DISPUTED),
    ],
)
def test_each_state_is_read(asaas: Counter, said: str, status: PaymentStatus) -> None:
    made = asaas.make()
    asaas.fake.lies = {"status": said}
    assert asaas.fetch(made.provider_id).status is status


def test_a_deleted_charge_has_failed_unless_it_was_paid(asaas: Counter) -> None:
    made = asaas.make()
    asaas.fake.lies = {"deleted": True}
    assert asaas.fetch(made.provider_id).status is PaymentStatus.FAILED
    asaas.fake.newest().pay()
    assert asaas.fetch(made.provider_id).status is PaymentStatus.PAID


def test_a_refund_that_was_called_off_gave_nothing_back(asaas: Counter) -> None:
    made = asaas.make()
    asaas.fake.newest().pay()
    asaas.fake.lies = {"refunds": [{"status": "CANCELLED", "value": 10}, {"status": "DONE", "value": 9}]}
    charge = asaas.fetch(made.provider_id)
    assert (charge.status, charge.refunded) == (PaymentStatus.PARTIALLY_REFUNDED, Money(900, Currency.BRL))


def test_its_token_must_be_ours(asaas: Counter) -> None:
    asaas.make()
    entry = asaas.fake.newest()
    assert asaas.gateway.verify_webhook(asaas.access, asaas.genuine(entry)) is Verification.VERIFIED
    forged = as_call(asaas.fake.forged(entry))
    assert asaas.gateway.verify_webhook(asaas.access, forged) is Verification.INVALID
    without = replace(asaas.access, webhook_secret="")
    assert asaas.gateway.verify_webhook(without, asaas.genuine(entry)) is Verification.INVALID
