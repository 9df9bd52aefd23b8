"""Money is whole minor units; what is written is read back, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.domain.money import MAX_MINOR, Currency, Money, MoneyError

amounts = st.builds(Money, st.integers(0, MAX_MINOR), st.sampled_from(Currency))


@pytest.mark.parametrize(
    ("text", "minor"), [("29.90", 2990), ("4.35", 435), ("19.90", 1990), ("0.1", 10), ("7", 700), (" 1.00 ", 100)]
)
def test_reads_reais(text: str, minor: int) -> None:
    assert Money.parse(text, Currency.BRL) == Money(minor, Currency.BRL)


@pytest.mark.parametrize(("text", "minor"), [("150", 150), ("150.00", 150), ("1.0", 1)])
def test_reads_whole_stars(text: str, minor: int) -> None:
    assert Money.parse(text, Currency.XTR) == Money(minor, Currency.XTR)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.999", "1,50", "1e3", "NaN", "Infinity", "١٢", "1 000", "1.", ".5", "9" * 16, "0x10"]
)
def test_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(text, Currency.BRL)


def test_refuses_a_part_of_a_star() -> None:
    with pytest.raises(MoneyError):
        Money.parse("1.50", Currency.XTR)


@pytest.mark.parametrize("minor", [1.0, True, "1", None])
def test_refuses_minor_units_that_are_no_int(minor: object) -> None:
    with pytest.raises(MoneyError):
        Money(minor, Currency.BRL)  # type: ignore[arg-type]


def test_refuses_an_amount_out_of_range() -> None:
    with pytest.raises(MoneyError):
        Money(MAX_MINOR + 1, Currency.BRL)


@given(amounts)
def test_what_is_written_is_read_back(amount: Money) -> None:
    assert Money.parse(amount.plain(), amount.currency) == amount


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12), st.sampled_from(Currency))
def test_adds_and_compares_like_its_minor_units(one: int, other: int, currency: Currency) -> None:
    left, right = Money(one, currency), Money(other, currency)
    assert (left + right - right) == left
    assert (left < right, left <= right, left > right, left >= right) == (
        one < other,
        one <= other,
        one > other,
        one >= other,
    )
    assert bool(left) is (one != 0)


def test_two_currencies_never_mix() -> None:
    with pytest.raises(MoneyError):
        Money(1, Currency.BRL) + Money(1, Currency.XTR)
    with pytest.raises(MoneyError):
        assert Money(1, Currency.BRL) < Money(1, Currency.XTR)
    assert Money(1, Currency.BRL) != Money(1, Currency.XTR)


@pytest.mark.parametrize(
    ("money", "portuguese", "english"),
    [
        (Money(123450, Currency.BRL), "R$ 1.234,50", "R$ 1,234.50"),
        (Money(-5, Currency.BRL), "-R$ 0,05", "-R$ 0.05"),
        (Money(1500, Currency.XTR), "⭐ 1.500", "⭐ 1,500"),
    ],
)
def test_is_shown_as_people_write_it(money: Money, portuguese: str, english: str) -> None:
    assert (money.display(), money.display("en")) == (portuguese, english)
