"""How the sandbox signs its notices: HMAC-SHA256 over time and raw body, as the better gateways do."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

HEADER = "x-sandbox-signature"
# An older notice is a replay, whoever signed it.
TOLERANCE = timedelta(minutes=5)
_SHAPE = re.compile(r"t=(?P<at>[0-9]{1,12}),v1=(?P<mac>[0-9a-f]{64})", re.ASCII)


def sign(secret: str, body: bytes, *, at: datetime) -> str:
    """The header's value: `t=<seconds>,v1=<hex>`."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_mac(secret, body, seconds)}"


def is_genuine(secret: str, body: bytes, header: str, *, now: datetime) -> bool:
    """Whether the secret's holder sent these very bytes within the last five minutes. Never raises."""
    found = _SHAPE.fullmatch(header)
    if found is None or not secret:
        return False
    seconds = int(found["at"])
    if abs(int(now.timestamp()) - seconds) > int(TOLERANCE.total_seconds()):
        return False
    return hmac.compare_digest(_mac(secret, body, seconds), found["mac"])


def _mac(secret: str, body: bytes, seconds: int) -> str:
    return hmac.new(secret.encode(), str(seconds).encode() + b"." + body, hashlib.sha256).hexdigest()
