"""PushinPay: cents, no keys, no lookup, no signature but a header; ids change their letter case."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from payments.domain.gateway_names import GatewayName
from payments.gateways.pushinpay.adapter import KEY_PARAMETER, TOKEN_HEADER
from tests.support.fake_gateways.books import Entry, Notice
from tests.support.fake_gateways.server import SECRET, Answer, Call, FakeGateway, Takes, dump, takes

STATUS = {
    "pending": "created",
    "paid": "paid",
    "expired": "expired",
    "failed": "canceled",
    "refunded": "refunded",
    "disputed": "paid",
}
MINIMUM = 50


class FakePushinPay(FakeGateway):
    """Its notices are forms, name the charge in capitals and carry the header the seller chose."""

    name: ClassVar[GatewayName] = GatewayName.PUSHINPAY
    setting: ClassVar[str] = "PUSHINPAY_API_BASE_URL"
    own_headers: ClassVar[frozenset[str]] = frozenset({"authorization"})
    documented: ClassVar[Mapping[str, Takes] | None] = {
        "POST /pix/cashIn": takes(needs="value", body="webhook_url"),
        "GET /transactions/*": takes(),
        "POST /transactions/*/refund": takes(),
    }

    @property
    def credentials(self) -> dict[str, str]:
        return {"token": SECRET, "environment": "production"}

    def handle(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {SECRET}":
            return Answer(401, {"message": "Unauthenticated."})
        match call.method, call.path.strip("/").split("/"):
            case "POST", ["pix", "cashIn"]:
                return self._create(call)
            case "GET", ["transactions", charge_id] if charge_id.lower() in self.entries:
                self.entries[charge_id.lower()].questions += 1
                return Answer(200, self.told(self.entries[charge_id.lower()]))
            case "POST", ["transactions", charge_id, "refund"] if charge_id.lower() in self.entries:
                entry = self.entries[charge_id.lower()]
                entry.refunds.append(("", entry.cents))
                entry.status = "refunded"
                return Answer(200, [])
        return Answer(404, {"message": "Transação não encontrada"})

    def _create(self, call: Call) -> Answer:
        if call.body["value"] < MINIMUM:
            return Answer(422, {"message": "O campo value deve ser no mínimo 50.", "errors": {}})
        address = call.body.get("webhook_url", "")
        charge_id = str(self.fresh_id())
        entry = self.enter(
            Entry(
                id=charge_id,
                reference=dict(parse_qsl(urlsplit(address).query)).get(KEY_PARAMETER, ""),
                cents=call.body["value"],
                asked=call.body,
                webhook_url=address,
            )
        )
        return Answer(200, self.told(entry))

    def told(self, entry: Entry) -> dict[str, Any]:
        """A charge as its API tells it."""
        return {
            "id": entry.id,
            "qr_code": entry.br_code,
            "qr_code_base64": "data:image/png;base64,AAAA",
            "status": STATUS[entry.status],
            "value": entry.cents,
            "webhook_url": entry.webhook_url,
            "split_rules": [],
            "end_to_end_id": f"E1111111120261122{entry.id[:16]}" if entry.paid_at else None,
            "payer_name": "SOMEBODY" if entry.paid_at else None,
            "payer_national_registration": "52998224725" if entry.paid_at else None,
        } | self.lies

    def notice(self, entry: Entry, *, secret: str) -> Notice:
        said = {"id": entry.id.upper(), "status": STATUS[entry.status], "value": str(entry.cents), "end_to_end_id": ""}
        query = urlencode({KEY_PARAMETER: entry.reference}) if entry.reference else ""
        return Notice(
            {TOKEN_HEADER: secret} if secret else {},
            urlencode(said).encode(),
            query=query,
            content_type="application/x-www-form-urlencoded",
        )

    def notice_as_json(self, entry: Entry, *, secret: str) -> Notice:
        """The other encoding, with the other name of the id."""
        said = {"transaction_id": entry.id.upper(), "status": STATUS[entry.status], "value": entry.cents}
        return Notice({TOKEN_HEADER: secret}, dump(said))
