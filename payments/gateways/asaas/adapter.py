"""Asaas behind the interface of every gateway.

A charge needs a customer with name and CPF or CNPJ, and lives by the day: what ends sooner ends in our books, and
money that still comes is served. It knows no keys; a charge is found by our reference before another is made.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings

from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money
from payments.domain.states import SETTLED, PaymentStatus
from payments.gateways.base import (
    ENVIRONMENT,
    LONGEST_LIST,
    AccountAccess,
    Charge,
    ChargeNotFound,
    CredentialField,
    Environment,
    GatewayError,
    Hint,
    Idempotency,
    NewCharge,
    PayerField,
    Traits,
    UnreadableWebhook,
    Verification,
    WebhookCall,
    fingerprint,
)
from payments.gateways.http import Api, Refused, amount_of, load
from payments.gateways.reading import (
    HOME,
    as_end_of_day,
    as_list,
    as_object,
    as_reais,
    as_text,
    needed,
    sum_of,
    unknown_status,
)

TOKEN_HEADER: Final = "asaas-access-token"  # noqa: S105 - the header's name
_STATUS: Final[Mapping[str, PaymentStatus]] = {
    "PENDING": PaymentStatus.PENDING,
    "AWAITING_RISK_ANALYSIS": PaymentStatus.PENDING,
    "AUTHORIZED": PaymentStatus.PENDING,
    # Handed to a collector: nothing has come, nothing is over.
    "DUNNING_REQUESTED": PaymentStatus.PENDING,
    "RECEIVED": PaymentStatus.PAID,
    "CONFIRMED": PaymentStatus.PAID,
    "RECEIVED_IN_CASH": PaymentStatus.PAID,
    "DUNNING_RECEIVED": PaymentStatus.PAID,
    # Asked for is not given back yet.
    "REFUND_REQUESTED": PaymentStatus.PAID,
    "REFUND_IN_PROGRESS": PaymentStatus.PAID,
    "OVERDUE": PaymentStatus.EXPIRED,
    "REFUNDED": PaymentStatus.REFUNDED,
    "CHARGEBACK_REQUESTED": PaymentStatus.DISPUTED,
    "CHARGEBACK_DISPUTE": PaymentStatus.DISPUTED,
    "AWAITING_CHARGEBACK_REVERSAL": PaymentStatus.DISPUTED,
}
_REFUND_DONE: Final = "DONE"
_REFUND_CANCELED: Final = frozenset({"CANCELLED", "CANCELED"})
# What moves a charge of ours.
_EVENTS: Final = (
    "PAYMENT_CREATED",
    "PAYMENT_UPDATED",
    "PAYMENT_CONFIRMED",
    "PAYMENT_RECEIVED",
    "PAYMENT_OVERDUE",
    "PAYMENT_DELETED",
    "PAYMENT_RESTORED",
    "PAYMENT_REFUNDED",
    "PAYMENT_REFUND_IN_PROGRESS",
    "PAYMENT_RECEIVED_IN_CASH_UNDONE",
    "PAYMENT_CHARGEBACK_REQUESTED",
    "PAYMENT_CHARGEBACK_DISPUTE",
    "PAYMENT_AWAITING_CHARGEBACK_REVERSAL",
)
_PAGE: Final = 100
_LIST_SECONDS: Final = 15


class AsaasGateway:
    """Found by reference; payer's name and document are needed; its notices carry a token of ours."""

    name: GatewayName = GatewayName.ASAAS
    traits: Traits = Traits(
        currencies=frozenset({Currency.BRL}),
        payer_fields=frozenset({PayerField.NAME, PayerField.DOCUMENT}),
        credentials=(CredentialField("api_key"), ENVIRONMENT),
        secret_headers=frozenset({TOKEN_HEADER}),
        idempotency=Idempotency.LOOKUP,
        seconds_between_questions=5,
        # 25,000 calls in 12 hours is its limit; creations need their part of it.
        questions_per_minute=20,
        minimum_minor=500,
        lists_received=True,
    )

    def create(self, account: AccountAccess, charge: NewCharge) -> Charge:
        api = _api(account)
        body = {
            "customer": _customer(api, charge.payer),
            "billingType": "PIX",
            "value": amount_of(charge.amount),
            "dueDate": charge.expires_at.astimezone(HOME).date().isoformat(),
            "description": charge.description[:500],
            "externalReference": charge.key,
        }
        made = as_object(api.post("/payments", body))
        try:
            return _as_charge(made, br_code=_code(api, as_text(made.get("id"), limit=64)))
        except GatewayError as error:
            # The charge is there, its code is not: it is looked up by its reference next time.
            raise GatewayError(error.code, str(error), retryable=True, unknown_outcome=True) from None

    def fetch(self, account: AccountAccess, *, provider_id: str, key: str) -> Charge:
        api = _api(account)
        if provider_id:
            return _fetch(api, provider_id)
        found = as_object(api.get("/payments", {"externalReference": key}))
        mine = [one for one in map(as_object, as_list(found.get("data"))) if one.get("externalReference") == key]
        if not mine:
            raise ChargeNotFound
        chosen = next((one for one in mine if _STATUS.get(as_text(one.get("status"))) in SETTLED), mine[0])
        charge = _as_charge(chosen)
        if charge.status is not PaymentStatus.PENDING:
            return charge
        return _as_charge(chosen, br_code=_code(api, charge.provider_id))

    def refund(self, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        api = _api(account)
        before = as_object(_payment(api, provider_id))
        missing = amount - sum_of([one for status, one in _refunds(before) if status not in _REFUND_CANCELED])
        if missing.minor > 0:
            body = {"value": amount_of(missing), "description": key}
            api.post(f"/payments/{quote(provider_id, safe='')}/refund", body)
        return _fetch(api, provider_id)

    def verify_webhook(self, account: AccountAccess, call: WebhookCall) -> Verification:
        given = call.headers.get(TOKEN_HEADER, "")
        if not given:
            return Verification.UNSIGNED
        genuine = bool(account.webhook_secret) and compare_digest(
            given.encode(), fingerprint(account.webhook_secret).encode()
        )
        return Verification.VERIFIED if genuine else Verification.INVALID

    def parse_webhook(self, call: WebhookCall) -> tuple[Hint, ...]:
        try:
            said = load(call.body)
        except ValueError as error:
            raise UnreadableWebhook(str(error)) from None
        if not isinstance(said, dict) or not as_text(said.get("event")):
            raise UnreadableWebhook("no event is named")
        payment = as_object(said.get("payment"))
        provider_id = as_text(payment.get("id"), limit=64)
        if not provider_id:
            return ()  # it tells of transfers, bills and more, too
        return (
            Hint(
                provider_id=provider_id,
                key=as_text(payment.get("externalReference"), limit=64),
                status=_STATUS.get(as_text(payment.get("status"))),
                amount=as_reais(payment.get("value")),
            ),
        )

    def test_credentials(self, account: AccountAccess) -> None:
        _api(account).get("/payments", {"limit": "1"})

    def register_webhook(self, account: AccountAccess, *, url: str, email: str) -> None:
        """One webhook; one whose queue it has paused, or that somebody changed, is set right again."""
        api = _api(account, seconds=_LIST_SECONDS)
        wanted: dict[str, object] = {
            "name": "Trilho",
            "url": url,
            "email": email,
            "enabled": True,
            "interrupted": False,
            "authToken": account.webhook_secret,
            # In sequence, one event that cannot be delivered holds all later ones back.
            "sendType": "NON_SEQUENTIALLY",
            "events": list(_EVENTS),
        }
        answer = as_object(api.get("/webhooks", {"limit": str(_PAGE)}))
        if not isinstance(answer.get("data"), list):
            raise GatewayError("unreadable_answer", "it does not say which webhooks there are", retryable=True)
        mine = next((one for one in map(as_object, as_list(answer["data"])) if one.get("url") == url), None)
        if mine is None:
            api.post("/webhooks", wanted)
        else:
            api.put(f"/webhooks/{quote(as_text(mine.get('id'), limit=64), safe='')}", wanted)

    def received(self, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        offset = 0
        while offset < LONGEST_LIST:
            query = {
                "paymentDate[ge]": since.astimezone(HOME).date().isoformat(),
                "paymentDate[le]": until.astimezone(HOME).date().isoformat(),
                "limit": str(_PAGE),
                "offset": str(offset),
            }
            page = as_object(_api(account, seconds=_LIST_SECONDS).get("/payments", query))
            yield from (_as_charge(one) for one in as_list(page.get("data")) if as_object(one).get("externalReference"))
            offset += _PAGE
            if page.get("hasMore") is not True:
                return


def _api(account: AccountAccess, *, seconds: int | None = None) -> Api:
    sandbox = account.credentials.get(ENVIRONMENT.name) == Environment.SANDBOX
    base = settings.ASAAS_SANDBOX_API_BASE_URL if sandbox else settings.ASAAS_API_BASE_URL
    return Api(base, {"access_token": account.credentials.get("api_key", "")}, seconds=seconds)


def _customer(api: Api, payer: Mapping[str, str]) -> str:
    """The customer's id there, by document; made with what the flow asked if it is new. Asaas writes to nobody."""
    document = "".join(character for character in payer.get("document", "") if character.isalnum()).upper()
    found = as_object(api.get("/customers", {"cpfCnpj": document}))
    known = next((as_text(as_object(one).get("id"), limit=64) for one in as_list(found.get("data"))), "")
    if known:
        return known
    body: dict[str, object] = {"name": payer.get("name", ""), "cpfCnpj": document, "notificationDisabled": True}
    if payer.get("email"):
        body["email"] = payer["email"]
    try:
        made = as_text(as_object(api.post("/customers", body)).get("id"), limit=64)
    except GatewayError as error:
        # Whether the customer was made or not, no charge was.
        if error.unknown_outcome:
            raise GatewayError(error.code, str(error), retryable=True) from None
        raise
    if not made:
        raise GatewayError("unreadable_answer", "a customer without id", retryable=True)
    return made


def _code(api: Api, provider_id: str) -> str:
    return as_text(as_object(api.get(f"/payments/{quote(provider_id, safe='')}/pixQrCode")).get("payload"), limit=512)


def _payment(api: Api, provider_id: str) -> Any:
    try:
        return api.get(f"/payments/{quote(provider_id, safe='')}")
    except Refused as error:
        if error.status == 404:
            raise ChargeNotFound from None
        raise


def _fetch(api: Api, provider_id: str) -> Charge:
    return _as_charge(_payment(api, provider_id))


def _refunds(said: Mapping[str, Any]) -> Sequence[tuple[str, Money]]:
    told = [as_object(one) for one in as_list(said.get("refunds"))]
    return [(as_text(one.get("status")), amount) for one in told if (amount := as_reais(one.get("value"))) is not None]


def _as_charge(answer: Any, *, br_code: str = "") -> Charge:
    said = as_object(answer)
    provider_id = as_text(said.get("id"), limit=64)
    if not provider_id:
        raise GatewayError("unreadable_answer", "a payment without id", retryable=True, unknown_outcome=True)
    amount = needed(as_reais(said.get("value")))
    status = _STATUS.get(as_text(said.get("status")))
    if status is None:
        raise unknown_status(said.get("status"))
    if said.get("deleted") is True and status not in SETTLED:
        status = PaymentStatus.FAILED
    refunded = sum_of([one for state, one in _refunds(said) if state == _REFUND_DONE])
    if status is PaymentStatus.PAID and refunded:
        status = PaymentStatus.PARTIALLY_REFUNDED if refunded < amount else PaymentStatus.REFUNDED
    net = as_reais(said.get("netValue"))
    return Charge(
        provider_id=provider_id,
        key=as_text(said.get("externalReference"), limit=256),
        status=status,
        amount=amount,
        br_code=br_code,
        page_url=as_text(said.get("invoiceUrl")),
        refunded=refunded or None,
        # Days are all it tells of when money came, and a day is no moment: ours is when we learn of it.
        fee=amount - net if status in SETTLED and net is not None and net <= amount else None,
        dispute_until=as_end_of_day(as_object(said.get("chargeback")).get("deadlineToSendDisputeDocuments")),
        raw={"id": provider_id, "status": as_text(said.get("status")), "amount": amount.plain()},
    )
