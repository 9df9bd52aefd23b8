"""What a fake gateway knows of a charge, and a notice on its way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from payments.domain.brcode import dynamic_code
from payments.domain.money import Currency, Money


@dataclass
class Entry:
    """One charge in the gateway's books. `asked` is the creation's body as it came."""

    id: str
    reference: str
    cents: int
    asked: Mapping[str, Any]
    webhook_url: str = ""
    status: str = "pending"
    refunds: list[tuple[str, int]] = field(default_factory=list)
    paid_at: datetime | None = None
    fee_cents: int | None = None
    questions: int = 0

    @property
    def br_code(self) -> str:
        """A code a bank would read."""
        amount = Money(self.cents, Currency.BRL)
        txid = "".join(character for character in self.id if character.isalnum())[:25]
        return dynamic_code(url=f"pix.example.com/{txid}", name="Loja", city="Natal", amount=amount, txid=txid)

    @property
    def refunded_cents(self) -> int:
        return sum(cents for _key, cents in self.refunds)

    def pay(self, *, fee_cents: int | None = None) -> None:
        """The money comes, in time or late."""
        self.status, self.paid_at, self.fee_cents = "paid", datetime.now(UTC), fee_cents


@dataclass(frozen=True)
class Notice:
    """A webhook call, to be delivered once, twice, late, or never. `query` is added to the account's address."""

    headers: Mapping[str, str]
    body: bytes
    query: str = ""
    content_type: str = "application/json"
