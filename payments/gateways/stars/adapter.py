"""Telegram Stars behind the interface of every gateway; its network is the platform the bot lives on.

A charge is an invoice that carries our key. Before money moves Telegram asks whether it may (`services.stars`), so a
charge that was replaced, paid or is over cannot be paid; what was paid stands in the bot's list of transactions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from bots.ids import uuid7_time
from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money, MoneyError
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
# More pages than any bot fills; only so that a list without end is not followed for ever.
_NO_SUCH_PAGE: Final = 2**20
# Nobody pays an invoice before its sale began, by our clock; Telegram's may go a little otherwise.
_CLOCKS_DIFFER: Final = timedelta(hours=1)

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
        return _charge_of(provider_id or key, _payments_of(account, provider_id or key))

    def refund(self, account: AccountAccess, *, provider_id: str, amount: Money, key: str) -> Charge:
        """Whole payments only; of an invoice that was paid twice the later one goes back first."""
        payments = _payments_of(account, provider_id)
        charge = _charge_of(provider_id, payments)
        for place in reversed(range(len(payments))):
            back = charge.refunded or Money(0, charge.amount.currency)
            if back >= amount:
                break
            one = payments[place]
            if one.went_back:
                continue
            if back + _money(one.line) > amount:
                raise GatewayError("whole_refunds_only", "it gives back a whole payment or nothing")
            _give_back(account, one.line)
            payments[place] = _Paid(one.line, went_back=True)
            charge = _charge_of(provider_id, payments)
        if charge.refunded is None or charge.refunded < amount:
            raise GatewayError("refund_too_large", "more than was paid")
        return charge

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
                    yield _charge_of(line.payload, [_Paid(line, went_back=False)])
            if page and page[0].at < since:
                return


@dataclass(frozen=True, slots=True)
class _Paid:
    """One payment of an invoice, and whether it was given back."""

    line: StarTransaction
    went_back: bool


def _payments_of(account: AccountAccess, payload: str) -> list[_Paid]:
    """What was paid with this payload, oldest first: once, or twice where two questions were answered before any money
    came. Looked for from the newest line back to the moment the sale began."""
    begun = _beginning_of(payload)
    lines: list[StarTransaction] = []
    went_back: set[str] = set()
    for page in _pages_backwards(account):
        lines = [*(line for line in page if line.incoming and line.payload == payload), *lines]
        went_back |= {line.id for line in page if not line.incoming}
        if page and page[0].at < begun:
            break
    return [_Paid(line, line.id in went_back) for line in lines]


def _beginning_of(payload: str) -> datetime:
    """Our keys begin with the sale's id, which tells when it was made."""
    try:
        return uuid7_time(UUID(payload.partition(":")[0])) - _CLOCKS_DIFFER
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def _charge_of(payload: str, payments: Sequence[_Paid]) -> Charge:
    """As long as one payment is still here, the charge is paid."""
    if not payments:
        raise ChargeNotFound
    nothing = Money(0, Currency.XTR)
    refunded = sum((_money(one.line) for one in payments if one.went_back), nothing)
    here = [one.line for one in payments if not one.went_back]
    told = here[0] if here else payments[0].line
    return Charge(
        provider_id=payload,
        key=payload,
        status=PaymentStatus.PAID if here else PaymentStatus.REFUNDED,
        amount=_money(told),
        received=sum((_money(one.line) for one in payments), nothing),
        refunded=refunded or None,
        paid_at=told.at,
        end_to_end_id=told.id,
    )


def _money(line: StarTransaction) -> Money:
    try:
        return Money(line.stars, Currency.XTR)
    except MoneyError as error:
        raise GatewayError("unreadable_answer", str(error), retryable=True) from None


def _give_back(account: AccountAccess, paid: StarTransaction) -> None:
    if paid.telegram_user_id is None:
        raise GatewayError("no_payer", "Telegram does not say who paid")
    user = paid.telegram_user_id
    _asked(lambda: stars_platform().refund(_bot_of(account), telegram_user_id=user, charge_id=paid.id))


def _pages_backwards(account: AccountAccess) -> Iterator[Sequence[StarTransaction]]:
    """The bot's lines, the newest page first. Telegram counts from the oldest and tells no number, so the end is
    found by doubling and halving. Lines only ever come after: a page that was full stays as it is."""
    bot_id = _bot_of(account)
    seen: dict[int, Sequence[StarTransaction]] = {}

    def page(number: int) -> Sequence[StarTransaction]:
        if number not in seen:
            seen[number] = _asked(lambda: stars_platform().transactions(bot_id, offset=number * PAGE, limit=PAGE))
        return seen[number]

    empty = 1
    while empty < _NO_SUCH_PAGE and page(empty):
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
