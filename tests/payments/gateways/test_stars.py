"""Telegram Stars behind the gateway's interface: a charge is found in the bot's list, wherever it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from django.utils import timezone

from bots.ids import uuid7
from payments import ports
from payments.domain.money import MAX_MINOR, Currency, Money
from payments.domain.states import PaymentStatus
from payments.gateways.base import AccountAccess, Charge, ChargeNotFound, GatewayError, NewCharge
from payments.gateways.stars.adapter import BOT, PAGE, StarsGateway
from payments.ports import StarsError, StarTransaction

PRICE = Money(50, Currency.XTR)
BUYER: Final = 77
SIZES = (0, 1, 99, 100, 101, 350, 5_000)


@dataclass
class Ledger:
    """A bot's Stars as Telegram lists them, oldest first; what was asked and given back."""

    lines: list[StarTransaction] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)
    error: StarsError | None = None

    def invoice_link(self, bot_id: UUID, *, title: str, description: str, payload: str, stars: int) -> str:
        assert 1 <= len(title) <= 32
        assert 1 <= len(description) <= 255
        return "https://t.me/$1"

    def transactions(self, bot_id: UUID, *, offset: int, limit: int) -> Sequence[StarTransaction]:
        if self.error is not None:
            raise self.error
        assert limit == PAGE
        self.asked.append(offset)
        return self.lines[offset : offset + limit]

    def refund(self, bot_id: UUID, *, telegram_user_id: int, charge_id: str) -> None:
        paid = next(line for line in self.lines if line.incoming and line.id == charge_id)
        assert paid.telegram_user_id == telegram_user_id
        self.given_back.append(charge_id)
        self.lines.append(replace(paid, incoming=False, at=timezone.now()))

    def is_usable(self, bot_id: UUID) -> None:
        """It always is."""

    def pay(self, payload: str, *, stars: int = 50, at: datetime | None = None, user: int | None = BUYER) -> str:
        line = StarTransaction(
            id=f"stx-{len(self.lines)}",
            stars=stars,
            at=at or timezone.now(),
            incoming=True,
            telegram_user_id=user,
            payload=payload,
        )
        self.lines.append(line)
        return line.id

    def fill(self, number: int, *, at: datetime | None = None) -> None:
        for _ in range(number):
            self.pay("somebody-else", stars=1, at=at)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    kept = Ledger()
    monkeypatch.setattr(ports, "_platform", [kept])
    return kept


@pytest.fixture
def access() -> AccountAccess:
    return AccountAccess(
        account_id=uuid7(),
        organization_id=uuid7(),
        public_id="public",
        credentials={BOT: str(uuid7())},
        webhook_secret="",
    )


@pytest.fixture
def key() -> str:
    return f"{uuid7()}:1"


def fetch(access: AccountAccess, key: str) -> Charge:
    return StarsGateway().fetch(access, provider_id=key, key=key)


def give_back(access: AccountAccess, key: str, stars: int = 50) -> Charge:
    return StarsGateway().refund(access, provider_id=key, amount=Money(stars, Currency.XTR), key="refund")


@pytest.mark.parametrize("size", SIZES)
def test_a_payment_is_found_whatever_stands_before_it(
    ledger: Ledger, access: AccountAccess, key: str, size: int
) -> None:
    ledger.fill(size)
    charge_id = ledger.pay(key)
    charge = fetch(access, key)
    assert (charge.status, charge.received, charge.refunded, charge.end_to_end_id) == (
        PaymentStatus.PAID,
        PRICE,
        None,
        charge_id,
    )


@pytest.mark.parametrize("size", SIZES)
def test_a_payment_is_found_whatever_came_after_it(ledger: Ledger, access: AccountAccess, key: str, size: int) -> None:
    charge_id = ledger.pay(key)
    ledger.fill(size)
    assert fetch(access, key).end_to_end_id == charge_id


@pytest.mark.parametrize("size", SIZES)
def test_what_nobody_paid_is_found_nowhere(ledger: Ledger, access: AccountAccess, key: str, size: int) -> None:
    ledger.fill(size)
    with pytest.raises(ChargeNotFound):
        fetch(access, key)


@pytest.mark.parametrize("between", [0, 99, 100, 101, 350])
def test_a_refund_is_seen_on_the_same_page_or_on_a_later_one(
    ledger: Ledger, access: AccountAccess, key: str, between: int
) -> None:
    ledger.fill(40)
    charge_id = ledger.pay(key)
    ledger.fill(between)
    ledger.refund(uuid7(), telegram_user_id=BUYER, charge_id=charge_id)
    ledger.fill(between)
    charge = fetch(access, key)
    assert (charge.status, charge.received, charge.refunded) == (PaymentStatus.REFUNDED, PRICE, PRICE)


def test_no_page_is_asked_for_twice(ledger: Ledger, access: AccountAccess, key: str) -> None:
    ledger.fill(5_000)
    with pytest.raises(ChargeNotFound):
        fetch(access, key)
    assert len(ledger.asked) == len(set(ledger.asked))


def test_what_is_older_than_the_sale_is_not_read(ledger: Ledger, access: AccountAccess, key: str) -> None:
    """Each waiting invoice is asked about again and again: at a busy bot the years before it are not read each time."""
    ledger.fill(5_000, at=timezone.now() - timedelta(days=30))
    with pytest.raises(ChargeNotFound):
        fetch(access, key)
    # Seven doublings and at most six halvings find the end; the page there is kept, and tells enough.
    assert 0 not in ledger.asked
    assert len(ledger.asked) <= 13


def test_a_bot_of_many_years_is_read_from_its_newest_line(ledger: Ledger, access: AccountAccess, key: str) -> None:
    old = StarTransaction("old", 1, datetime(2026, 1, 1, tzinfo=UTC), True, 1, "somebody-else")
    ledger.lines = [old] * 150_000
    charge_id = ledger.pay(key)
    assert fetch(access, key).end_to_end_id == charge_id
    assert len(ledger.asked) < 30


def test_a_list_without_an_end_is_not_followed_for_ever(
    monkeypatch: pytest.MonkeyPatch, ledger: Ledger, access: AccountAccess, key: str
) -> None:
    old = StarTransaction("old", 1, datetime(2020, 1, 1, tzinfo=UTC), True, 1, "somebody-else")
    asked: list[int] = []

    def endless(bot_id: UUID, *, offset: int, limit: int) -> list[StarTransaction]:
        asked.append(offset)
        return [old] * limit

    monkeypatch.setattr(ledger, "transactions", endless)
    with pytest.raises(ChargeNotFound):
        fetch(access, key)
    assert len(asked) < 50


def test_one_invoice_paid_twice_tells_all_that_came(ledger: Ledger, access: AccountAccess, key: str) -> None:
    first = ledger.pay(key)
    ledger.fill(150)
    ledger.pay(key)
    charge = fetch(access, key)
    assert (charge.status, charge.amount, charge.received) == (PaymentStatus.PAID, PRICE, Money(100, Currency.XTR))
    assert charge.end_to_end_id == first


def test_of_one_invoice_paid_twice_the_later_payment_goes_back_first(
    ledger: Ledger, access: AccountAccess, key: str
) -> None:
    first, second = ledger.pay(key), ledger.pay(key)
    for _ in range(2):  # a repeat gives nothing twice
        charge = give_back(access, key)
        assert (charge.status, charge.refunded, charge.end_to_end_id) == (PaymentStatus.PAID, PRICE, first)
    assert ledger.given_back == [second]
    assert give_back(access, key, 100).status is PaymentStatus.REFUNDED
    assert ledger.given_back == [second, first]


@pytest.mark.parametrize(("stars", "code"), [(49, "whole_refunds_only"), (51, "refund_too_large")])
def test_it_gives_back_a_whole_payment_or_nothing(
    ledger: Ledger, access: AccountAccess, key: str, stars: int, code: str
) -> None:
    ledger.pay(key)
    with pytest.raises(GatewayError) as refused:
        give_back(access, key, stars)
    assert refused.value.code == code


def test_nothing_more_than_was_paid_is_given_back(ledger: Ledger, access: AccountAccess, key: str) -> None:
    ledger.pay(key)
    with pytest.raises(GatewayError):
        give_back(access, key, 49)
    assert ledger.given_back == []


def test_a_payment_of_nobody_cannot_be_given_back(ledger: Ledger, access: AccountAccess, key: str) -> None:
    ledger.pay(key, user=None)
    with pytest.raises(GatewayError) as refused:
        give_back(access, key)
    assert refused.value.code == "no_payer"


def test_a_refund_of_what_nobody_paid_is_not_found(ledger: Ledger, access: AccountAccess, key: str) -> None:
    with pytest.raises(ChargeNotFound):
        give_back(access, key)


@pytest.mark.parametrize("payload", ["nonsense", "0197", ":", f"{'f' * 32}:1", f"{'0' * 32}:1"])
def test_a_key_that_tells_no_time_is_looked_for_everywhere(ledger: Ledger, access: AccountAccess, payload: str) -> None:
    charge_id = ledger.pay(payload)
    ledger.fill(150)
    assert fetch(access, payload).end_to_end_id == charge_id


def test_an_amount_beyond_any_price_is_no_answer(ledger: Ledger, access: AccountAccess, key: str) -> None:
    ledger.pay(key, stars=MAX_MINOR + 1)
    with pytest.raises(GatewayError) as failed:
        fetch(access, key)
    assert failed.value.code == "unreadable_answer"


def test_what_telegram_says_is_wrong_is_the_gateway_s_error(ledger: Ledger, access: AccountAccess, key: str) -> None:
    ledger.error = StarsError("too_many_requests", "slower", retryable=True, retry_after=7)
    with pytest.raises(GatewayError) as failed:
        fetch(access, key)
    assert (failed.value.code, failed.value.retryable, failed.value.retry_after) == ("too_many_requests", True, 7)


def test_an_account_of_no_bot_is_refused(ledger: Ledger, access: AccountAccess, key: str) -> None:
    with pytest.raises(GatewayError) as refused:
        fetch(replace(access, credentials={}), key)
    assert refused.value.code == "no_bot"


@pytest.mark.parametrize("description", ["", "  ", "x" * 400, "⭐" * 300])
def test_an_invoice_s_words_fit_what_telegram_takes(
    ledger: Ledger, access: AccountAccess, key: str, description: str
) -> None:
    new = NewCharge(
        key=key,
        amount=PRICE,
        description=description,
        expires_at=timezone.now(),
        payer={},
        webhook_url="https://trilho.example.com/",
    )
    assert StarsGateway().create(access, new).page_url == "https://t.me/$1"


def test_all_that_came_in_a_time_is_listed_once(ledger: Ledger, access: AccountAccess) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    wanted: list[Any] = []
    for hour in range(-150, 151):
        payload = f"{uuid7()}:1"
        ledger.pay(payload, at=noon + timedelta(hours=hour))
        if -12 <= hour < 12:
            wanted.append(payload)
    found = StarsGateway().received(access, since=noon - timedelta(hours=12), until=noon + timedelta(hours=12))
    assert sorted(charge.key for charge in found) == sorted(wanted)
