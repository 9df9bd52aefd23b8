"""Where a gateway lets us, we enter the address of an account's notices there: once, and again where it is gone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from payments.domain.states import PaymentStatus
from payments.gateways.base import GatewayError, RegistersWebhooks
from payments.gateways.http import Api, Refused
from payments.gateways.registry import GATEWAYS
from tests.payments.gateways.conftest import WEBHOOK_SECRET, Counter, OpenCounter
from tests.support.fake_gateways import FAKES, FakeAsaas, FakeWoovi, Mood
from tests.support.fake_gateways.server import Answer, Call

URL = "https://trilho.example.com/payments/webhooks/x/y/"
WOOVI_EVENTS = {
    "OPENPIX:CHARGE_COMPLETED",
    "OPENPIX:CHARGE_COMPLETED_NOT_SAME_CUSTOMER_PAYER",
    "OPENPIX:CHARGE_EXPIRED",
    "OPENPIX:DISPUTE_CREATED",
    "OPENPIX:DISPUTE_ACCEPTED",
    "OPENPIX:DISPUTE_REJECTED",
    "OPENPIX:DISPUTE_CANCELED",
    "PIX_TRANSACTION_REFUND_SENT_CONFIRMED",
    "PIX_TRANSACTION_REFUND_SENT_REJECTED",
}


@pytest.fixture(params=[FakeWoovi, FakeAsaas], ids=["woovi", "asaas"])
def registrar(request: pytest.FixtureRequest, open_counter: OpenCounter) -> Counter:
    return open_counter(request.param)


def register(counter: Counter, url: str = URL) -> None:
    assert isinstance(counter.gateway, RegistersWebhooks)
    counter.gateway.register_webhook(counter.access, url=url, email="dona@example.com")


def hooks(counter: Counter) -> list[dict[str, Any]]:
    assert isinstance(counter.fake, FakeWoovi | FakeAsaas)
    return counter.fake.webhooks


def test_those_whose_documentation_tells_how_do_it() -> None:
    able = {name.value for name, gateway in GATEWAYS.items() if isinstance(gateway, RegistersWebhooks)}
    assert able == {"woovi", "asaas"}


def test_woovi_gets_one_webhook_for_each_event_that_moves_a_charge(open_counter: OpenCounter) -> None:
    woovi = open_counter(FakeWoovi)
    register(woovi)
    assert {hook["event"] for hook in hooks(woovi)} == WOOVI_EVENTS
    assert {(hook["url"], hook["isActive"]) for hook in hooks(woovi)} == {(URL, True)}


def test_asaas_gets_one_webhook_with_our_token_that_one_bad_event_does_not_stop(open_counter: OpenCounter) -> None:
    asaas = open_counter(FakeAsaas)
    register(asaas)
    (hook,) = hooks(asaas)
    assert (hook["url"], hook["authToken"], hook["email"]) == (URL, WEBHOOK_SECRET, "dona@example.com")
    assert (hook["enabled"], hook["interrupted"], hook["sendType"]) == (True, False, "NON_SEQUENTIALLY")
    assert "PAYMENT_RECEIVED" in hook["events"]


def test_again_makes_no_second_one(registrar: Counter) -> None:
    register(registrar)
    before = [dict(hook) for hook in hooks(registrar)]
    register(registrar)
    assert hooks(registrar) == before


def test_another_address_is_another_webhook(registrar: Counter) -> None:
    register(registrar, "https://elsewhere.example.com/")
    before = len(hooks(registrar))
    register(registrar)
    assert len(hooks(registrar)) == 2 * before


def test_a_queue_that_asaas_has_paused_goes_on(open_counter: OpenCounter) -> None:
    asaas = open_counter(FakeAsaas)
    register(asaas)
    hooks(asaas)[0].update(interrupted=True, enabled=False, authToken="somebody's")
    register(asaas)
    (hook,) = hooks(asaas)
    assert (hook["interrupted"], hook["enabled"], hook["authToken"]) == (False, True, WEBHOOK_SECRET)


def test_a_missing_event_is_added_at_woovi_and_the_others_stay(open_counter: OpenCounter) -> None:
    woovi = open_counter(FakeWoovi)
    register(woovi)
    hooks(woovi)[0]["isActive"] = False
    register(woovi)
    assert len(hooks(woovi)) == len(WOOVI_EVENTS) + 1
    assert hooks(woovi)[-1]["event"] == hooks(woovi)[0]["event"]


def test_what_is_refused_is_told_and_nothing_half_known_is_repeated(registrar: Counter) -> None:
    registrar.fake.become(Mood.DOWN, match="webhook")
    with pytest.raises(GatewayError, match="503"):
        register(registrar)
    assert hooks(registrar) == []


def test_without_the_list_none_is_made(registrar: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    real = registrar.fake.handle

    def handle(call: Call) -> Answer:
        lists = call.method == "GET" and "webhook" in call.path
        return Answer(200, {}) if lists else real(call)

    monkeypatch.setattr(registrar.fake, "handle", handle)
    with pytest.raises(GatewayError, match="which webhooks"):
        register(registrar)
    assert hooks(registrar) == []


def test_asaas_tells_until_when_a_dispute_can_be_answered(open_counter: OpenCounter) -> None:
    asaas = open_counter(FakeAsaas)
    assert isinstance(asaas.fake, FakeAsaas)
    charge = asaas.make()
    asaas.fake.newest().status = "disputed"
    told = asaas.fetch(charge.provider_id)
    assert (told.status, told.dispute_until, told.notice.dispute_until) == (PaymentStatus.DISPUTED, None, None)
    # A mere day lasts until its end in Brazil.
    asaas.fake.dispute_until = "2026-12-01"
    until = asaas.fetch(charge.provider_id).notice.dispute_until
    assert until is not None
    assert until.astimezone(UTC) == datetime(2026, 12, 2, 2, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("kind", FAKES, ids=lambda kind: kind.name.value)
def test_a_fake_refuses_what_no_documentation_knows(kind: Any, open_counter: OpenCounter) -> None:
    counter = open_counter(kind)
    assert kind.documented
    with pytest.raises(Refused, match="undocumented"):
        Api(counter.fake.url, {}).get("/made-up")
    line = next(line for line in kind.documented if line.startswith("POST") and "*" not in line)
    path = line.partition(" ")[2]
    with pytest.raises(Refused, match="made_up"):
        Api(counter.fake.url, {}).post(path, {"made_up": 1})
    with pytest.raises(Refused, match="x-made-up"):
        Api(counter.fake.url, {"X-Made-Up": "1"}).post(path, {})
