"""Woovi (OpenPix) behind the interface of every gateway: our own id of a charge is its id there."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.utils import timezone

from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money
from payments.domain.states import PaymentStatus
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
    NewCharge,
    SecretOrigin,
    Traits,
    UnreadableWebhook,
    Verification,
    WebhookCall,
)
from payments.gateways.http import Api, Refused, load
from payments.gateways.reading import as_cents, as_list, as_moment, as_object, as_text, needed, sum_of, unknown_status
from payments.gateways.woovi.signature import HEADER, HMAC_HEADER, KeyRing, has_hmac_of, is_signed_by

KEYS_PATH: Final = "/api/v1/webhook/public-keys"
_STATUS: Final[Mapping[str, PaymentStatus]] = {
    "ACTIVE": PaymentStatus.PENDING,
    "COMPLETED": PaymentStatus.PAID,
    "EXPIRED": PaymentStatus.EXPIRED,
}
# Money on its way back counts as gone: asking twice must not give it back twice.
_REFUND_ENDED_WELL: Final = frozenset({"CONFIRMED"})
_REFUND_ENDED_BADLY: Final = frozenset({"REJECTED", "FAILED"})
# What moves a charge of ours. Each event has a webhook of its own there.
_EVENTS: Final = (
    "OPENPIX:CHARGE_COMPLETED",
    "OPENPIX:CHARGE_COMPLETED_NOT_SAME_CUSTOMER_PAYER",
    "OPENPIX:CHARGE_EXPIRED",
    "OPENPIX:DISPUTE_CREATED",
    "OPENPIX:DISPUTE_ACCEPTED",
    "OPENPIX:DISPUTE_REJECTED",
    "OPENPIX:DISPUTE_CANCELED",
    "PIX_TRANSACTION_REFUND_SENT_CONFIRMED",
    "PIX_TRANSACTION_REFUND_SENT_REJECTED",
)
_PAGE: Final = 100
_LIST_SECONDS: Final = 15
_COMMENT_LENGTH: Final = 140

key_ring = KeyRing()


class WooviGateway:
    """Keyed by our own id; nothing of the payer is needed; no code lives for less than a quarter of an hour."""

    name: GatewayName = GatewayName.WOOVI
    traits: Traits = Traits(
        currencies=frozenset({Currency.BRL}),
        credentials=(CredentialField("app_id"), ENVIRONMENT),
        webhook_secret=SecretOrigin.THEIRS,
        seconds_between_questions=2,
        questions_per_minute=120,
        shortest_expiry=timedelta(minutes=16),
        lists_received=True,
        disputes_in_notices=True,
    )

    def create(self, account: AccountAccess, charge: NewCharge) -> Charge:
        body = {
            "value": charge.amount.minor,
            "correlationID": _id_of(charge.key),
            "comment": charge.description[:_COMMENT_LENGTH],
            "expiresIn": max(1, int((charge.expires_at - timezone.now()).total_seconds())),
        }
        answer = _api(account).post("/api/v1/charge", body, query={"return_existing": "true"})
        return _as_charge(as_object(answer).get("charge"), br_code=as_text(as_object(answer).get("brCode"), limit=512))

    def fetch(self, account: AccountAccess, *, provider_id: str, key: str) -> Charge:
        return _fetch(_api(account), provider_id or _id_of(key))

    def refund(self, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        api = _api(account)
        gone = sum_of([one for status, one in _refunds(api, provider_id) if status not in _REFUND_ENDED_BADLY])
        missing = amount - gone
        if missing.minor > 0:
            body = {"correlationID": _id_of(key), "value": missing.minor}
            api.post(f"/api/v1/charge/{quote(provider_id, safe='')}/refund", body)
        return _fetch(api, provider_id)

    def verify_webhook(self, account: AccountAccess, call: WebhookCall) -> Verification:
        signature, mac = call.headers.get(HEADER, ""), call.headers.get(HMAC_HEADER, "")
        # Where the seller told us the webhook's own secret, it must fit: it alone says that the notice is meant for us.
        if account.webhook_secret and mac:
            genuine = has_hmac_of(account.webhook_secret, call.body, mac)
        else:
            genuine = bool(signature) and is_signed_by(_public_keys(account), call.body, signature)
        return Verification.VERIFIED if genuine else Verification.INVALID

    def parse_webhook(self, call: WebhookCall) -> tuple[Hint, ...]:
        try:
            said = load(call.body)
        except ValueError as error:
            raise UnreadableWebhook(str(error)) from None
        if not isinstance(said, dict):
            raise UnreadableWebhook("no object")
        event = as_text(said.get("event")) or as_text(said.get("evento"))
        if not event:
            raise UnreadableWebhook("no event is named")
        if ":DISPUTE_" in event:
            return _dispute(event, as_object(said.get("dispute")))
        if "REFUND" in event:
            end_to_end_id = as_text(as_object(said.get("originalTransaction")).get("endToEndId"), limit=64)
            return (Hint(end_to_end_id=end_to_end_id),) if end_to_end_id else ()
        charge = as_object(said.get("charge")) or as_object(as_object(said.get("pix")).get("charge"))
        correlation = as_text(charge.get("correlationID"), limit=64)
        if not correlation:
            return ()  # its test of the address, or money that no charge asked for
        return (
            Hint(
                provider_id=correlation,
                key=_key_of(correlation),
                end_to_end_id=as_text(as_object(said.get("pix")).get("endToEndId"), limit=64),
                status=_STATUS.get(as_text(charge.get("status"))),
                amount=as_cents(charge.get("value")),
            ),
        )

    def test_credentials(self, account: AccountAccess) -> None:
        now = timezone.now()
        for _charge in self.received(account, since=now - timedelta(minutes=1), until=now):
            return

    def register_webhook(self, account: AccountAccess, *, url: str, email: str) -> None:
        api = _api(account, seconds=_LIST_SECONDS)
        answer = as_object(api.get("/api/v1/webhook", {"url": url, "limit": str(_PAGE)}))
        if not isinstance(answer.get("webhooks"), list):
            # Without the list each try would make all of them once more.
            raise GatewayError("unreadable_answer", "it does not say which webhooks there are", retryable=True)
        known = [as_object(one) for one in as_list(answer["webhooks"])]
        heard = {as_text(one.get("event")) for one in known if one.get("url") == url and one.get("isActive") is True}
        for event in _EVENTS:
            if event not in heard:
                hook = {"name": f"Trilho {event}", "event": event, "url": url, "isActive": True}
                api.post("/api/v1/webhook", {"webhook": hook})

    def received(self, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        skipped = 0
        while skipped < LONGEST_LIST:
            query = {
                "start": since.isoformat(),
                "end": until.isoformat(),
                "status": "COMPLETED",
                "limit": str(_PAGE),
                "skip": str(skipped),
            }
            page = as_object(_api(account, seconds=_LIST_SECONDS).get("/api/v1/charge", query))
            charges = as_list(page.get("charges"))
            yield from (_as_charge(one) for one in charges)
            skipped += _PAGE
            if len(charges) < _PAGE or not as_object(page.get("pageInfo")).get("hasNextPage"):
                return


def _base_url(account: AccountAccess) -> str:
    sandbox = account.credentials.get(ENVIRONMENT.name) == Environment.SANDBOX
    return str(settings.WOOVI_SANDBOX_API_BASE_URL if sandbox else settings.WOOVI_API_BASE_URL)


def _api(account: AccountAccess, *, seconds: int | None = None) -> Api:
    # The id alone: no "Bearer" before it.
    return Api(_base_url(account), {"Authorization": account.credentials.get("app_id", "")}, seconds=seconds)


def _public_keys(account: AccountAccess) -> tuple[str, ...]:
    """Nobody has to sign in for them."""
    address = _base_url(account)

    def fetch() -> Sequence[str]:
        answer = as_object(Api(address, {}).get(KEYS_PATH))
        return [
            key for one in as_list(answer.get("public_keys")) if (key := as_text(as_object(one).get("key"), limit=4000))
        ]

    return key_ring.keys(address, fetch)


def _fetch(api: Api, provider_id: str) -> Charge:
    try:
        answer = as_object(api.get(f"/api/v1/charge/{quote(provider_id, safe='')}"))
    except Refused as error:
        if error.status in (400, 404) and "credentials" not in error.code:
            raise ChargeNotFound from None
        raise
    charge = as_object(answer.get("charge"))
    refunded: Sequence[Money] = ()
    if charge.get("status") == "COMPLETED":
        refunded = [one for status, one in _refunds(api, provider_id) if status in _REFUND_ENDED_WELL]
    return _as_charge(charge, refunded=sum_of(refunded))


def _refunds(api: Api, provider_id: str) -> list[tuple[str, Money]]:
    answer = as_object(api.get(f"/api/v1/charge/{quote(provider_id, safe='')}/refund"))
    told = [as_object(one) for one in as_list(answer.get("refunds"))]
    return [(as_text(one.get("status")), amount) for one in told if (amount := as_cents(one.get("value"))) is not None]


def _id_of(key: str) -> str:
    """Our key as it may stand in a path."""
    return key.replace(":", "_")


def _key_of(correlation: str) -> str:
    return correlation.replace("_", ":")


def _dispute(event: str, dispute: Mapping[str, Any]) -> tuple[Hint, ...]:
    end_to_end_id = as_text(dispute.get("endToEndId"), limit=64)
    if not end_to_end_id:
        raise UnreadableWebhook("a dispute of no payment")
    if event.endswith(("_REJECTED", "_CANCELED")):
        return (Hint(end_to_end_id=end_to_end_id, dispute_won=True),)
    return (Hint(end_to_end_id=end_to_end_id, status=PaymentStatus.DISPUTED),)


def _as_charge(answer: Any, *, br_code: str = "", refunded: Money | None = None) -> Charge:
    said = as_object(answer)
    correlation = as_text(said.get("correlationID"), limit=120)
    if not correlation:
        raise GatewayError("unreadable_answer", "a charge without id", retryable=True, unknown_outcome=True)
    amount = needed(as_cents(said.get("value")))
    status = _STATUS.get(as_text(said.get("status")))
    if status is None:
        raise unknown_status(said.get("status"))
    if status is PaymentStatus.PAID and refunded:
        status = PaymentStatus.PARTIALLY_REFUNDED if refunded < amount else PaymentStatus.REFUNDED
    paid = status not in (PaymentStatus.PENDING, PaymentStatus.EXPIRED)
    return Charge(
        provider_id=correlation,
        key=_key_of(correlation),
        status=status,
        amount=amount,
        br_code=as_text(said.get("brCode"), limit=512) or br_code,
        txid=as_text(said.get("transactionID"), limit=64) or as_text(said.get("identifier"), limit=64),
        page_url=as_text(said.get("paymentLinkUrl")),
        refunded=refunded or None,
        fee=as_cents(said.get("fee")) if paid else None,
        paid_at=as_moment(said.get("paidAt")) if paid else None,
        expires_at=as_moment(said.get("expiresDate")),
        raw={"id": correlation, "status": as_text(said.get("status")), "amount": amount.plain()},
    )
