"""Asaas: customers first, decimal reais, found by reference and never keyed; notices carry a shared token."""

from collections.abc import Mapping
from typing import Any, ClassVar

from payments.domain.gateway_names import GatewayName
from payments.gateways.asaas.adapter import TOKEN_HEADER
from tests.support.fake_gateways.books import Entry, Notice
from tests.support.fake_gateways.server import SECRET, Answer, Call, FakeGateway, Takes, dump, reais, takes

STATUS = {
    "pending": "PENDING",
    "paid": "RECEIVED",
    "expired": "OVERDUE",
    "failed": "OVERDUE",
    "refunded": "REFUNDED",
    "disputed": "CHARGEBACK_REQUESTED",
}


MOST_WEBHOOKS = 10


class FakeAsaas(FakeGateway):
    """Makes a second charge for the same reference, as the real one does."""

    name: ClassVar[GatewayName] = GatewayName.ASAAS
    setting: ClassVar[str] = "ASAAS_API_BASE_URL"
    looks_up: ClassVar[bool] = True
    fees: ClassVar[bool] = True
    own_headers: ClassVar[frozenset[str]] = frozenset({"access_token"})
    documented: ClassVar[Mapping[str, Takes] | None] = {
        "GET /customers": takes(query="cpfCnpj"),
        "POST /customers": takes(needs="name cpfCnpj", body="email notificationDisabled"),
        "POST /payments": takes(needs="customer billingType value dueDate", body="description externalReference"),
        "GET /payments": takes(query="externalReference paymentDate[ge] paymentDate[le] limit offset"),
        "GET /payments/*": takes(),
        "GET /payments/*/pixQrCode": takes(),
        "POST /payments/*/refund": takes(body="value description"),
        "GET /webhooks": takes(query="limit offset"),
        "POST /webhooks": takes(needs="name url sendType events", body="email enabled interrupted authToken"),
        "PUT /webhooks/*": takes(body="name url sendType events email enabled interrupted authToken"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.customers: dict[str, dict[str, Any]] = {}
        self.webhooks: list[dict[str, Any]] = []
        # Until when the seller must have answered a dispute, once one is open.
        self.dispute_until = ""

    @property
    def credentials(self) -> dict[str, str]:
        return {"api_key": SECRET, "environment": "production"}

    def handle(self, call: Call) -> Answer:
        if call.headers.get("access_token") != SECRET or not call.headers.get("user-agent"):
            return Answer(401, {"errors": [{"code": "invalid_access_token", "description": "A chave é inválida"}]})
        match call.method, call.path.strip("/").split("/"):
            case "GET", ["customers"]:
                found = self.customers.get(call.query.get("cpfCnpj", ""))
                return Answer(200, {"data": [found] if found else [], "hasMore": False})
            case "POST", ["customers"]:
                return self._customer(call)
            case "POST", ["payments"]:
                return self._create(call)
            case "GET", ["webhooks"]:
                # It never tells the token again.
                told = [{name: one[name] for name in one if name != "authToken"} for one in self.webhooks]
                return Answer(200, {"data": told, "hasMore": False})
            case "POST", ["webhooks"]:
                return self._webhook(call)
            case "PUT", ["webhooks", webhook_id]:
                (hook,) = [one for one in self.webhooks if one["id"] == webhook_id]
                hook |= call.body
                return Answer(200, hook)
            case "GET", ["payments"]:
                return self._list(call)
            case "GET", ["payments", payment_id] if payment_id in self.entries:
                self.entries[payment_id].questions += 1
                return Answer(200, self.told(self.entries[payment_id]))
            case "GET", ["payments", payment_id, "pixQrCode"] if payment_id in self.entries:
                return Answer(200, {"encodedImage": "AAAA", "payload": self.entries[payment_id].br_code})
            case "POST", ["payments", payment_id, "refund"] if payment_id in self.entries:
                entry = self.entries[payment_id]
                entry.refunds.append((call.body["description"], int(call.body["value"] * 100)))
                return Answer(200, self.told(entry))
        return Answer(404, {"errors": [{"code": "not_found", "description": "não encontrado"}]})

    def _webhook(self, call: Call) -> Answer:
        if len(self.webhooks) == MOST_WEBHOOKS:
            return Answer(400, {"errors": [{"code": "invalid_action", "description": "Limite de webhooks atingido"}]})
        self.webhooks.append({"id": f"hook-{len(self.webhooks)}", **call.body})
        return Answer(200, self.webhooks[-1])

    def _customer(self, call: Call) -> Answer:
        if not call.body.get("name") or len(call.body.get("cpfCnpj", "")) not in (11, 14):
            return Answer(400, {"errors": [{"code": "invalid_cpfCnpj", "description": "CPF 529.982.247-25 inválido"}]})
        made = {"id": f"cus_{len(self.customers):012}", **call.body}
        self.customers[call.body["cpfCnpj"]] = made
        return Answer(200, made)

    def _create(self, call: Call) -> Answer:
        if call.body["customer"] not in [customer["id"] for customer in self.customers.values()]:
            return Answer(400, {"errors": [{"code": "invalid_customer", "description": "Cliente inválido"}]})
        cents = int(call.body["value"] * 100)
        entry = Entry(
            id=f"pay_{len(self.entries):016}", reference=call.body["externalReference"], cents=cents, asked=call.body
        )
        return Answer(200, self.told(self.enter(entry)))

    def _list(self, call: Call) -> Answer:
        if "externalReference" in call.query:
            found = self.by_reference(call.query["externalReference"])
        elif "paymentDate[ge]" in call.query:
            found = [entry for entry in self.entries.values() if entry.status == "paid"]
        else:
            found = list(self.entries.values())
        offset, limit = int(call.query.get("offset", 0)), int(call.query.get("limit", 10))
        page = [self.told(entry) for entry in found][offset : offset + limit]
        return Answer(200, {"data": page, "hasMore": offset + limit < len(found), "totalCount": len(found)})

    def told(self, entry: Entry) -> dict[str, Any]:
        """A payment as its API tells it."""
        return {
            "object": "payment",
            "id": entry.id,
            "customer": entry.asked["customer"],
            "billingType": "PIX",
            "value": reais(entry.cents),
            "netValue": reais(entry.cents - (entry.fee_cents if entry.fee_cents is not None else 99)),
            "status": STATUS[entry.status],
            "dueDate": entry.asked["dueDate"],
            "paymentDate": entry.paid_at.date().isoformat() if entry.paid_at else None,
            "externalReference": entry.reference,
            "invoiceUrl": f"https://www.asaas.com/i/{entry.id}",
            "deleted": False,
            "chargeback": {"status": "REQUESTED", "deadlineToSendDisputeDocuments": self.dispute_until or None}
            if entry.status == "disputed"
            else None,
            "refunds": [{"status": "DONE", "value": reais(cents), "description": key} for key, cents in entry.refunds]
            or None,
        } | self.lies

    def notice(self, entry: Entry, *, secret: str) -> Notice:
        said = {
            "id": f"evt_{len(self.calls)}&1",
            "event": f"PAYMENT_{STATUS[entry.status]}",
            "dateCreated": "2026-06-12 16:45:03",
            "payment": self.told(entry),
        }
        return Notice({TOKEN_HEADER: secret} if secret else {}, dump(said))
