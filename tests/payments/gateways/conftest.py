"""Each fake gateway in turn, and the account a seller has there. No database is needed to speak to one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from bots.ids import uuid7
from payments.domain.money import Currency, Money
from payments.gateways import http
from payments.gateways.base import AccountAccess, Charge, Gateway, NewCharge, WebhookCall, fingerprint
from payments.gateways.registry import SECRET_HEADERS, gateway_of
from payments.gateways.woovi.adapter import key_ring
from tests.support.fake_gateways import FAKES, Entry, FakeGateway, Notice

WEBHOOK_SECRET = "the-account's-own"
PRICE = Money(2990, Currency.BRL)


@dataclass
class Counter:
    """A seller's account at a fake gateway."""

    fake: FakeGateway
    gateway: Gateway
    access: AccountAccess

    def new(self, key: str = "0197-a:1", *, amount: Money = PRICE) -> NewCharge:
        return NewCharge(
            key=key,
            amount=amount,
            description="VIP 30 dias",
            expires_at=timezone.now() + max(timedelta(minutes=30), self.gateway.traits.shortest_expiry),
            payer={"email": "ana@example.com", "document": "529.982.247-25", "name": "Ana Maria Souza"},
            webhook_url="https://trilho.example.com/payments/webhooks/x/y/",
        )

    def make(self, key: str = "0197-a:1", *, amount: Money = PRICE) -> Charge:
        return self.gateway.create(self.access, self.new(key, amount=amount))

    def fetch(self, provider_id: str = "", key: str = "") -> Charge:
        return self.gateway.fetch(self.access, provider_id=provider_id, key=key)

    def with_credentials(self, **credentials: str) -> "Counter":
        return replace(self, access=replace(self.access, credentials={**self.access.credentials, **credentials}))

    def genuine(self, entry: Entry) -> WebhookCall:
        return as_call(self.fake.notice(entry, secret=WEBHOOK_SECRET))


def as_call(notice: Notice, *, body: bytes | None = None) -> WebhookCall:
    """A notice as the webhook's door keeps it."""
    kept = {
        name.lower(): fingerprint(value) if name.lower() in SECRET_HEADERS else value
        for name, value in notice.headers.items()
    }
    return WebhookCall(
        headers=kept, query=notice.query, body=notice.body if body is None else body, received_at=timezone.now()
    )


OpenCounter = Callable[[type[FakeGateway]], Counter]


@pytest.fixture
def open_counter(settings: Any) -> Iterator[OpenCounter]:
    """Opens an account at a gateway of this kind."""
    running: list[FakeGateway] = []

    def open_it(kind: type[FakeGateway]) -> Counter:
        fake = kind().__enter__()
        running.append(fake)
        setattr(settings, fake.setting, fake.url)
        access = AccountAccess(
            account_id=uuid7(),
            organization_id=uuid7(),
            public_id="public",
            credentials=fake.credentials,
            webhook_secret=WEBHOOK_SECRET,
        )
        return Counter(fake, gateway_of(fake.name), access)

    key_ring.forget()
    yield open_it
    for fake in running:
        fake.__exit__()


@pytest.fixture(params=FAKES, ids=lambda kind: kind.name.value)
def counter(request: pytest.FixtureRequest, open_counter: OpenCounter) -> Counter:
    """The account at each gateway in turn."""
    return open_counter(request.param)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are given up soon, so that a test of a slow gateway is none."""
    monkeypatch.setattr(http, "CALL_SECONDS", 0.2)
