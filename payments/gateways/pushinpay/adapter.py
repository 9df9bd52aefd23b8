"""PushinPay behind the interface of every gateway.

It knows no key, no reference and no list. Our key travels in the address of each charge's notices, which it tells back:
so a charge whose answer was lost is found by its first notice, and somebody else's charge is told apart.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from django.conf import settings

from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money
from payments.domain.states import SETTLED, PaymentStatus
from payments.gateways.base import (
    ENVIRONMENT,
    AccountAccess,
    Charge,
    ChargeNotFound,
    CredentialField,
    Environment,
    GatewayError,
    Hint,
    Idempotency,
    NewCharge,
    Refunds,
    Traits,
    UnreadableWebhook,
    Verification,
    WebhookCall,
    fingerprint,
)
from payments.gateways.http import Api, Refused, load
from payments.gateways.reading import as_cents, as_moment, as_object, as_text, needed, unknown_status

TOKEN_HEADER: Final = "x-pushinpay-token"  # noqa: S105 - the header's name
# The part of a notice's address that names the charge.
KEY_PARAMETER: Final = "charge"
# Item 4.10 of its terms of use: shown before every payment, or the seller's account may be blocked. Its own words.
LEGAL_TEXT: Final = (
    "A PUSHIN PAY atua exclusivamente como processadora de pagamentos e não possui qualquer responsabilidade pela "
    "entrega, suporte, conteúdo, qualidade ou cumprimento das obrigações relacionadas aos produtos ou serviços "
    "oferecidos pelo vendedor."
)
_STATUS: Final[Mapping[str, PaymentStatus]] = {
    "created": PaymentStatus.PENDING,
    "pending": PaymentStatus.PENDING,
    "paid": PaymentStatus.PAID,
    "expired": PaymentStatus.EXPIRED,
    "canceled": PaymentStatus.FAILED,
    "cancelled": PaymentStatus.FAILED,
    "refunded": PaymentStatus.REFUNDED,
}
# A charge nobody has, to see whether the token opens the door.
_NOBODYS: Final = "00000000-0000-0000-0000-000000000000"


class PushinPayGateway:
    """One question a minute about a charge, or the account may be blocked; ids come in either letter case."""

    name: GatewayName = GatewayName.PUSHINPAY
    traits: Traits = Traits(
        currencies=frozenset({Currency.BRL}),
        credentials=(CredentialField("token"), ENVIRONMENT),
        secret_headers=frozenset({TOKEN_HEADER}),
        idempotency=Idempotency.NONE,
        refunds=Refunds.WHOLE,
        seconds_between_questions=61,
        questions_per_minute=60,
        minimum_minor=50,
        legal_text=LEGAL_TEXT,
        told_per_charge=True,
    )

    def create(self, account: AccountAccess, charge: NewCharge) -> Charge:
        body: dict[str, object] = {"value": charge.amount.minor}
        if charge.webhook_url.startswith("https://"):
            body["webhook_url"] = f"{charge.webhook_url}?{urlencode({KEY_PARAMETER: charge.key})}"
        return _as_charge(_api(account).post("/pix/cashIn", body), key=charge.key)

    def fetch(self, account: AccountAccess, *, provider_id: str, key: str) -> Charge:
        if not provider_id:
            raise ChargeNotFound
        return _fetch(_api(account), provider_id)

    def refund(self, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        api = _api(account)
        before = _fetch(api, provider_id)
        if before.status is PaymentStatus.REFUNDED:
            return before
        if amount != before.amount:
            raise GatewayError("whole_refunds_only", "it gives back a whole payment or nothing")
        api.post(f"/transactions/{quote(provider_id, safe='')}/refund")
        # Its own answer to this is not documented, and it may be asked about a charge once a minute only.
        return Charge(
            provider_id=before.provider_id,
            key=before.key,
            status=PaymentStatus.REFUNDED,
            amount=before.amount,
            refunded=before.amount,
            raw={"id": before.provider_id, "status": "refund_accepted"},
        )

    def verify_webhook(self, account: AccountAccess, call: WebhookCall) -> Verification:
        given = call.headers.get(TOKEN_HEADER, "")
        if not given:
            return Verification.UNSIGNED
        genuine = bool(account.webhook_secret) and compare_digest(
            given.encode(), fingerprint(account.webhook_secret).encode()
        )
        return Verification.VERIFIED if genuine else Verification.INVALID

    def parse_webhook(self, call: WebhookCall) -> tuple[Hint, ...]:
        said = _read_body(call)
        provider_id = (as_text(said.get("transaction_id"), limit=64) or as_text(said.get("id"), limit=64)).lower()
        if not provider_id:
            raise UnreadableWebhook("no charge is named")
        return (
            Hint(
                provider_id=provider_id,
                key=dict(parse_qsl(call.query)).get(KEY_PARAMETER, "")[:64],
                status=_STATUS.get(as_text(said.get("status")).lower()),
                amount=as_cents(said.get("value")),
            ),
        )

    def test_credentials(self, account: AccountAccess) -> None:
        try:
            _api(account).get(f"/transactions/{_NOBODYS}")
        except Refused as error:
            if error.status != 404:
                raise

    def received(self, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        return iter(())


def _api(account: AccountAccess) -> Api:
    sandbox = account.credentials.get(ENVIRONMENT.name) == Environment.SANDBOX
    base = settings.PUSHINPAY_SANDBOX_API_BASE_URL if sandbox else settings.PUSHINPAY_API_BASE_URL
    return Api(base, {"Authorization": f"Bearer {account.credentials.get('token', '')}"})


def _fetch(api: Api, provider_id: str) -> Charge:
    try:
        return _as_charge(api.get(f"/transactions/{quote(provider_id, safe='')}"))
    except Refused as error:
        if error.status == 404:
            raise ChargeNotFound from None
        raise


def _read_body(call: WebhookCall) -> Mapping[str, Any]:
    """JSON or a form: it sends either, and not always says which."""
    try:
        if call.body.lstrip()[:1] == b"{":
            return as_object(load(call.body))
        return dict(parse_qsl(call.body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise UnreadableWebhook(str(error)) from None


def _as_charge(answer: Any, *, key: str = "") -> Charge:
    said = as_object(answer)
    provider_id = as_text(said.get("id"), limit=64).lower()
    if not provider_id:
        raise GatewayError("unreadable_answer", "a charge without id", retryable=True, unknown_outcome=True)
    status = _STATUS.get(as_text(said.get("status")).lower())
    if status is None:
        raise unknown_status(said.get("status"))
    amount = needed(as_cents(said.get("value")))
    return Charge(
        provider_id=provider_id,
        key=_key_in(as_text(said.get("webhook_url"))) or key,
        status=status,
        amount=amount,
        br_code=as_text(said.get("qr_code"), limit=512),
        end_to_end_id=as_text(said.get("end_to_end_id"), limit=64),
        paid_at=as_moment(said.get("paid_at")) if status in SETTLED else None,
        raw={"id": provider_id, "status": as_text(said.get("status")), "amount": amount.plain()},
    )


def _key_in(address: str) -> str:
    return dict(parse_qsl(urlsplit(address).query)).get(KEY_PARAMETER, "")[:64]
