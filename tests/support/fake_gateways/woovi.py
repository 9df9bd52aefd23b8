"""Woovi: cents under the caller's own ids; notices signed by its private key and by the webhook's secret."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from payments.domain.gateway_names import GatewayName
from payments.gateways.woovi.signature import HEADER, HMAC_HEADER
from tests.support.fake_gateways.books import Entry, Notice
from tests.support.fake_gateways.server import SECRET, Answer, Call, FakeGateway, Takes, dump, takes

STATUS = {
    "pending": "ACTIVE",
    "paid": "COMPLETED",
    "expired": "EXPIRED",
    "failed": "EXPIRED",
    "refunded": "COMPLETED",
    "disputed": "COMPLETED",
}
EVENTS = {
    "ACTIVE": "OPENPIX:CHARGE_CREATED",
    "COMPLETED": "OPENPIX:CHARGE_COMPLETED",
    "EXPIRED": "OPENPIX:CHARGE_EXPIRED",
}


@lru_cache
def _key(which: str) -> rsa.RSAPrivateKey:
    """Made once in a run of the tests; `which` tells Woovi's own from a stranger's."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def public_key(which: str = "woovi") -> str:
    """As its open address tells it."""
    return _key(which).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed(body: bytes, which: str = "woovi") -> str:
    """The header's value."""
    return base64.b64encode(_key(which).sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


class FakeWoovi(FakeGateway):
    """`return_existing` makes a repeated creation give the same charge."""

    name: ClassVar[GatewayName] = GatewayName.WOOVI
    setting: ClassVar[str] = "WOOVI_API_BASE_URL"
    keyed: ClassVar[bool] = True
    looks_up: ClassVar[bool] = True
    fees: ClassVar[bool] = True
    own_headers: ClassVar[frozenset[str]] = frozenset({"authorization"})
    documented: ClassVar[Mapping[str, Takes] | None] = {
        "GET /api/v1/webhook/public-keys": takes(),
        "POST /api/v1/charge": takes(needs="value correlationID", body="comment expiresIn", query="return_existing"),
        "GET /api/v1/charge": takes(query="start end status limit skip"),
        "GET /api/v1/charge/*": takes(),
        "GET /api/v1/charge/*/refund": takes(),
        "POST /api/v1/charge/*/refund": takes(needs="correlationID", body="value comment"),
        "GET /api/v1/webhook": takes(query="url limit skip"),
        "POST /api/v1/webhook": takes(
            needs="webhook.event webhook.url", body="webhook.name webhook.authorization webhook.isActive"
        ),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.webhooks: list[dict[str, Any]] = []

    @property
    def credentials(self) -> dict[str, str]:
        return {"app_id": SECRET, "environment": "production"}

    def handle(self, call: Call) -> Answer:
        if call.path == "/api/v1/webhook/public-keys":
            key = {"key_identifier": "1", "is_current": True, "key": public_key()}
            return Answer(200, {"public_keys": [key]})
        if call.headers.get("authorization") != SECRET:
            return Answer(401, {"error": "appID inválido"})
        match call.method, call.path.strip("/").split("/"):
            case "POST", ["api", "v1", "charge"]:
                return self._create(call)
            case "GET", ["api", "v1", "webhook"]:
                found = [one for one in self.webhooks if call.query.get("url") in (None, one["url"])]
                return Answer(200, {"pageInfo": {"skip": 0, "limit": 100}, "webhooks": found})
            case "POST", ["api", "v1", "webhook"]:
                self.webhooks.append({"id": f"V{len(self.webhooks)}", **call.body["webhook"]})
                return Answer(200, {"webhook": self.webhooks[-1]})
            case "GET", ["api", "v1", "charge"]:
                return self._list(call)
            case "GET", ["api", "v1", "charge", charge_id] if charge_id in self.entries:
                self.entries[charge_id].questions += 1
                return Answer(200, {"charge": self.told(self.entries[charge_id])})
            case "GET", ["api", "v1", "charge", charge_id, "refund"] if charge_id in self.entries:
                refunds = self.entries[charge_id].refunds
                told = [{"status": "CONFIRMED", "value": cents, "correlationID": key} for key, cents in refunds]
                return Answer(200, {"refunds": told})
            case "POST", ["api", "v1", "charge", charge_id, "refund"] if charge_id in self.entries:
                return self._refund(self.entries[charge_id], call)
        return Answer(400, {"error": "Cobrança não encontrada"})

    def _create(self, call: Call) -> Answer:
        correlation = call.body["correlationID"]
        if len(call.body.get("comment", "")) > 140 or call.body["value"] < 1:
            return Answer(400, {"error": "comment deve ter até 140 caracteres"})
        if call.body["expiresIn"] <= 15 * 60:
            return Answer(400, {"error": "expiresIn deve ser maior que 900"})
        if correlation in self.entries and call.query.get("return_existing") != "true":
            return Answer(400, {"error": "Já existe uma cobrança com esse correlationID"})
        entry = self.entries.get(correlation) or self.enter(
            Entry(id=correlation, reference=correlation, cents=call.body["value"], asked=call.body)
        )
        told = self.told(entry)
        return Answer(200, {"charge": told, "correlationID": correlation, "brCode": told["brCode"]})

    def _list(self, call: Call) -> Answer:
        found = [entry for entry in self.entries.values() if STATUS[entry.status] == call.query.get("status")]
        skip, limit = int(call.query.get("skip", 0)), int(call.query.get("limit", 100))
        page = found[skip : skip + limit]
        return Answer(
            200,
            {
                "charges": [self.told(entry) for entry in page],
                "pageInfo": {"skip": skip, "limit": limit, "hasNextPage": skip + limit < len(found)},
            },
        )

    def _refund(self, entry: Entry, call: Call) -> Answer:
        key = call.body["correlationID"]
        if key not in [known for known, _cents in entry.refunds]:
            entry.refunds.append((key, call.body.get("value", entry.cents)))
        return Answer(200, {"refund": {"status": "IN_PROCESSING", "value": entry.refunds[-1][1], "correlationID": key}})

    def told(self, entry: Entry) -> dict[str, Any]:
        """A charge as its API tells it."""
        return {
            "value": entry.cents,
            "status": STATUS[entry.status],
            "correlationID": entry.id,
            "identifier": entry.id.replace("-", "").replace("_", "")[:32],
            "transactionID": entry.id.replace("-", "").replace("_", "")[:32],
            "brCode": entry.br_code,
            "fee": entry.fee_cents if entry.fee_cents is not None else 85,
            "paymentLinkUrl": f"https://woovi.com/pay/{entry.id}",
            "expiresIn": entry.asked["expiresIn"],
            "paidAt": entry.paid_at.isoformat() if entry.paid_at else None,
        } | self.lies

    def end_to_end_id(self, entry: Entry) -> str:
        """Told by notices alone."""
        return f"E2222222220261122{entry.id.replace('-', '')[:15]}"

    def notice(self, entry: Entry, *, secret: str) -> Notice:
        pix = {"pix": {"endToEndId": self.end_to_end_id(entry), "value": entry.cents}} if entry.paid_at else {}
        said = {"event": EVENTS[STATUS[entry.status]], "charge": self.told(entry), "company": {"id": "1"}} | pix
        return self.sign(dump(said), secret=secret)

    def dispute(self, entry: Entry, *, secret: str, event: str = "CREATED") -> Notice:
        """A bank's dispute, or its end, which the charge itself does not show."""
        said = {
            "event": f"OPENPIX:DISPUTE_{event}",
            "dispute": {"endToEndId": self.end_to_end_id(entry), "value": entry.cents},
        }
        return self.sign(dump(said), secret=secret)

    def sign(self, body: bytes, *, secret: str) -> Notice:
        """With its own key; with the webhook's secret too, if it has one."""
        mac = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()
        return Notice({HEADER: signed(body)} | ({HMAC_HEADER: mac} if secret else {}), body)

    def forged(self, entry: Entry) -> Notice:
        body = self.notice(entry, secret="").body
        return Notice({HEADER: signed(body, "stranger")}, body)

    def unsigned(self, entry: Entry) -> Notice | None:
        return None
