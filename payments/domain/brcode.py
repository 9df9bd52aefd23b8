"""BR Code, the text behind a PIX QR: built and strictly parsed (BCB manual of the BR Code)."""

import binascii
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from payments.domain.money import Currency, Money

GUI = "br.gov.bcb.pix"
MAX_LENGTH = 512
ANY_TXID = "***"
MERCHANT_ACCOUNTS = tuple(f"{number:02d}" for number in range(26, 52))
AUTOMATIC = "80"
_HEADER = re.compile(r"[0-9]{4}", re.ASCII)
_STATIC_TXID = re.compile(r"[A-Za-z0-9]{1,25}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,10}\.[0-9]{2}", re.ASCII)
_CRC = re.compile(r"[0-9A-Fa-f]{4}", re.ASCII)
_PRINTABLE = re.compile(r"[\x20-\x7e]+", re.ASCII)


class BrCodeError(ValueError):
    """A text that is no valid BR Code, or parts that make none."""


@dataclass(frozen=True, slots=True)
class BrCode:
    """What a code says: `key` in static codes, `url` in dynamic ones, neither only with a `recurrence_url`."""

    name: str
    city: str
    txid: str
    key: str = ""
    url: str = ""
    description: str = ""
    recurrence_url: str = ""
    amount: Money | None = None
    single_use: bool = False


def crc(text: str) -> str:
    """CRC-16/CCITT-FALSE over the ASCII bytes, as four upper-case hex digits; `123456789` → `29B1`."""
    return f"{binascii.crc_hqx(text.encode('ascii'), 0xFFFF):04X}"


def static_code(
    *, key: str, name: str, city: str, amount: Money | None = None, txid: str = ANY_TXID, description: str = ""
) -> str:
    """A reusable code for a PIX key. The description is cut to the room the key leaves. Raises `BrCodeError`."""
    if txid != ANY_TXID and not _STATIC_TXID.fullmatch(txid):
        raise BrCodeError("txid must be 1 to 25 letters and digits")
    account = _field("00", GUI) + _field("01", _ascii(key, 77))
    room = 99 - len(account) - 4
    said = _ascii(description, room) if room > 0 else ""
    if said:
        account += _field("02", said)
    return _assemble("", account, name=name, city=city, amount=amount, txid=txid)


def dynamic_code(*, url: str, name: str, city: str, amount: Money | None = None, txid: str = ANY_TXID) -> str:
    """A single-use code that names where the bank reads the charge (without `https://`). Raises `BrCodeError`."""
    if "://" in url:
        raise BrCodeError("the url is written without its scheme")
    if not url or len(url) > 77 or not _PRINTABLE.fullmatch(url):
        raise BrCodeError("the url must be 1 to 77 ASCII characters")
    account = _field("00", GUI) + _field("25", url)
    return _assemble(_field("01", "12"), account, name=name, city=city, amount=amount, txid=txid)


def parse(text: str) -> BrCode:
    """Reads a code strictly: length, ASCII, CRC, order of the outer fields, every inner field. Raises `BrCodeError`."""
    if len(text) > MAX_LENGTH or not _PRINTABLE.fullmatch(text):
        raise BrCodeError("must be up to 512 printable ASCII characters")
    if text[-8:-4] != "6304" or not _CRC.fullmatch(text[-4:]) or crc(text[:-4]) != text[-4:].upper():
        raise BrCodeError("the check digits are wrong")
    fields = _fields(text)
    order = list(fields)
    if order[0] != "00" or fields["00"] != "01" or order[-1] != "63":
        raise BrCodeError("must begin with the format and end with the check digits")
    for tag in ("52", "53", "58", "59", "60", "62"):
        if tag not in fields:
            raise BrCodeError(f"field {tag} is missing")
    if fields["53"] != "986" or fields["58"] != "BR" or not _HEADER.fullmatch(fields["52"]):
        raise BrCodeError("not a charge in reais in Brazil")
    account, automatic = _pix_account(fields), _inner(fields, AUTOMATIC)
    key, url = account.get("01", ""), account.get("25", "")
    recurrence_url = automatic.get("25", "")
    if bool(key) + bool(url) > 1 or not (key or url or recurrence_url):
        raise BrCodeError("must hold either a key or a url")
    if not 1 <= len(fields["59"]) <= 25 or not 1 <= len(fields["60"]) <= 15:
        raise BrCodeError("name or city too long")
    initiation = fields.get("01")
    if initiation not in (None, "11", "12"):
        raise BrCodeError("unknown point of initiation")
    return BrCode(
        name=fields["59"],
        city=fields["60"],
        txid=_txid(fields),
        key=key,
        url=url,
        description=account.get("02", ""),
        recurrence_url=recurrence_url,
        amount=_amount(fields.get("54")),
        single_use=initiation == "12",
    )


def _assemble(initiation: str, account: str, *, name: str, city: str, amount: Money | None, txid: str) -> str:
    if amount is not None and (amount.currency is not Currency.BRL or amount.minor <= 0):
        raise BrCodeError("the amount must be positive and in reais")
    if amount is not None and len(amount.plain()) > 13:
        raise BrCodeError("the amount is too long")
    text = (
        _field("00", "01")
        + initiation
        + _field("26", account)
        + _field("52", "0000")
        + _field("53", "986")
        + (_field("54", amount.plain()) if amount else "")
        + _field("58", "BR")
        + _field("59", _ascii(name, 25))
        + _field("60", _ascii(city, 15))
        + _field("62", _field("05", txid))
        + "6304"
    )
    return text + crc(text)


def _ascii(text: str, limit: int) -> str:
    """Without accents, so that characters are bytes, and no longer than its field."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^\x20-\x7e]", "", plain).strip()[:limit].strip()


def _field(tag: str, value: str) -> str:
    if not 1 <= len(value) <= 99:
        raise BrCodeError(f"field {tag} has {len(value)} characters")
    return f"{tag}{len(value):02d}{value}"


def _fields(text: str) -> dict[str, str]:
    """Tag, length, value, one after another to the last character; a tag said twice is refused."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        header = text[position : position + 4]
        if not _HEADER.fullmatch(header):
            raise BrCodeError(f"no field at character {position}")
        tag, length = header[:2], int(header[2:])
        value = text[position + 4 : position + 4 + length]
        if len(value) != length:
            raise BrCodeError(f"field {tag} is cut off")
        if tag in found:
            raise BrCodeError(f"field {tag} stands there twice")
        found[tag] = value
        position += 4 + length
    return found


def _inner(fields: Mapping[str, str], tag: str) -> dict[str, str]:
    return _fields(fields[tag]) if tag in fields else {}


def _pix_account(fields: Mapping[str, str]) -> dict[str, str]:
    """The one merchant account (26 to 51) that is PIX; banks write its name in either case."""
    for tag in MERCHANT_ACCOUNTS:
        if tag in fields:
            inner = _fields(fields[tag])
            if inner.get("00", "").lower() == GUI:
                return inner
    raise BrCodeError("no PIX account in it")


def _txid(fields: Mapping[str, str]) -> str:
    txid = _inner(fields, "62").get("05", "")
    if txid != ANY_TXID and not _STATIC_TXID.fullmatch(txid):
        raise BrCodeError("txid must be *** or up to 25 letters and digits")
    return txid


def _amount(text: str | None) -> Money | None:
    if text is None:
        return None
    if not _AMOUNT.fullmatch(text):
        raise BrCodeError("the amount must look like 10.00")
    return Money.parse(text, Currency.BRL)
