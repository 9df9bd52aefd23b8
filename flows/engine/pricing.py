"""Amounts as sellers write them, and what a payment step charges (SPEC 2.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flows.engine import limits
from flows.engine.effects import CouponUse, Item
from flows.engine.texts import PORTUGUESE, BuiltinText

if TYPE_CHECKING:
    from flows.engine.steps.payment import PaymentStep
    from flows.engine.walk import Walk

STARS: Final = "XTR"
_MAX_DESCRIPTION: Final = 200
_AMOUNT: Final = re.compile(r"(\d{1,9})(?:[.,](\d{1,2}))?", re.ASCII)


def parse_amount(text: str, currency: str) -> int | None:
    """The amount in minor units: up to two decimals after a point or a comma, none in Stars; None unless positive."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return None
    whole, decimals = found.groups()
    if currency == STARS:
        minor = int(whole) if not int(decimals or 0) else 0
    else:
        minor = int(whole) * 100 + int((decimals or "").ljust(2, "0"))
    return minor if 0 < minor < 10**limits.MAX_AMOUNT_DIGITS else None


def format_amount(minor: int, currency: str, locale: str) -> str:
    """29,90 in Portuguese, 29.90 in English, 25 in Stars."""
    if currency == STARS:
        return str(minor)
    mark = "," if locale.lower() == PORTUGUESE or locale.lower().startswith("pt") else "."
    return f"{minor // 100}{mark}{minor % 100:02d}"


def format_price(minor: int, currency: str, locale: str) -> str:
    """The amount with its currency."""
    amount = format_amount(minor, currency, locale)
    if currency == STARS:
        return f"{amount} ⭐"
    return f"R$ {amount}" if currency == "BRL" else f"{amount} {currency}"


@dataclass(frozen=True, slots=True)
class Charge:
    """What to charge, and for what. The first item is what the price is of; only that is lowered by a coupon."""

    amount_minor: int
    description: str
    button_index: int | None
    items: tuple[Item, ...]
    coupon: CouponUse | None = None


def charge_for(walk: Walk, step: PaymentStep) -> Charge | None:
    """The amount by its first source that gives one, with an accepted bump; None where none does."""
    currency = str(step.config.currency)
    pressed = walk.state.pressed
    amount = next((found for found in _amounts(walk, step, currency)), None)
    if amount is None:
        return None
    description = _description(walk, step)
    items = [Item(description, amount)]
    if pressed is not None and pressed.bump_price:
        bump = _read(walk, pressed.bump_price, currency, "bump", step.id)
        if bump is not None:
            items.append(Item(walk.text(pressed.bump_text, html=False), bump))
    return Charge(
        amount_minor=sum(item.amount_minor for item in items),
        description=description,
        button_index=pressed.index if pressed else None,
        items=tuple(items),
    )


def _amounts(walk: Walk, step: PaymentStep, currency: str) -> Iterator[int]:
    """Each source that gives a positive amount, in the order of SPEC 2.4; what gives none is noted on the way."""
    pressed = walk.state.pressed
    main_prices = _main_prices(walk)
    sources = [
        ("step", step.config.amount or ""),
        ("button", pressed.price if pressed else ""),
        ("main_button", main_prices[pressed.index] if pressed and pressed.index < len(main_prices) else ""),
        ("first_main_button", main_prices[0] if main_prices else ""),
    ]
    for source, price in sources:
        if not price.strip():
            continue
        amount = _read(walk, price, currency, source, step.id)
        if amount is not None:
            if source == "first_main_button":
                walk.problem("amount_of_first_main_button", step.id, amount_minor=amount)
            yield amount


def _main_prices(walk: Walk) -> list[str]:
    """Of the version's own main buttons; a version that holds none has the bot's."""
    own = [button.price or "" for button in walk.root.document.main_buttons]
    return own or [str(button.get("price") or "") for button in walk.state.facts.main_buttons]


def _read(walk: Walk, price: str, currency: str, source: str, step_id: str) -> int | None:
    amount = parse_amount(walk.trusted_text(price), currency)
    if amount is None:
        walk.problem("no_positive_amount", step_id, source=source)
    return amount


def _description(walk: Walk, step: PaymentStep) -> str:
    pressed = walk.state.pressed
    candidates = [step.config.description or ""]
    if pressed is not None:
        candidates += [pressed.description, pressed.text]
    for candidate in candidates:
        description = walk.text(candidate, html=False).strip()
        if description:
            return description[:_MAX_DESCRIPTION]
    return walk.builtin(BuiltinText.DEFAULT_DESCRIPTION, html=False)
