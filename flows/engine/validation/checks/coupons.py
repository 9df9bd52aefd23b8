"""Coupons: one discount each, no code twice, something left to pay, and still a day on which they count."""

from collections.abc import Iterator

from flows.engine.coupons import Coupon, discount_of
from flows.engine.expressions import is_template
from flows.engine.pricing import parse_amount
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.payment import PaymentStep
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject, on_step


@check
def coupons(subject: Subject) -> Iterator[Finding]:
    for step in subject.steps:
        if not isinstance(step, PaymentStep):
            continue
        used: set[str] = set()
        for index, coupon in enumerate(step.config.coupons):
            field = f"config.coupons.{index}"
            if coupon.key in used:
                yield on_step(Code.DUPLICATE_COUPON, step, f"{field}.code", coupon=coupon.code)
            used.add(coupon.key)
            if (coupon.percent is None) is (coupon.amount_off is None):
                yield on_step(Code.COUPON_DISCOUNT, step, field, coupon=coupon.code)
            elif _leaves_nothing(step, coupon):
                yield on_step(Code.COUPON_DOES_NOT_FIT, step, _said_in(field, coupon), coupon=coupon.code)
            today = subject.catalogue.today
            if today is not None and coupon.has_ended(today):
                yield on_step(Code.COUPON_EXPIRED, step, f"{field}.until", coupon=coupon.code, until=coupon.until or "")


def _said_in(field: str, coupon: Coupon) -> str:
    return f"{field}.{'percent' if coupon.percent is not None else 'amount_off'}"


def _leaves_nothing(step: PaymentStep, coupon: Coupon) -> bool:
    """Of an amount that is known beforehand. What is no amount is another check's."""
    currency = str(step.config.currency)
    price = _fixed(step.config.amount, currency)
    off = _fixed(coupon.amount_off, currency)
    if price is None or (coupon.amount_off is not None and off is None):
        return False
    return discount_of(coupon, price, off) is None


def _fixed(amount: str | None, currency: str) -> int | None:
    return None if amount is None or is_template(amount) else parse_amount(amount, currency)
