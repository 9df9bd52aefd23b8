"""Mercado Pago's payments API behind the interface of every gateway."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from django.conf import settings

from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money
from payments.domain.states import SETTLED, PaymentStatus
from payments.gateways.base import (
    LONGEST_LIST,
    AccountAccess,
    Charge,
    ChargeNotFound,
    Contradiction,
    CredentialField,
    GatewayError,
    Hint,
    NewCharge,
    PayerField,
    SecretOrigin,
    Traits,
    UnreadableWebhook,
    Verification,
    WebhookCall,
)
from payments.gateways.http import Api, Refused, amount_of, load
from payments.gateways.mercadopago.signature import HEADER, REQUEST_ID, is_genuine
from payments.gateways.reading import (
    HOME,
    as_list,
    as_moment,
    as_object,
    as_reais,
    as_text,
    needed,
    sum_of,
    unknown_status,
)

_STATUS: Final[Mapping[str, PaymentStatus]] = {
    "pending": PaymentStatus.PENDING,
    "in_process": PaymentStatus.PENDING,
    "in_mediation": PaymentStatus.PENDING,
    "authorized": PaymentStatus.PENDING,
    "approved": PaymentStatus.PAID,
    "rejected": PaymentStatus.FAILED,
    "cancelled": PaymentStatus.FAILED,
    "refunded": PaymentStatus.REFUNDED,
    "charged_back": PaymentStatus.DISPUTED,
}
_BRAZIL: Final = "MLB"
_PAGE: Final = 50
_LIST_SECONDS: Final = 15


class MercadoPagoGateway:
    """Keyed creation; the payer's e-mail is needed; no code lives for less than half an hour."""

    name: GatewayName = GatewayName.MERCADO_PAGO
    traits: Traits = Traits(
        currencies=frozenset({Currency.BRL}),
        payer_fields=frozenset({PayerField.EMAIL}),
        credentials=(CredentialField("access_token"),),
        webhook_secret=SecretOrigin.THEIRS,
        seconds_between_questions=2,
        questions_per_minute=300,
        # Half an hour when the call arrives, so a little more when it leaves.
        shortest_expiry=timedelta(minutes=31),
        longest_expiry=timedelta(days=29),
        told_per_charge=True,
        lists_received=True,
    )

    def create(self, account: AccountAccess, charge: NewCharge) -> Charge:
        body: dict[str, object] = {
            "transaction_amount": amount_of(charge.amount),
            "description": charge.description[:250],
            "payment_method_id": "pix",
            "external_reference": charge.key,
            "date_of_expiration": _written(charge.expires_at),
            "payer": _payer(charge.payer),
        }
        if charge.webhook_url.startswith("https://"):
            # The older kind of notice, which is not signed, stays away.
            body["notification_url"] = f"{charge.webhook_url}?source_news=webhooks"
        answer = _api(account).post("/v1/payments", body, headers={"X-Idempotency-Key": charge.key})
        return _as_charge(answer)

    def fetch(self, account: AccountAccess, *, provider_id: str, key: str) -> Charge:
        api = _api(account)
        if provider_id:
            return _fetch(api, provider_id)
        found = as_object(api.get("/v1/payments/search", {"external_reference": key, "sort": "date_created"}))
        charges = [_as_charge(one) for one in as_list(found.get("results"))]
        mine = [charge for charge in charges if charge.key == key]
        if not mine:
            raise ChargeNotFound
        return next((charge for charge in mine if charge.status in SETTLED), mine[0])

    def refund(self, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        api = _api(account)
        before = _fetch(api, provider_id)
        missing = amount - (before.refunded or Money(0, Currency.BRL))
        if missing.minor <= 0:
            return before
        body = {"amount": amount_of(missing)}
        api.post(f"/v1/payments/{quote(provider_id, safe='')}/refunds", body, headers={"X-Idempotency-Key": key})
        return _fetch(api, provider_id)

    def verify_webhook(self, account: AccountAccess, call: WebhookCall) -> Verification:
        header = call.headers.get(HEADER, "")
        if not header or not account.webhook_secret:
            return Verification.UNSIGNED
        genuine = is_genuine(
            account.webhook_secret,
            header=header,
            request_id=call.headers.get(REQUEST_ID, ""),
            data_id=dict(parse_qsl(call.query)).get("data.id", ""),
        )
        return Verification.VERIFIED if genuine else Verification.INVALID

    def parse_webhook(self, call: WebhookCall) -> tuple[Hint, ...]:
        query = dict(parse_qsl(call.query))
        try:
            body = as_object(load(call.body)) if call.body.strip() else {}
        except ValueError as error:
            raise UnreadableWebhook(str(error)) from None
        kinds = (query.get("type"), query.get("topic"), body.get("type"), body.get("topic"))
        if next((kind for kind in kinds if kind), "") != "payment":
            return ()
        # Only the query's id is signed; the older kind of notice calls it `id`.
        told = {query.get("data.id", ""), as_text(as_object(body.get("data")).get("id"), limit=64)} - {""}
        told = told or {query.get("id", "")} - {""}
        if len(told) != 1 or not (provider_id := told.pop()).isalnum():
            raise UnreadableWebhook("no single payment is named")
        return (Hint(provider_id=provider_id[:120]),)

    def test_credentials(self, account: AccountAccess) -> None:
        me = as_object(_api(account).get("/users/me"))
        if not as_text(me.get("id")):
            raise GatewayError("unreadable_answer", "no account was named", retryable=True)
        if me.get("site_id") not in (None, _BRAZIL):
            raise GatewayError("wrong_country", "the account is not one of Brazil")

    def received(self, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        offset = 0
        while offset < LONGEST_LIST:
            query = {
                "range": "date_approved",
                "begin_date": _written(since),
                "end_date": _written(until),
                "status": "approved",
                "sort": "date_created",
                "limit": str(_PAGE),
                "offset": str(offset),
            }
            page = as_object(_api(account, seconds=_LIST_SECONDS).get("/v1/payments/search", query))
            results = as_list(page.get("results"))
            # The seller's other sales stand there too, in any currency: only ours must be readable.
            yield from (_as_charge(one) for one in results if ":" in as_text(as_object(one).get("external_reference")))
            offset += _PAGE
            if len(results) < _PAGE:
                return


def _api(account: AccountAccess, *, seconds: int | None = None) -> Api:
    headers = {"Authorization": f"Bearer {account.credentials.get('access_token', '')}"}
    return Api(settings.MERCADOPAGO_API_BASE_URL, headers, seconds=seconds)


def _fetch(api: Api, provider_id: str) -> Charge:
    try:
        return _as_charge(api.get(f"/v1/payments/{quote(provider_id, safe='')}"))
    except Refused as error:
        if error.status == 404:
            raise ChargeNotFound from None
        raise


def _payer(payer: Mapping[str, str]) -> dict[str, object]:
    """What the flow asked; what is not known is not sent."""
    first, _, last = payer.get("name", "").strip().partition(" ")
    made: dict[str, object] = {"email": payer.get("email", "")}
    if first:
        made |= {"first_name": first, "last_name": last.strip()}
    document = "".join(character for character in payer.get("document", "") if character.isalnum()).upper()
    if document:
        made["identification"] = {"type": "CPF" if len(document) == 11 else "CNPJ", "number": document}
    return made


def _written(moment: datetime) -> str:
    """As it wants moments: with milliseconds and an offset."""
    return moment.astimezone(HOME).isoformat(timespec="milliseconds")


def _as_charge(answer: Any) -> Charge:
    said = as_object(answer)
    provider_id = as_text(said.get("id"), limit=64)
    if not provider_id:
        raise GatewayError("unreadable_answer", "a payment without id", retryable=True, unknown_outcome=True)
    if said.get("currency_id", Currency.BRL) != Currency.BRL:
        raise Contradiction("other_currency", f"the gateway says {as_text(said.get('currency_id'), limit=8)}")
    amount = needed(as_reais(said.get("transaction_amount")))
    refunded = as_reais(said.get("transaction_amount_refunded"))
    status = _status(said, refunded)
    data = as_object(as_object(said.get("point_of_interaction")).get("transaction_data"))
    return Charge(
        provider_id=provider_id,
        key=as_text(said.get("external_reference"), limit=256),
        status=status,
        amount=amount,
        br_code=as_text(data.get("qr_code"), limit=512),
        end_to_end_id=as_text(data.get("e2e_id"), limit=64),
        page_url=as_text(data.get("ticket_url")),
        refunded=refunded or None,
        fee=_fee(said, amount) if status in SETTLED else None,
        paid_at=as_moment(said.get("date_approved")),
        expires_at=as_moment(said.get("date_of_expiration")),
        raw={
            "id": provider_id,
            "status": as_text(said.get("status")),
            "status_detail": as_text(said.get("status_detail")),
            "amount": amount.plain(),
        },
    )


def _status(said: Mapping[str, Any], refunded: Money | None) -> PaymentStatus:
    status = _STATUS.get(as_text(said.get("status")))
    if status is None:
        raise unknown_status(said.get("status"))
    if status is PaymentStatus.PAID and refunded:
        return PaymentStatus.PARTIALLY_REFUNDED
    if said.get("status") == "cancelled" and said.get("status_detail") == "expired":
        return PaymentStatus.EXPIRED
    return status


def _fee(said: Mapping[str, Any], amount: Money) -> Money | None:
    """What the seller pays of the fees; else what is missing from the net amount; None where neither is told."""
    fees = [as_object(one) for one in as_list(said.get("fee_details"))]
    paid = [fee for one in fees if one.get("fee_payer") == "collector" and (fee := as_reais(one.get("amount")))]
    if paid:
        return sum_of(paid)
    net = as_reais(as_object(said.get("transaction_details")).get("net_received_amount"))
    return amount - net if net and net <= amount else None
