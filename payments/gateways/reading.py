"""Reads gateways' JSON value by value: what is not as documented is told as absent, never guessed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from payments.domain.money import Currency, Money, MoneyError
from payments.gateways.base import Contradiction, GatewayError

# Where gateways of Brazil are at home: their days, and their moments without a zone.
HOME: Final = ZoneInfo("America/Sao_Paulo")


def as_object(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> Sequence[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else ()


def as_text(value: Any, *, limit: int = 500) -> str:
    """A text, or a whole number as text; empty for all else and for what is longer than can be right."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return text if len(text) <= limit else ""


def as_moment(value: Any) -> datetime | None:
    """A moment with its zone; Brazil's where none is written. A mere day is none."""
    text = as_text(value, limit=40)
    if len(text) <= len("2026-01-01"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=HOME)


def as_end_of_day(value: Any) -> datetime | None:
    """The last moment of a day in Brazil, where a mere day is written; a moment as it is."""
    moment = as_moment(value)
    if moment is not None:
        return moment
    try:
        day = date.fromisoformat(as_text(value, limit=10))
    except ValueError:
        return None
    return datetime.combine(day, time(23, 59, 59), tzinfo=HOME)


def as_reais(value: Any) -> Money | None:
    """A number of reais."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        return None
    try:
        return Money.from_number(value, Currency.BRL)
    except MoneyError:
        return None


def as_cents(value: Any) -> Money | None:
    """A whole number of cents, also as digits (form-encoded bodies know nothing else)."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    try:
        return Money(value, Currency.BRL)
    except MoneyError:
        return None


def needed(amount: Money | None) -> Money:
    """The amount without which an answer about a charge is worth nothing."""
    if amount is None:
        raise Contradiction("no_amount", "the gateway tells no amount that can be read")
    return amount


def sum_of(amounts: Sequence[Money]) -> Money:
    """Zero reais where there is none."""
    total = Money(0, Currency.BRL)
    for amount in amounts:
        total = total + amount
    return total


def unknown_status(said: Any) -> GatewayError:
    """A word we do not know moves nothing: the payment keeps its state, and somebody is told."""
    return Contradiction("unknown_status", f"the gateway says {as_text(said, limit=60)!r}")
