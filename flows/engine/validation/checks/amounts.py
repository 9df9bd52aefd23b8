"""Amounts and prices are positive amounts, and no contact can write them."""

import re
from collections.abc import Iterator
from typing import Final

from flows.engine import limits
from flows.engine.expressions import is_template, variables_in
from flows.engine.pricing import parse_amount
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.steps.payment import Currency
from flows.engine.validation.pieces import Piece, PieceKind
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject
from flows.engine.variables import trusted_names

_NUMBER: Final = re.compile(r"([+-]?)(\d+)(?:[.,](\d+))?", re.ASCII)
_MAX_SHOWN: Final = 40


@check
def amounts(subject: Subject) -> Iterator[Finding]:
    trusted = trusted_names(subject.steps)
    for piece in subject.pieces:
        if piece.kind is not PieceKind.PRICE:
            continue
        if is_template(piece.text):
            for name in dict.fromkeys(variables_in(piece.text)):
                if name not in trusted:
                    yield Finding(Code.PRICE_FROM_CONTACT, piece.step_id, piece.field, {"name": name})
        elif (code := _fault_of(piece)) is not None:
            values = {"amount": piece.text[:_MAX_SHOWN], "limit": limits.MAX_AMOUNT_DIGITS - 2}
            yield Finding(code, piece.step_id, piece.field, values)


def _fault_of(piece: Piece) -> Code | None:
    # A button's price is charged in the currency of the step it leads to, so here it may have decimals.
    if parse_amount(piece.text, piece.currency or Currency.BRL) is not None:
        return None
    found = _NUMBER.fullmatch(piece.text.strip())
    if found is None:
        return Code.BAD_AMOUNT
    sign, whole, decimals = found.groups()
    # Compared as text: Python reads no integer of more than 4,300 digits.
    if sign == "-" or not (whole + (decimals or "")).strip("0"):
        return Code.AMOUNT_NOT_POSITIVE
    if sign:
        return Code.BAD_AMOUNT
    if piece.currency is Currency.XTR and (decimals or "").strip("0"):
        return Code.STARS_NOT_WHOLE
    return Code.AMOUNT_DECIMALS if len(decimals or "") > 2 else Code.AMOUNT_TOO_LARGE
