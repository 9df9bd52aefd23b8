"""What a gateway is to Trilho: one Protocol, the values that cross it, and its one typed error."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus

# A creation that takes longer is given up and the next account is tried.
CALL_SECONDS = 5


class GatewayError(Exception):
    """A gateway said no, or said nothing.

    `retryable`: the same call may work later, not before `retry_after` seconds. `unknown_outcome`: the call may have
    been carried out although no answer came, so it is looked up before it is repeated.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        retryable: bool = False,
        retry_after: int | None = None,
        unknown_outcome: bool = False,
    ) -> None:
        super().__init__(message or code)
        self.code = code
        self.retryable = retryable
        self.retry_after = retry_after
        self.unknown_outcome = unknown_outcome


class ChargeNotFound(GatewayError):
    """The gateway knows no such charge."""

    def __init__(self) -> None:
        super().__init__("charge_not_found")


class UnreadableWebhook(GatewayError):
    """A notice that is not in the shape this gateway documents."""

    def __init__(self, message: str) -> None:
        super().__init__("unreadable_webhook", message)


class PayerField(StrEnum):
    """What a gateway may need to know of who pays; asked in the flow, never invented."""

    EMAIL = "email"
    DOCUMENT = "document"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Traits:
    """What is always so with one gateway.

    `keyed_creation`: a creation repeated with the same key gives the same charge. `seconds_between_questions`: how long
    to wait before asking about the same charge again.
    """

    currencies: frozenset[Currency]
    payer_fields: frozenset[PayerField] = frozenset()
    keyed_creation: bool = True
    seconds_between_questions: int = 0
    minimum_minor: int = 1


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """An account as its adapter sees it, secrets in clear. Never logged."""

    account_id: UUID
    organization_id: UUID
    public_id: str
    credentials: Mapping[str, str] = field(repr=False)
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewCharge:
    """What is asked of a gateway. `key` names the attempt: the same key always goes with the same parameters."""

    key: str
    amount: Money
    description: str
    expires_at: datetime
    payer: Mapping[str, str]
    webhook_url: str


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as the gateway tells it. `amount` is its face value, `received` what came in; None: not told."""

    provider_id: str
    key: str
    status: PaymentStatus
    amount: Money
    br_code: str = ""
    txid: str = ""
    end_to_end_id: str = ""
    page_url: str = ""
    legal_text: str = ""
    received: Money | None = None
    paid_at: datetime | None = None
    expires_at: datetime | None = None
    dispute_won: bool = False
    raw: Mapping[str, object] = field(default_factory=dict)

    @property
    def notice(self) -> Notice:
        """What this answer says of the payment."""
        return Notice(
            status=self.status,
            amount=self.amount,
            received=self.received,
            occurred_at=self.paid_at,
            end_to_end_id=self.end_to_end_id,
            dispute_won=self.dispute_won,
            raw=self.raw,
        )


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A notice as it came; header names in lower case, the body untouched."""

    headers: Mapping[str, str]
    query: str
    body: bytes
    received_at: datetime


class Verification(StrEnum):
    """What the signature says. `unsigned`: this gateway signs nothing, its notices only make us ask."""

    VERIFIED = "verified"
    UNSIGNED = "unsigned"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Hint:
    """A charge that a notice speaks of, by the gateway's id or by our key, and what it claims of it."""

    provider_id: str = ""
    key: str = ""
    status: PaymentStatus | None = None
    amount: Money | None = None


class Gateway(Protocol):
    """One provider. Network calls keep within `CALL_SECONDS`; every failure is a `GatewayError`; nothing is logged."""

    name: GatewayName
    traits: Traits

    def create(self, account: AccountAccess, charge: NewCharge) -> Charge:
        """Makes a charge. With `traits.keyed_creation`, safe to repeat with the same key."""
        ...

    def fetch(self, account: AccountAccess, *, provider_id: str, key: str) -> Charge:
        """The charge as it is now, by the gateway's id, or by our key where no id is known. `ChargeNotFound`."""
        ...

    def refund(self, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        """Gives money back; safe to repeat with the same key."""
        ...

    def verify_webhook(self, account: AccountAccess, call: WebhookCall) -> Verification:
        """Judges the signature over the raw body; compares in constant time; never raises."""
        ...

    def parse_webhook(self, call: WebhookCall) -> tuple[Hint, ...]:
        """The charges a notice speaks of; none if it is about something else. `UnreadableWebhook`."""
        ...

    def test_credentials(self, account: AccountAccess) -> None:
        """Raises `GatewayError` if the account cannot be used."""
        ...
