"""What every gateway promises, each against its own fake: amounts, states, failures that say what may have happened."""

import pytest

from payments.domain.brcode import parse
from payments.domain.money import Currency, Money
from payments.domain.states import PaymentStatus
from payments.gateways.base import (
    ChargeNotFound,
    Contradiction,
    GatewayError,
    Idempotency,
    Refunds,
    UnreadableWebhook,
    Verification,
)
from payments.gateways.registry import GATEWAYS
from tests.payments.gateways.conftest import PRICE, Counter, as_call
from tests.support.fake_gateways import FAKES, Mood
from tests.support.fake_gateways.server import SECRET


def test_every_gateway_but_our_own_has_a_fake() -> None:
    # Telegram is the platform itself, and has a fake of its own.
    assert {fake.name for fake in FAKES} == set(GATEWAYS) - {"sandbox", "stars"}


def test_a_charge_has_a_code_that_asks_for_its_amount(counter: Counter) -> None:
    made = counter.make()
    assert (made.status, made.amount, parse(made.br_code).amount) == (PaymentStatus.PENDING, PRICE, PRICE)
    assert made.key == "0197-a:1"
    entry = counter.fake.newest()
    assert (entry.cents, entry.id) == (2990, made.provider_id)


@pytest.mark.parametrize("cents", [500, 501, 1989, 1990, 435, 99_999_999])
def test_no_cent_is_lost_on_the_way(counter: Counter, cents: int) -> None:
    cents = max(cents, counter.gateway.traits.minimum_minor)
    made = counter.make(amount=Money(cents, Currency.BRL))
    assert (counter.fake.newest().cents, made.amount.minor) == (cents, cents)


def test_a_repeated_creation_keeps_what_the_traits_promise(counter: Counter) -> None:
    new = counter.new()
    first, second = (counter.gateway.create(counter.access, new) for _ in range(2))
    keyed = counter.gateway.traits.idempotency is Idempotency.KEYED
    assert keyed is counter.fake.keyed
    assert (first.provider_id == second.provider_id) is keyed
    assert len(counter.fake.entries) == (1 if keyed else 2)


def test_a_charge_is_found_by_its_id_and_by_our_key_where_the_traits_promise_it(counter: Counter) -> None:
    made = counter.make()
    assert counter.fetch(made.provider_id).provider_id == made.provider_id
    if counter.gateway.traits.idempotency is Idempotency.NONE:
        assert not counter.fake.looks_up
        with pytest.raises(ChargeNotFound):
            counter.fetch(key=made.key)
        return
    found = counter.fetch(key=made.key)
    assert (found.provider_id, found.br_code) == (made.provider_id, made.br_code)
    for provider_id, key in (("123456", ""), ("", "0197-b:1")):
        with pytest.raises(ChargeNotFound):
            counter.fetch(provider_id, key)


def test_paid_and_its_fee_are_told(counter: Counter) -> None:
    made = counter.make()
    counter.fake.newest().pay(fee_cents=149)
    charge = counter.fetch(made.provider_id)
    assert (charge.status, charge.amount) == (PaymentStatus.PAID, PRICE)
    assert charge.fee == (Money(149, Currency.BRL) if counter.fake.fees else None)
    assert counter.make("0197-c:1").fee is None


@pytest.mark.parametrize(("state", "status"), [("expired", PaymentStatus.EXPIRED), ("pending", PaymentStatus.PENDING)])
def test_unpaid_states_are_told(counter: Counter, state: str, status: PaymentStatus) -> None:
    made = counter.make()
    counter.fake.newest().status = state
    charge = counter.fetch(made.provider_id)
    assert (charge.status, charge.paid_at, charge.fee) == (status, None, None)


def test_a_whole_refund_is_safe_to_repeat(counter: Counter) -> None:
    made = counter.make()
    counter.fake.newest().pay()
    for _ in range(2):
        charge = counter.gateway.refund(counter.access, provider_id=made.provider_id, amount=PRICE, key="refund:1")
        assert charge.status is PaymentStatus.REFUNDED
    assert counter.fake.newest().refunded_cents == 2990


def test_parts_are_given_back_until_the_sum_is_reached(counter: Counter) -> None:
    made = counter.make()
    counter.fake.newest().pay()

    def give_back(cents: int, key: str) -> PaymentStatus:
        amount = Money(cents, Currency.BRL)
        return counter.gateway.refund(counter.access, provider_id=made.provider_id, amount=amount, key=key).status

    if counter.gateway.traits.refunds is not Refunds.PARTIAL:
        with pytest.raises(GatewayError) as refused:
            give_back(1000, "refund:1")
        assert (refused.value.code, counter.fake.newest().refunded_cents) == ("whole_refunds_only", 0)
        return
    assert [give_back(1000, "refund:1") for _ in range(2)] == [PaymentStatus.PARTIALLY_REFUNDED] * 2
    assert counter.fake.newest().refunded_cents == 1000
    assert counter.fetch(made.provider_id).refunded == Money(1000, Currency.BRL)
    assert give_back(2990, "refund:2") is PaymentStatus.REFUNDED
    assert counter.fake.newest().refunded_cents == 2990


@pytest.mark.parametrize(
    ("mood", "code", "retryable", "unknown"),
    [
        (Mood.DOWN, "gateway_down", True, True),
        (Mood.BUSY, "too_many_requests", True, False),
        (Mood.CUT, "connection_lost", True, True),
        (Mood.LOST, "connection_lost", True, True),
        (Mood.RUBBISH, "unreadable_answer", True, True),
    ],
)
def test_a_creation_that_fails_says_whether_it_may_have_happened(
    counter: Counter, mood: Mood, code: str, retryable: bool, unknown: bool
) -> None:
    counter.fake.become(mood, match=CREATION[counter.fake.name])
    with pytest.raises(GatewayError) as failed:
        counter.make()
    error = failed.value
    assert (error.code, error.retryable, error.unknown_outcome) == (code, retryable, unknown)
    assert SECRET not in str(error) + repr(error)


CREATION = {
    "mercadopago": "POST /v1/payments",
    "pushinpay": "POST /pix/cashIn",
    "woovi": "POST /api/v1/charge",
    "asaas": "POST /payments",
}


@pytest.mark.usefixtures("impatient")
def test_a_slow_gateway_is_given_up_and_may_have_made_the_charge(counter: Counter) -> None:
    counter.fake.become(Mood.SLOW, match=CREATION[counter.fake.name])
    with pytest.raises(GatewayError) as failed:
        counter.make()
    assert (failed.value.code, failed.value.unknown_outcome) == ("timeout", True)
    assert len(counter.fake.entries) == 1


@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.CUT, Mood.RUBBISH])
def test_a_question_that_fails_changes_nothing_and_may_be_asked_again(counter: Counter, mood: Mood) -> None:
    made = counter.make()
    # A cut connection is tried once more by the client itself, since asking changes nothing.
    counter.fake.become(mood, times=2 if mood is Mood.CUT else 1)
    with pytest.raises(GatewayError) as failed:
        counter.fetch(made.provider_id)
    assert (failed.value.retryable, failed.value.unknown_outcome) == (True, False)
    assert counter.fetch(made.provider_id).status is PaymentStatus.PENDING


def test_a_gateway_that_is_not_there_has_done_nothing(counter: Counter, settings: object) -> None:
    setattr(settings, counter.fake.setting, "http://127.0.0.1:1")
    with pytest.raises(GatewayError) as failed:
        counter.make()
    assert (failed.value.code, failed.value.retryable, failed.value.unknown_outcome) == ("unreachable", True, False)


def test_wrong_credentials_are_noticed_and_named_by_a_test_of_them(counter: Counter) -> None:
    counter.gateway.test_credentials(counter.access)
    fields = [field.name for field in counter.gateway.traits.credentials if field.secret]
    wrong = counter.with_credentials(**dict.fromkeys(fields, "not-the-key"))
    for attempt in (lambda: wrong.gateway.test_credentials(wrong.access), wrong.make):
        with pytest.raises(GatewayError) as failed:
            attempt()
        assert (failed.value.code, failed.value.retryable, failed.value.unknown_outcome) == (
            "credentials_refused",
            False,
            False,
        )
        assert "not-the-key" not in str(failed.value)
    assert counter.fake.entries == {}


def test_testing_credentials_makes_no_charge(counter: Counter) -> None:
    counter.gateway.test_credentials(counter.access)
    assert counter.fake.entries == {}


@pytest.mark.parametrize("lie", [{"status": "TELEPORTED"}])
def test_an_unknown_state_is_no_state(counter: Counter, lie: dict[str, object]) -> None:
    made = counter.make()
    counter.fake.lies = lie
    with pytest.raises(Contradiction) as failed:
        counter.fetch(made.provider_id)
    assert failed.value.code == "unknown_status"


@pytest.mark.parametrize("said", [None, "muito", -1, True, [], "29,90", "NaN"])
def test_an_amount_that_cannot_be_read_is_no_amount(counter: Counter, said: object) -> None:
    made = counter.make()
    counter.fake.lies = {"value": said, "transaction_amount": said}
    with pytest.raises(Contradiction) as failed:
        counter.fetch(made.provider_id)
    assert failed.value.code == "no_amount"


def test_a_genuine_notice_names_its_charge(counter: Counter) -> None:
    made = counter.make()
    call = counter.genuine(counter.fake.newest())
    assert counter.gateway.verify_webhook(counter.access, call) is Verification.VERIFIED
    (hint,) = counter.gateway.parse_webhook(call)
    assert (hint.provider_id, hint.key) in ((made.provider_id, made.key), (made.provider_id, ""))
    assert hint.amount in (None, PRICE)


def test_a_notice_of_somebody_else_is_told_apart(counter: Counter) -> None:
    counter.make()
    entry = counter.fake.newest()
    forged = as_call(counter.fake.forged(entry))
    assert counter.gateway.verify_webhook(counter.access, forged) is Verification.INVALID
    unsigned = counter.fake.unsigned(entry)
    if unsigned is None:
        return
    assert counter.gateway.verify_webhook(counter.access, as_call(unsigned)) is Verification.UNSIGNED


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"id": {"a": 1}}', b'{"data": {"id": "a/../b"}}', b"=&="],
)
def test_rubbish_is_told_as_that_and_breaks_nothing(counter: Counter, body: bytes) -> None:
    counter.make()
    genuine = counter.fake.notice(counter.fake.newest(), secret="")
    call = as_call(genuine, body=body)
    try:
        hints = counter.gateway.parse_webhook(call)
    except UnreadableWebhook:
        return
    # Mercado Pago's query says it all; nothing else may be read into rubbish.
    assert [hint.provider_id for hint in hints] in ([], [counter.fake.newest().id])


def test_what_was_received_is_listed_page_by_page(counter: Counter) -> None:
    for number in range(120):
        counter.make(f"0197-a:{number}")
        counter.fake.newest().pay()
    counter.make("0197-unpaid:1")
    new = counter.new()
    listed = list(counter.gateway.received(counter.access, since=new.expires_at, until=new.expires_at))
    expected = 120 if counter.gateway.traits.lists_received else 0
    assert len({charge.key for charge in listed}) == expected
