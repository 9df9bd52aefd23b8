"""What a gateway is to Trilho: one Protocol, the values that cross it, and its one typed error."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable
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


class Contradiction(GatewayError):
    """The gateway answered, and what it says cannot be this charge: nothing of it is believed, somebody should look."""


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


class Idempotency(StrEnum):
    """What becomes of a creation that is repeated: `keyed` gives the same charge again; `lookup` makes another, but
    the first can be found by our key; with `none` it cannot even be found, unless its notice names it."""

    KEYED = "keyed"
    LOOKUP = "lookup"
    NONE = "none"


class Refunds(StrEnum):
    """What can be given back through the gateway's API."""

    PARTIAL = "partial"
    WHOLE = "whole"
    NONE = "none"


class SecretOrigin(StrEnum):
    """Whose the secret is that proves a notice genuine: we make it and the seller hands it to the gateway, or the
    gateway makes it and the seller may hand it to us."""

    OURS = "ours"
    THEIRS = "theirs"


class Environment(StrEnum):
    """Which of a gateway's two worlds an account's credentials belong to."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing a seller tells us so that we can use an account. A secret one is never shown again."""

    name: str
    secret: bool = True
    choices: tuple[str, ...] = ()


# A list of what was received is read no further: one that has no end must not keep a worker for ever.
LONGEST_LIST: Final = 20_000

# For gateways with a world to try things in.
ENVIRONMENT: Final = CredentialField("environment", secret=False, choices=tuple(Environment))


@dataclass(frozen=True, slots=True)
class Traits:
    """What is always so with one gateway.

    `seconds_between_questions`: how long to wait before asking about the same charge again; `questions_per_minute`: how
    many questions one account may ask (0: any number). A code lives `shortest_expiry` at least, whatever the flow says.
    `told_per_charge`: each charge tells the gateway where its notices go. `legal_text` must be shown before payment, as
    the gateway words it. `secret_headers` of a notice hold the secret itself: they are kept as fingerprints.
    `lists_received`: the gateway can tell all it has received. `disputes_in_notices`: a dispute, and its end, stand in
    signed notices alone; the charge itself never shows them.
    """

    currencies: frozenset[Currency]
    payer_fields: frozenset[PayerField] = frozenset()
    credentials: tuple[CredentialField, ...] = ()
    webhook_secret: SecretOrigin = SecretOrigin.OURS
    secret_headers: frozenset[str] = frozenset()
    idempotency: Idempotency = Idempotency.KEYED
    refunds: Refunds = Refunds.PARTIAL
    seconds_between_questions: int = 0
    questions_per_minute: int = 0
    minimum_minor: int = 1
    shortest_expiry: timedelta = timedelta()
    longest_expiry: timedelta = timedelta(days=365)
    legal_text: str = ""
    told_per_charge: bool = False
    lists_received: bool = False
    disputes_in_notices: bool = False


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
    """A charge as the gateway tells it. `amount` is its face value, `received` what came in, `refunded` what went back
    in all, `fee` what the gateway keeps; None: not told. `raw` holds the facts worth keeping, nothing of the payer."""

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
    refunded: Money | None = None
    fee: Money | None = None
    paid_at: datetime | None = None
    expires_at: datetime | None = None
    dispute_won: bool = False
    dispute_until: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=dict)

    @property
    def notice(self) -> Notice:
        """What this answer says of the payment."""
        return Notice(
            status=self.status,
            amount=self.amount,
            received=self.received,
            refunded=self.refunded,
            fee=self.fee,
            occurred_at=self.paid_at,
            end_to_end_id=self.end_to_end_id,
            dispute_won=self.dispute_won,
            dispute_until=self.dispute_until,
            raw=self.raw,
        )


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A notice as it came; header names in lower case, secret ones as fingerprints, the body untouched."""

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
    """A charge that a notice names by the gateway's id, our key or the bank's end-to-end id, and what it claims."""

    provider_id: str = ""
    key: str = ""
    end_to_end_id: str = ""
    status: PaymentStatus | None = None
    amount: Money | None = None
    dispute_won: bool = False


def fingerprint(secret: str) -> str:
    """What is kept of a header that holds a secret."""
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}"


class Gateway(Protocol):
    """One provider. Network calls keep within `CALL_SECONDS`; every failure is a `GatewayError`; nothing is logged."""

    name: GatewayName
    traits: Traits

    def create(self, account: AccountAccess, charge: NewCharge) -> Charge:
        """Makes a charge. Safe to repeat with the same key where `traits.idempotency` is `keyed`."""
        ...

    def fetch(self, account: AccountAccess, *, provider_id: str, key: str) -> Charge:
        """The charge as it is now, by the gateway's id, or by our key where no id is known. `ChargeNotFound`."""
        ...

    def refund(self, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        """Gives money back until `amount` has gone back in all; safe to repeat. Answers the charge as it is then."""
        ...

    def verify_webhook(self, account: AccountAccess, call: WebhookCall) -> Verification:
        """Judges the signature over the raw body, in constant time. `GatewayError` only where the means to judge, a
        public key, cannot be had just now."""
        ...

    def parse_webhook(self, call: WebhookCall) -> tuple[Hint, ...]:
        """The charges a notice speaks of; none if it is about something else. `UnreadableWebhook`."""
        ...

    def test_credentials(self, account: AccountAccess) -> None:
        """Raises `GatewayError` if the account cannot be used."""
        ...

    def received(self, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        """What the gateway says it received in the time, with `traits.lists_received`; else nothing. May tell more."""
        ...


@runtime_checkable
class RegistersWebhooks(Protocol):
    """A gateway that lets us enter the address of an account's notices ourselves."""

    def register_webhook(self, account: AccountAccess, *, url: str, email: str) -> None:
        """Makes sure that what we must hear of comes to this address, and goes on coming; safe to repeat. `email` is
        the seller's, where the gateway wants somebody to write to. `GatewayError`."""
        ...
