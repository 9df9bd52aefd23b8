"""Mercado Pago: keys, decimal amounts, a search by reference, notices that hold no status."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from payments.domain.gateway_names import GatewayName
from payments.gateways.mercadopago.signature import HEADER, REQUEST_ID, manifest, sign
from tests.support.fake_gateways.books import Entry, Notice
from tests.support.fake_gateways.server import SECRET, Answer, Call, FakeGateway, Takes, dump, reais, takes

STATUS = {
    "pending": ("pending", "pending_waiting_transfer"),
    "paid": ("approved", "accredited"),
    "expired": ("cancelled", "expired"),
    "failed": ("rejected", "bank_error"),
    "disputed": ("charged_back", "in_process"),
    "refunded": ("refunded", "refunded"),
}


class FakeMercadoPago(FakeGateway):
    """Its notices are signed over the query's id, the request's id and a time in milliseconds."""

    name: ClassVar[GatewayName] = GatewayName.MERCADO_PAGO
    setting: ClassVar[str] = "MERCADOPAGO_API_BASE_URL"
    keyed: ClassVar[bool] = True
    looks_up: ClassVar[bool] = True
    fees: ClassVar[bool] = True
    own_headers: ClassVar[frozenset[str]] = frozenset({"authorization", "x-idempotency-key"})
    documented: ClassVar[Mapping[str, Takes] | None] = {
        "POST /v1/payments": takes(
            needs="transaction_amount payment_method_id",
            body="description external_reference notification_url date_of_expiration payer.email payer.first_name "
            "payer.last_name payer.identification.type payer.identification.number",
        ),
        "GET /v1/payments/search": takes(
            query="external_reference sort range begin_date end_date status limit offset",
        ),
        "GET /v1/payments/*": takes(),
        "POST /v1/payments/*/refunds": takes(body="amount"),
        "GET /users/me": takes(),
    }

    @property
    def credentials(self) -> dict[str, str]:
        return {"access_token": SECRET}

    def handle(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {SECRET}":
            return Answer(401, {"message": "invalid access token", "status": 401})
        match call.method, call.path.strip("/").split("/"):
            case "POST", ["v1", "payments"]:
                return self._create(call)
            case "GET", ["v1", "payments", "search"]:
                return self._search(call)
            case "GET", ["v1", "payments", payment_id] if payment_id in self.entries:
                self.entries[payment_id].questions += 1
                return Answer(200, self.told(self.entries[payment_id]))
            case "POST", ["v1", "payments", payment_id, "refunds"] if payment_id in self.entries:
                return self._refund(self.entries[payment_id], call)
            case "GET", ["users", "me"]:
                return Answer(200, {"id": 1234, "site_id": "MLB"})
        return Answer(404, {"message": "Payment not found", "status": 404})

    def _create(self, call: Call) -> Answer:
        key = call.headers.get("x-idempotency-key", "")
        if not 1 <= len(key) <= 64:
            return Answer(400, {"message": "Header X-Idempotency-Key can't be null"})
        if not call.body.get("payer", {}).get("email"):
            return Answer(400, {"message": "payer.email must be a valid email"})
        known = self.by_reference(call.body["external_reference"])
        if known and known[0].asked != call.body:
            return Answer(400, {"message": "the same idempotency key with other parameters"})
        ends_in = datetime.fromisoformat(call.body["date_of_expiration"]) - datetime.now(UTC)
        if not timedelta(minutes=30) <= ends_in <= timedelta(days=30):
            return Answer(400, {"message": "date_of_expiration must be between 30 minutes and 30 days"})
        cents = int(call.body["transaction_amount"] * 100)
        entry = (
            known[0]
            if known
            else self.enter(
                Entry(
                    id=str(100_000_000 + len(self.entries)),
                    reference=key,
                    cents=cents,
                    asked=call.body,
                    webhook_url=call.body.get("notification_url", ""),
                )
            )
        )
        return Answer(201, self.told(entry))

    def _search(self, call: Call) -> Answer:
        if "external_reference" in call.query:
            found = self.by_reference(call.query["external_reference"])
        else:
            found = [entry for entry in self.entries.values() if entry.status == "paid"]
        offset, limit = int(call.query.get("offset", 0)), int(call.query.get("limit", 30))
        results = [self.told(entry) for entry in found][offset : offset + limit]
        return Answer(200, {"results": results, "paging": {"total": len(found), "offset": offset, "limit": limit}})

    def _refund(self, entry: Entry, call: Call) -> Answer:
        key = call.headers.get("x-idempotency-key", "")
        cents = int(call.body["amount"] * 100) if call.body else entry.cents - entry.refunded_cents
        if key not in [known for known, _cents in entry.refunds]:
            entry.refunds.append((key, cents))
        if entry.refunded_cents >= entry.cents:
            entry.status = "refunded"
        return Answer(201, {"id": 1, "payment_id": int(entry.id), "amount": reais(cents), "status": "approved"})

    def told(self, entry: Entry) -> dict[str, Any]:
        """A payment as its API tells it."""
        status, detail = STATUS[entry.status]
        fee = entry.fee_cents
        return {
            "id": int(entry.id),
            "status": status,
            "status_detail": detail,
            "currency_id": "BRL",
            "transaction_amount": reais(entry.cents),
            "transaction_amount_refunded": reais(entry.refunded_cents),
            "external_reference": entry.reference,
            "date_of_expiration": entry.asked.get("date_of_expiration"),
            "date_approved": entry.paid_at.isoformat(timespec="milliseconds") if entry.paid_at else None,
            "payer": {"email": "somebody@example.com", "identification": {"type": "CPF", "number": "52998224725"}},
            "fee_details": [
                {"type": "mercadopago_fee", "amount": reais(fee), "fee_payer": "collector"},
                {"type": "coupon_fee", "amount": reais(1), "fee_payer": "payer"},
            ]
            if fee is not None
            else [],
            "transaction_details": {"net_received_amount": reais(entry.cents - (fee or 0)) if entry.paid_at else 0},
            "point_of_interaction": {
                "transaction_data": {
                    "qr_code": entry.br_code,
                    "ticket_url": f"https://www.mercadopago.com.br/payments/{entry.id}/ticket",
                    "e2e_id": f"E0000000020261122{entry.id:0>16}" if entry.paid_at else None,
                }
            },
        } | self.lies

    def notice(self, entry: Entry, *, secret: str) -> Notice:
        at, request_id = str(int(time.time() * 1000)), self.fresh_id()
        signature = sign(secret, manifest(entry.id, request_id, at))
        body = {
            "id": len(self.calls),
            "live_mode": True,
            "type": "payment",
            "api_version": "v1",
            "action": "payment.updated",
            "data": {"id": entry.id},
        }
        headers = {HEADER: f"ts={at},v1={signature}", REQUEST_ID: request_id}
        return Notice(headers, dump(body), query=f"data.id={entry.id}&type=payment")
