"""The Stars of the fake Bot API: invoices, what was paid for them, what went back."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

LINK = "https://t.me/$"


@dataclass(frozen=True, slots=True)
class Invoice:
    """One `createInvoiceLink`."""

    payload: str
    stars: int
    title: str
    description: str


class StarBooks:
    """What each bot's buyers paid, as `getStarTransactions` tells it."""

    def __init__(self) -> None:
        self.invoices: dict[str, dict[str, Invoice]] = defaultdict(dict)
        self.transactions: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def answer(self, token: str, method: str, parameters: Mapping[str, Any]) -> Any:
        """The result of a call about Stars; None for any other method."""
        match method:
            case "createInvoiceLink":
                return self._link(token, parameters)
            case "getStarTransactions":
                first, number = int(parameters.get("offset") or 0), int(parameters.get("limit") or 100)
                return {"transactions": self.transactions[token][first : first + number]}
            case "getMyStarBalance":
                return {"amount": 0}
            case "refundStarPayment":
                return self._refund(token, parameters)
        return None

    def pay(self, token: str, payload: str, *, user_id: int, stars: int) -> str:
        """The buyer's Stars are with the bot; answers the payment's id."""
        charge_id = f"stx-{user_id}-{len(self.transactions[token])}-" + "x" * 60
        source = {"type": "user", "user": {"id": user_id}, "invoice_payload": payload}
        line = {"id": charge_id, "amount": stars, "date": int(time.time()), "source": source}
        self.transactions[token].append(line)
        return charge_id

    def fill(self, token: str, number: int) -> None:
        """Somebody else's payments of long ago."""
        for _ in range(number):
            self.pay(token, "long-ago", user_id=1, stars=1)

    def _link(self, token: str, parameters: Mapping[str, Any]) -> str:
        (price,) = parameters["prices"]
        assert (parameters["currency"], parameters["provider_token"]) == ("XTR", "")
        assert 1 <= len(parameters["title"]) <= 32
        assert 1 <= len(parameters["description"]) <= 255
        assert 1 <= len(str(parameters["payload"]).encode()) <= 128
        invoice = Invoice(
            str(parameters["payload"]), price["amount"], parameters["title"], str(parameters["description"])
        )
        link = LINK + quote(f"{len(self.invoices[token])}")
        self.invoices[token][link] = invoice
        return link

    def _refund(self, token: str, parameters: Mapping[str, Any]) -> bool:
        paid = next(line for line in self.transactions[token] if line["id"] == parameters["telegram_payment_charge_id"])
        assert paid["source"]["user"]["id"] == int(parameters["user_id"])
        receiver = {
            "type": "user",
            "user": paid["source"]["user"],
            "invoice_payload": paid["source"]["invoice_payload"],
        }
        line = {"id": paid["id"], "amount": paid["amount"], "date": int(time.time()), "receiver": receiver}
        self.transactions[token].append(line)
        return True
