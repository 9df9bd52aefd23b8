"""Money: an integer of minor units and a currency; text at the edges, never a float."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

# Room for any price in a bigint column, with sums of many of them.
MAX_MINOR = 10**15 - 1
_PLAIN = re.compile(r"(?P<whole>[0-9]{1,15})(?:\.(?P<part>[0-9]{1,2}))?", re.ASCII)


class Currency(StrEnum):
    """What a charge is made in: the real, or Telegram's Stars."""

    BRL = "BRL"
    XTR = "XTR"

    @property
    def exponent(self) -> int:
        """Decimals of the minor unit: 2 for cents, 0 for Stars."""
        return 0 if self is Currency.XTR else 2


class MoneyError(ValueError):
    """A text or a number that is no amount of that currency."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount. Two currencies never add or compare: that raises `MoneyError`."""

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        if type(self.minor) is not int:  # a bool or a float that slipped in is a bug, not a price
            raise MoneyError(f"minor units must be int, not {type(self.minor).__name__}")
        if abs(self.minor) > MAX_MINOR:
            raise MoneyError("amount out of range")
        if not isinstance(self.currency, Currency):
            raise MoneyError(f"unknown currency {self.currency!r}")

    @classmethod
    def parse(cls, text: str, currency: Currency) -> "Money":
        """`"29.90"` → 2990 BRL. A dot, at most two decimals, none but zeros for Stars; no sign, no grouping."""
        found = _PLAIN.fullmatch(text.strip())
        if found is None:
            raise MoneyError(f"{text[:40]!r} is no amount")
        part = (found["part"] or "").ljust(2, "0")
        cents = int(found["whole"]) * 100 + int(part)
        if currency.exponent == 2:
            return cls(cents, currency)
        if cents % 100:
            raise MoneyError("Stars are whole")
        return cls(cents // 100, currency)

    @classmethod
    def from_number(cls, number: Decimal | int, currency: Currency) -> "Money":
        """`Decimal("29.9")` → 2990 BRL: a number of whole units, as gateways write it in JSON. Never below zero."""
        if isinstance(number, bool) or not isinstance(number, Decimal | int):
            raise MoneyError(f"{type(number).__name__} is no amount")
        exact = Decimal(number)
        if not exact.is_finite() or exact.is_signed() or exact.adjusted() > len(str(MAX_MINOR)):
            raise MoneyError("no amount")
        minor = exact.scaleb(currency.exponent)
        if minor != minor.to_integral_value():
            raise MoneyError(f"{exact} has more decimals than {currency}")
        return cls(int(minor), currency)

    def plain(self) -> str:
        """The text that `parse` reads back: `"29.90"`, `"150"`."""
        sign, size = ("-" if self.minor < 0 else ""), abs(self.minor)
        if self.currency.exponent == 0:
            return f"{sign}{size}"
        return f"{sign}{size // 100}.{size % 100:02d}"

    def display(self, locale: str = "pt-br") -> str:
        """For people: `R$ 1.234,50` in Portuguese, `R$ 1,234.50` in English, `⭐ 150`."""
        sign, size = ("-" if self.minor < 0 else ""), abs(self.minor)
        point, group = (",", ".") if locale.lower().startswith("pt") else (".", ",")
        if self.currency.exponent == 0:
            return f"{sign}⭐ {size:,}".replace(",", group)
        whole = f"{size // 100:,}".replace(",", group)
        return f"{sign}R$ {whole}{point}{size % 100:02d}"

    def __str__(self) -> str:
        return f"{self.plain()} {self.currency}"

    def __bool__(self) -> bool:
        return self.minor != 0

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other).minor

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other).minor

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other).minor

    def _same(self, other: "Money") -> "Money":
        if other.currency is not self.currency:
            raise MoneyError(f"{self.currency} and {other.currency} do not mix")
        return other
