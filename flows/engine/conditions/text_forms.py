"""Forms a text can have: clean, folded, a number, a date, an e-mail, a phone, a CPF, a CNPJ."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from flows.engine import limits

PHONE_REGION: Final = "BR"
_MAX_SHORT: Final = 320
_NUMBER: Final = re.compile(
    r"(?:R\$ ?)?([+-]?)(?:(\d{1,3}(?:\.\d{3})+|\d{1,30})(?:,(\d{1,30}))?|(\d{1,30}\.\d{1,30}))", re.ASCII
)
_DATE: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_ISO_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_PHONE: Final = re.compile(r"[+0-9()./ -]{8,32}", re.ASCII)
_CPF: Final = re.compile(r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", re.ASCII)
_CNPJ: Final = re.compile(r"[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?[0-9]{2}", re.ASCII)


def clean(text: str) -> str:
    """Trimmed, Unicode NFKC, no lone surrogates, and no longer than one message can be."""
    whole = text[: limits.MAX_INPUT].encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFKC", whole).strip()


def fold(text: str, *, ignore_case: bool = True, ignore_accents: bool = True) -> str:
    """The clean text without case and accents, as asked."""
    folded = clean(text)
    if ignore_case:
        folded = folded.casefold()
    return without_accents(folded) if ignore_accents else folded


def without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def parse_number(text: str) -> Decimal | None:
    """A number as Brazilians write it (1.234,56), or with a decimal point (1234.56); None if it is none."""
    found = _NUMBER.fullmatch(clean(text)) if len(text) <= _MAX_SHORT else None
    if found is None:
        return None
    sign, whole, fraction, pointed = found.groups()
    return Decimal(f"{sign}{pointed or whole.replace('.', '')}{'.' + fraction if fraction else ''}")


def parse_date(text: str) -> date | None:
    """A day that exists, day first (31/12/2025, 31-12-25, 31.12.2025) or ISO (2025-12-31); None if it is none."""
    written = clean(text[:_MAX_SHORT])
    if found := _DATE.fullmatch(written):
        day, _, month, year = found.groups()
        century = "20" if len(year) == 2 else ""
        return _day(century + year, month, day)
    if found := _ISO_DATE.fullmatch(written):
        return _day(*found.groups())
    return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def is_email(text: str) -> bool:
    """Syntax only: nothing is looked up."""
    if len(text) > _MAX_SHORT:
        return False
    try:
        validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return False
    return True


def is_phone(text: str) -> bool:
    """A number that can exist; without a country code it is read as Brazilian."""
    if not _PHONE.fullmatch(text):
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, PHONE_REGION))
    except phonenumbers.NumberParseException:
        return False


def is_cpf(text: str) -> bool:
    """Eleven digits, with or without points and dash, whose check digits are right (Receita Federal, modulo 11)."""
    if not _CPF.fullmatch(text):
        return False
    digits = [int(c) for c in text if c.isdigit()]
    if len(set(digits)) == 1:
        return False
    return all(_cpf_digit(digits[:place]) == digits[place] for place in (9, 10))


def _cpf_digit(digits: list[int]) -> int:
    total = sum(digit * weight for digit, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True))
    return total * 10 % 11 % 10


def is_cnpj(text: str) -> bool:
    """Twelve digits or letters and two check digits (IN RFB 2.229/2024: a character's value is its code less 48)."""
    written = text.upper()
    if not _CNPJ.fullmatch(written):
        return False
    characters = [c for c in written if c.isalnum()]
    if len(set(characters)) == 1:
        return False
    return all(_cnpj_digit(characters[:place]) == int(characters[place]) for place in (12, 13))


def _cnpj_digit(characters: list[str]) -> int:
    weights = [2 + place % 8 for place in range(len(characters))]
    rest = sum((ord(c) - 48) * weight for c, weight in zip(reversed(characters), weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest
