"""Coupons of a payment step: which one a run holds, until when it counts, and what it takes off the price.

A coupon comes from the variable `coupon`, or is typed where the run waits for its money. It lowers the price of
SPEC 2.4 and never an accepted bump; what is charged is rounded up, to the centavo or the whole Star.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from flows.engine import limits
from flows.engine.conditions.text_forms import fold
from flows.engine.effects import CouponUse, TimelineKind
from flows.engine.expressions import shown
from flows.engine.facts import local_time
from flows.engine.fields import Day, NotBlank, Part, Text, Whole
from flows.engine.pricing import Charge, parse_amount
from flows.engine.texts import BuiltinText
from flows.engine.variables import remember

if TYPE_CHECKING:
    from flows.engine.state import PaymentVisit
    from flows.engine.steps.payment import PaymentStep
    from flows.engine.walk import Walk

VARIABLE: Final = "coupon"

_PERCENT: Final = re.compile(r"(\d{1,2})(?:[.,](\d{1,2}))?", re.ASCII)
_LEAST, _MOST, _WHOLE = 1_00, 99_00, 100_00
# So many coupons of one conversation are remembered, and so often may its charge be made anew.
_MOST_HEARD: Final = 50
_MOST_VISITS: Final = 50


class Refusal(StrEnum):
    """Why a code changes nothing. `does_not_fit`: it would leave nothing to pay, or takes nothing off."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED_UP = "used_up"
    DOES_NOT_FIT = "does_not_fit"


_SAID: Final = {
    Refusal.UNKNOWN: BuiltinText.COUPON_UNKNOWN,
    Refusal.EXPIRED: BuiltinText.COUPON_EXPIRED,
    Refusal.USED_UP: BuiltinText.COUPON_USED_UP,
    Refusal.DOES_NOT_FIT: BuiltinText.COUPON_DOES_NOT_FIT,
}


def percent_in_hundredths(written: str | int) -> int | None:
    """1 to 99, with at most two decimals, as hundredths of a percent; None for anything else."""
    found = _PERCENT.fullmatch(str(written).strip())
    if found is None:
        return None
    whole, decimals = found.groups()
    hundredths = int(whole) * 100 + int((decimals or "").ljust(2, "0"))
    return hundredths if _LEAST <= hundredths <= _MOST else None


def _a_percent(value: object) -> object:
    # No float: 12.35 is none of them exactly.
    if isinstance(value, bool) or not isinstance(value, (str, int)) or percent_in_hundredths(value) is None:
        raise PydanticCustomError("percent", "is not a percentage from 1 to 99")
    return value


class Coupon(Part):
    """One code and what it takes off: exactly one of `percent` and `amount_off`."""

    code: Annotated[NotBlank, Field(max_length=limits.MAX_COUPON_CODE)] = Field(
        description="What the person writes; case and spaces around it do not matter."
    )
    percent: Annotated[Text | Whole, BeforeValidator(_a_percent)] | None = Field(
        default=None, description='From 1 to 99, as text with at most two decimals ("12.5") or a whole number.'
    )
    amount_off: NotBlank | None = Field(default=None, description='What is taken off, as text: "10.00".')
    until: Day | None = Field(default=None, description="The last day it counts, by the organization's clock.")
    limit: Annotated[Whole, Field(ge=1, le=limits.MAX_COUPON_LIMIT)] | None = Field(
        default=None, description="How many sales may use it."
    )

    @property
    def key(self) -> str:
        return code_key(self.code)

    def has_ended(self, today: date) -> bool:
        return self.until is not None and date.fromisoformat(self.until) < today


def code_key(text: str) -> str:
    """What two writings of the same code have in common: trimmed, Unicode NFKC, in one case."""
    return fold(text, ignore_accents=False)


def discount_of(coupon: Coupon, price_minor: int, amount_off_minor: int | None) -> int | None:
    """What the coupon takes off this price, in minor units; None where it would take nothing off, or leave nothing.

    A percentage is rounded down, so that what is charged is rounded up. `amount_off_minor` is what `amount_off` says.
    """
    hundredths = percent_in_hundredths(coupon.percent) if coupon.percent is not None else None
    if (hundredths is None) is (amount_off_minor is None):
        return None
    discount = price_minor * hundredths // _WHOLE if hundredths is not None else amount_off_minor
    return discount if discount is not None and 0 < discount < price_minor else None


def named_coupon(step: PaymentStep, text: str) -> Coupon | None:
    """The step's coupon that bears this code."""
    key = code_key(text)
    return next((coupon for coupon in step.config.coupons if coupon.key == key), None) if key else None


def with_coupon(walk: Walk, step: PaymentStep, charge: Charge) -> Charge:
    """The charge less what the run's coupon takes off; a code that does not count is said once, and changes nothing."""
    written = shown(walk.state.variables.get(VARIABLE, "")) if step.config.coupons else ""
    if not code_key(written):
        return charge
    coupon = named_coupon(step, written)
    if coupon is None:
        if _heard_of(code_key(written)) not in walk.state.coupons_heard:
            _refuse(walk, step.id, Refusal.UNKNOWN, written)
        return charge
    if coupon.has_ended(_today(walk)):
        _refuse(walk, step.id, Refusal.EXPIRED, coupon.code, coupon=coupon.code)
        return charge
    if walk.attempt_key(step, coupon.key) in walk.state.coupons_gone:
        return charge
    price = charge.items[0].amount_minor
    discount = discount_of(coupon, price, _amount_off(walk, step, coupon))
    if discount is None:
        walk.problem("coupon_does_not_fit", step.id, coupon=coupon.code, amount_minor=price)
        _refuse(walk, step.id, Refusal.DOES_NOT_FIT, coupon.code, coupon=coupon.code)
        return charge
    _note_heard(walk, _heard_of(coupon.key))
    use = CouponUse(coupon.code, discount, coupon.limit)
    return replace(charge, amount_minor=charge.amount_minor - discount, coupon=use)


class Typed(StrEnum):
    """What a text meant to a payment step that waits."""

    NO_COUPON = "no_coupon"
    TAKEN = "taken"
    REFUSED = "refused"


def take_typed(walk: Walk, step: PaymentStep, visit: PaymentVisit | None, text: str) -> Typed:
    """A coupon that is typed where the run waits for its money: `taken`, the step is to be entered anew with it."""
    coupon = named_coupon(step, text)
    if coupon is None or visit is None or visit.taken_paid or code_key(visit.coupon) == coupon.key:
        return Typed.NO_COUPON
    if coupon.has_ended(_today(walk)):
        said = _refuse(walk, step.id, Refusal.EXPIRED, coupon.code, coupon=coupon.code)
        return Typed.REFUSED if said else Typed.NO_COUPON
    if len(walk.state.visits) >= _MOST_VISITS:
        return Typed.NO_COUPON
    remember(walk, {VARIABLE: coupon.code})
    # Somebody may have given a place back since.
    gone = walk.attempt_key(step, coupon.key)
    walk.change(coupons_gone=tuple(one for one in walk.state.coupons_gone if one != gone))
    return Typed.TAKEN


def give_up_coupon(walk: Walk, step: PaymentStep, code: str, why: str) -> None:
    """The charge could not be had with the coupon: the person hears it, and the run does not ask for it again here,
    unless the code is typed anew."""
    gone = walk.attempt_key(step, code_key(code))
    walk.change(coupons_gone=(*walk.state.coupons_gone, gone)[-_MOST_HEARD:])
    walk.say_builtin(_SAID[Refusal(why)] if why in list(Refusal) else BuiltinText.COUPON_USED_UP)


def has_lapsed(walk: Walk, step: PaymentStep, visit: PaymentVisit) -> bool:
    """Whether the coupon of this visit's charge counted then and does not any more."""
    coupon = named_coupon(step, visit.coupon) if visit.coupon else None
    return coupon is not None and coupon.has_ended(_today(walk))


def _amount_off(walk: Walk, step: PaymentStep, coupon: Coupon) -> int | None:
    if coupon.amount_off is None:
        return None
    return parse_amount(walk.trusted_text(coupon.amount_off), str(step.config.currency))


def _today(walk: Walk) -> date:
    return local_time(walk.now, walk.state.facts.time_zone).date()


def _refuse(walk: Walk, step_id: str, refusal: Refusal, written: str, **data: object) -> bool:
    """Noted and said, once for each code and reason; whether it was."""
    heard = _heard_of(code_key(written), refusal)
    if heard in walk.state.coupons_heard:
        return False
    _note_heard(walk, heard)
    walk.record(TimelineKind.COUPON_REFUSED, step_id, code=str(refusal), **data)
    walk.say_builtin(_SAID[refusal])
    return True


def _heard_of(key: str, refusal: Refusal | None = None) -> str:
    """A person may write any length as a code."""
    return f"{refusal or 'used'}:{key[: limits.MAX_COUPON_CODE]}"


def _note_heard(walk: Walk, heard: str) -> None:
    if heard not in walk.state.coupons_heard:
        walk.change(coupons_heard=(*walk.state.coupons_heard, heard)[-_MOST_HEARD:])
