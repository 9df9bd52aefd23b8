"""The sandbox keeps the promises of every gateway."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from payments.domain.brcode import parse
from payments.domain.money import Currency, Money
from payments.domain.states import PaymentStatus
from payments.gateways.base import ChargeNotFound, GatewayError, NewCharge
from payments.gateways.registry import GATEWAYS, gateway_of
from payments.gateways.sandbox.adapter import SandboxGateway, end_to_end_id
from payments.gateways.sandbox.charge import SandboxCharge
from payments.gateways.sandbox.signature import is_genuine, sign
from payments.models import GatewayAccount
from payments.services.accounts import access_to
from tests.factories.payments import Shop, make_shop

GATEWAY = SandboxGateway()
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=timezone.get_fixed_timezone(0))


def new(key: str = "order:1", amount: Money = Money(2990, Currency.BRL)) -> NewCharge:  # noqa: B008
    return NewCharge(
        key=key,
        amount=amount,
        description="VIP",
        expires_at=timezone.now() + timedelta(minutes=30),
        payer={},
        webhook_url="http://x/",
    )


def test_the_same_key_gives_the_same_charge(shop: Shop) -> None:
    access = access_to(shop.account)
    assert GATEWAY.create(access, new()) == GATEWAY.create(access, new())
    assert SandboxCharge.unscoped.count() == 1


def test_a_charge_is_fetched_by_id_or_key_with_its_own_account_only(shop: Shop) -> None:
    access, stranger = access_to(shop.account), access_to(make_shop("Outra").account)
    made = GATEWAY.create(access, new())
    assert GATEWAY.fetch(access, provider_id=made.provider_id, key="") == made
    assert GATEWAY.fetch(access, provider_id="", key="order:1") == made
    for account, provider_id, key in (
        (stranger, made.provider_id, ""),
        (stranger, "", "order:1"),
        (access, "sbx_nonsense", ""),
        (access, "", "order:2"),
    ):
        with pytest.raises(ChargeNotFound):
            GATEWAY.fetch(account, provider_id=provider_id, key=key)


def test_its_code_is_a_real_one(shop: Shop) -> None:
    code = parse(GATEWAY.create(access_to(shop.account), new()).br_code)
    assert (code.amount, code.single_use, "/pagar/" in code.url) == (Money(2990, Currency.BRL), True, True)


def test_stars_have_a_page_and_no_code(shop: Shop) -> None:
    made = GATEWAY.create(access_to(shop.account), new(amount=Money(150, Currency.XTR)))
    assert (made.br_code, made.page_url.startswith("http"), made.amount) == ("", True, Money(150, Currency.XTR))


def test_a_charge_past_its_end_says_so_by_itself(shop: Shop) -> None:
    access = access_to(shop.account)
    made = GATEWAY.create(access, new())
    SandboxCharge.unscoped.update(expires_at=timezone.now())
    assert GATEWAY.fetch(access, provider_id=made.provider_id, key="").status is PaymentStatus.EXPIRED


def test_refunds_are_safe_to_repeat_and_never_more_than_was_received(shop: Shop) -> None:
    access = access_to(shop.account)
    made = GATEWAY.create(access, new())
    SandboxCharge.unscoped.update(status="paid", received_minor=2990, paid_at=timezone.now())
    part, whole, more = (Money(minor, Currency.BRL) for minor in (1000, 2990, 2991))
    for _ in range(2):
        assert (
            GATEWAY.refund(access, provider_id=made.provider_id, amount=part, key="r1").status
            is PaymentStatus.PARTIALLY_REFUNDED
        )
    assert SandboxCharge.unscoped.get().refunded_minor == 1000
    with pytest.raises(GatewayError):
        GATEWAY.refund(access, provider_id=made.provider_id, amount=more, key="r2")
    assert GATEWAY.refund(access, provider_id=made.provider_id, amount=whole, key="r3").status is PaymentStatus.REFUNDED


def test_the_signature_holds_for_these_bytes_this_secret_and_five_minutes() -> None:
    header = sign("secret", b"body", at=NOW)
    assert is_genuine("secret", b"body", header, now=NOW + timedelta(minutes=5))
    for secret, body, given, now in (
        ("other", b"body", header, NOW),
        ("secret", b"bodY", header, NOW),
        ("secret", b"body", header, NOW + timedelta(minutes=5, seconds=1)),
        ("secret", b"body", header, NOW - timedelta(minutes=6)),
        ("secret", b"body", header[:-1] + ("0" if header[-1] != "0" else "1"), NOW),
        ("secret", b"body", "", NOW),
        ("secret", b"body", "t=,v1=", NOW),
        ("secret", b"body", header.upper(), NOW),
        ("", b"body", sign("", b"body", at=NOW), NOW),
    ):
        assert not is_genuine(secret, body, given, now=now)


def test_secrets_never_show(shop: Shop) -> None:
    shop.account.credentials = {"token": "very-secret"}
    text = repr(access_to(shop.account))
    assert "very-secret" not in text
    assert shop.account.webhook_secret not in text
    shop.account.save()
    stored = GatewayAccount.unscoped.filter(pk=shop.account.pk).values_list("credentials", "webhook_secret").get()
    assert "very-secret" not in str(stored)
    assert GatewayAccount.unscoped.get(pk=shop.account.pk).opened_credentials == {"token": "very-secret"}


def test_the_end_to_end_id_has_its_shape() -> None:
    assert end_to_end_id(UUID(int=1), NOW) == "E0000000020260102030400000000001"


@pytest.mark.parametrize("name", sorted(GATEWAYS))
def test_every_registered_gateway_is_found_by_its_name(name: str) -> None:
    assert gateway_of(name).name == name
