"""A price that a text names is the price that is charged (a warning)."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from flows.engine.expressions import is_template
from flows.engine.graph import Edge
from flows.engine.pricing import format_price, parse_amount
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.buttons import ButtonsStep, CustomButton
from flows.engine.steps.message import MessageStep
from flows.engine.steps.payment import Currency, PaymentStep
from flows.engine.validation.pressed import ways_of_presses
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject

_REAIS: Final = re.compile(r"R\$\s*(\d{1,3}(?:\.\d{3})+|\d{1,9})(?:,(\d{2})|\.(\d{2}))?(?!\d)", re.ASCII)


@check
def price_texts(subject: Subject) -> Iterator[Finding]:
    payments = {step.id: step for step in subject.steps if isinstance(step, PaymentStep)}
    for index, main in enumerate(subject.document.main_buttons):
        charged = _reais(main.price)
        yield from _compared(None, f"main_buttons.{index}.text", main.text, charged)
        yield from _compared(None, f"main_buttons.{index}.description", main.description, charged)
    for payment in payments.values():
        charged = _own_amount(payment)
        yield from _compared(payment.id, "config.text", payment.config.text, charged)
        yield from _compared(payment.id, "config.description", payment.config.description, charged)
    for step in subject.steps:
        if isinstance(step, ButtonsStep):
            yield from _of_buttons(subject, step, payments)
        elif isinstance(step, MessageStep):
            # What is said right before the charge.
            payment_next = payments.get(step.connections.next or "")
            charged = _own_amount(payment_next) if payment_next is not None else None
            yield from _compared(step.id, "config.text", step.config.text, charged)


def _of_buttons(subject: Subject, step: ButtonsStep, payments: dict[str, PaymentStep]) -> Iterator[Finding]:
    offered = []
    for index, (button, ways) in enumerate(
        zip(step.config.custom_buttons, ways_of_presses(subject, step), strict=True)
    ):
        charged = _charged_by(button, ways, payments)
        field = f"config.custom_buttons.{index}"
        yield from _compared(step.id, f"{field}.text", button.text, charged)
        yield from _compared(step.id, f"{field}.description", button.description, charged)
        if charged is not None:
            offered.append(charged)
    # Above the buttons any of their prices may stand.
    yield from _compared(step.id, "config.text", step.config.text, *offered)


def _compared(step_id: str | None, field: str, text: str | None, *amounts: int | None) -> Iterator[Finding]:
    """A finding where the text names prices and none of them is one of these; nothing where none is certain."""
    charged = [amount for amount in amounts if amount is not None]
    if text is None or not charged:
        return
    written = [amount for found in _REAIS.finditer(text) if (amount := _minor(found)) is not None]
    if written and not set(charged) & set(written):
        values = {"written": _shown(written[0]), "charged": _shown(charged[0])}
        yield Finding(Code.PRICE_DIFFERS, step_id, field, values)


def _charged_by(button: CustomButton, ways: Iterable[Edge], payments: dict[str, PaymentStep]) -> int | None:
    """What a press of this button leads to being charged, as far as that is certain."""
    for edge in ways:
        payment = payments.get(edge.target)
        if payment is not None and payment.config.currency is not Currency.BRL:
            return None
        if payment is not None and payment.config.amount is not None:
            return _own_amount(payment)
    return _reais(button.price)


def _own_amount(payment: PaymentStep) -> int | None:
    return _reais(payment.config.amount) if payment.config.currency is Currency.BRL else None


def _reais(price: str | None) -> int | None:
    return None if price is None or is_template(price) else parse_amount(price, Currency.BRL)


def _minor(found: re.Match[str]) -> int | None:
    whole, comma, point = found.groups()
    return parse_amount(f"{whole.replace('.', '')}.{comma or point or '00'}", Currency.BRL)


def _shown(minor: int) -> str:
    return format_price(minor, Currency.BRL, "pt-br")
