"""How Woovi proves its notices: RSA over the raw body with its own key, and HMAC-SHA1 with a webhook's secret.

The first says that Woovi sent it, the second that it belongs to the seller's webhook. Its public keys are fetched, kept
for an hour, and kept on where none can be fetched; any of the list is right, as old ones stay in use while they change.
"""

import base64
import binascii
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

HEADER: Final = "x-webhook-signature"
HMAC_HEADER: Final = "x-openpix-signature"
KEEP_SECONDS: Final = 3600


class KeyRing:
    """The public keys of each address, as last fetched."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[float, tuple[str, ...]]] = {}

    def keys(self, address: str, fetch: Callable[[], Sequence[str]]) -> tuple[str, ...]:
        """Keys at most an hour old, older ones where none can be fetched; without any, what `fetch` raises."""
        with self._lock:
            at, known = self._keys.get(address, (0.0, ()))
        if known and self._clock() - at < KEEP_SECONDS:
            return known
        try:
            fetched = tuple(fetch())
        except Exception:
            if known:
                return known
            raise
        with self._lock:
            self._keys[address] = (self._clock(), fetched or known)
        return fetched or known

    def forget(self) -> None:
        """Fetch anew at the next notice."""
        with self._lock:
            self._keys.clear()


def is_signed_by(keys: Sequence[str], body: bytes, header: str) -> bool:
    """Whether one of the keys signed these very bytes. Never raises."""
    try:
        signature = base64.b64decode(header, validate=True)
    except (ValueError, binascii.Error):
        return False
    return any(_verifies(key, body, signature) for key in keys)


def has_hmac_of(secret: str, body: bytes, header: str) -> bool:
    """Whether the holder of the webhook's secret sent these very bytes. Never raises."""
    if not secret:
        return False
    mac = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest())
    return hmac.compare_digest(mac, header.encode())


def _verifies(key: str, body: bytes, signature: bytes) -> bool:
    try:
        public = load_pem_public_key(key.encode())
        if not isinstance(public, RSAPublicKey):
            return False
        public.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
