"""Telegram Stars behind the interface of every gateway; its network is the platform the bot lives on.

A charge is an invoice that carries our key. Before money moves Telegram asks whether it may (`services.stars`), so a
charge that was replaced, paid or is over cannot be paid; what was paid stands in the bot's list of transactions.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money
from payments.domain.states import PaymentStatus
from payments.gateways.base import (
    AccountAccess,
    Charge,
    ChargeNotFound,
    CredentialField,
    GatewayError,
    Hint,
    NewCharge,
    Refunds,
    Traits,
    UnreadableWebhook,
    Verification,
    WebhookCall,
)
from payments.ports import StarsError, StarTransaction, stars_platform

# The bot whose Stars an account stands for; written by us when the account is made.
BOT: Final = "bot"
# Bot API, `getStarTransactions`: at most so many lines at once.
PAGE: Final = 100
# Bot API, `createInvoiceLink`.
_TITLE: Final = 32
_DESCRIPTION: Final = 255
# How far back a charge is looked for: a hundred thousand lines fill this many pages.
_MOST_PAGES: Final = 1_000

Told = TypeVar("Told")


class StarsGateway:
    """Keyed: of two invoices with one key only one can be paid, because we are asked first."""

    name: GatewayName = GatewayName.STARS
    traits: Traits = Traits(
        currencies=frozenset({Currency.XTR}),
        credentials=(CredentialField(BOT, secret=False),),
        refunds=Refunds.WHOLE,
        seconds_between_questions=30,
        questions_per_minute=30,
        longest_expiry=timedelta(days=30),
        lists_received=True,
    )

    def create(self, account: AccountAccess, charge: NewCharge) -> Charge:
        link = _asked(
            lambda: stars_platform().invoice_link(
                _bot_of(account),
                title=charge.description[:_TITLE].strip() or "⭐",
                description=charge.description[:_DESCRIPTION].strip() or "⭐",
                payload=charge.key,
                stars=charge.amount.minor,
            )
        )
        return Charge(
            provider_id=charge.key,
            key=charge.key,
            status=PaymentStatus.PENDING,
            amount=charge.amount,
            page_url=link,
            expires_at=charge.expires_at,
        )

    def fetch(self, account: AccountAccess, *, provider_id: str, key: str) -> Charge:
        """What the bot's own list says. An invoice nobody paid stands nowhere: `ChargeNotFound`."""
        return _charge_of(provider_id or key, _lines_about(account, provider_id or key))

    def refund(self, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        lines = _lines_about(account, provider_id)
        before = _charge_of(provider_id, lines)
        if before.status is PaymentStatus.REFUNDED:
            return before
        if amount != before.amount:
            raise GatewayError("whole_refunds_only", "it gives back a whole payment or nothing")
        paid = next(line for line in lines if line.incoming)
        if paid.telegram_user_id is None:
            raise GatewayError("no_payer", "Telegram does not say who paid")
        user = paid.telegram_user_id
        _asked(lambda: stars_platform().refund(_bot_of(account), telegram_user_id=user, charge_id=paid.id))
        return Charge(
            provider_id=provider_id,
            key=provider_id,
            status=PaymentStatus.REFUNDED,
            amount=before.amount,
            refunded=before.amount,
            end_to_end_id=paid.id,
        )

    def verify_webhook(self, account: AccountAccess, call: WebhookCall) -> Verification:
        """Telegram tells of payments through the bot's own door, never here."""
        return Verification.INVALID

    def parse_webhook(self, call: WebhookCall) -> tuple[Hint, ...]:
        raise UnreadableWebhook("Stars have no notices of their own")

    def test_credentials(self, account: AccountAccess) -> None:
        _asked(lambda: stars_platform().is_usable(_bot_of(account)))

    def received(self, account: AccountAccess, *, since: datetime, until: datetime) -> Iterator[Charge]:
        """Every invoice that was paid in the time, newest page first."""
        for page in _pages_backwards(account):
            for line in page:
                if line.incoming and line.payload and since <= line.at < until:
                    yield _charge_of(line.payload, [line])
            if page and page[0].at < since:
                return


def _lines_about(account: AccountAccess, payload: str) -> list[StarTransaction]:
    """The payment with this payload and what went back of it, oldest first; looked for from the newest line."""
    later: list[StarTransaction] = []
    for page in _pages_backwards(account):
        later = [*page, *later]
        paid = next((line for line in page if line.incoming and line.payload == payload), None)
        if paid is not None:
            return [paid, *(line for line in later if not line.incoming and line.id == paid.id)]
    return []


def _charge_of(payload: str, lines: Sequence[StarTransaction]) -> Charge:
    paid = next((line for line in lines if line.incoming), None)
    if paid is None:
        raise ChargeNotFound
    amount = Money(paid.stars, Currency.XTR)
    gone = any(not line.incoming for line in lines)
    return Charge(
        provider_id=payload,
        key=payload,
        status=PaymentStatus.REFUNDED if gone else PaymentStatus.PAID,
        amount=amount,
        received=amount,
        refunded=amount if gone else None,
        paid_at=paid.at,
        end_to_end_id=paid.id,
    )


def _pages_backwards(account: AccountAccess) -> Iterator[Sequence[StarTransaction]]:
    """The bot's lines, the newest page first. Telegram counts from the oldest and tells no number, so the end is
    found by doubling and halving."""
    bot_id = _bot_of(account)

    def page(number: int) -> Sequence[StarTransaction]:
        return _asked(lambda: stars_platform().transactions(bot_id, offset=number * PAGE, limit=PAGE))

    empty = 1
    while empty < _MOST_PAGES and page(empty):
        empty *= 2
    last = empty // 2
    while empty - last > 1:
        middle = (empty + last) // 2
        last, empty = (middle, empty) if page(middle) else (last, middle)
    for number in range(last, -1, -1):
        yield page(number)


def _bot_of(account: AccountAccess) -> UUID:
    try:
        return UUID(account.credentials.get(BOT, ""))
    except ValueError:
        raise GatewayError("no_bot", "the account names no bot") from None


def _asked(call: Callable[[], Told]) -> Told:
    try:
        return call()
    except StarsError as error:
        raise GatewayError(
            error.code,
            str(error),
            retryable=error.retryable,
            retry_after=error.retry_after,
            unknown_outcome=error.unknown_outcome,
        ) from None
