"""How Mercado Pago signs its notices: HMAC-SHA256 over a manifest of the query's id, the request's id and a time.

Two of its own kits disagree on the letter case of the id, so either is right; the time comes in seconds or milliseconds
and is only a part of what is signed: a notice is repeated for days, and an old one makes us ask, nothing else.
"""

import hashlib
import hmac
import re

HEADER = "x-signature"
REQUEST_ID = "x-request-id"
_TIME = re.compile(r"[0-9]{1,16}", re.ASCII)


def is_genuine(secret: str, *, header: str, request_id: str, data_id: str) -> bool:
    """Whether the application's secret signed this id. A part that is missing is left out of the manifest."""
    parts = dict(part.strip().split("=", 1) for part in header.split(",") if "=" in part)
    at, mac = parts.get("ts", ""), parts.get("v1", "")
    if not secret or not mac.isascii() or not _TIME.fullmatch(at):
        return False
    # All are compared, whichever is right, so that the time taken tells nothing.
    found = [
        hmac.compare_digest(sign(secret, manifest(one, request_id, at)), mac) for one in (data_id, data_id.lower())
    ]
    return any(found)


def manifest(data_id: str, request_id: str, at: str) -> str:
    """The text that is signed."""
    parts = (("id", data_id), ("request-id", request_id), ("ts", at))
    return "".join(f"{name}:{value};" for name, value in parts if value)


def sign(secret: str, text: str) -> str:
    """The signature of a manifest, in hexadecimal."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
