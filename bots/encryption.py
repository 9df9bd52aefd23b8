"""Encryption at rest: Fernet under a ring of keys, each text bound to the place it was written for."""

import functools
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from bots.errors import DomainError


class DecryptionFailed(DomainError):
    """No key of the ring opens it, or it was written for another place: a moved or damaged ciphertext."""

    def __init__(self, place: str) -> None:
        super().__init__(
            "decryption_failed", _("A stored secret cannot be read. Ask the operator to check the keys."), field=place
        )


@functools.lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty: set at least one Fernet key.")
    return MultiFernet([Fernet(key) for key in keys])


def key_ring() -> MultiFernet:
    """The present ring; the first key encrypts, all decrypt."""
    return _ring(tuple(settings.FIELD_ENCRYPTION_KEYS))


def encrypt(text: str, *, place: str) -> str:
    """A token that `decrypt` opens only for the same `place`: Fernet has no associated data, so it goes inside."""
    return key_ring().encrypt(json.dumps([place, text]).encode()).decode()


def decrypt(token: str, *, place: str) -> str:
    """The text of a token written for `place`; raises DecryptionFailed."""
    try:
        written_for, text = json.loads(key_ring().decrypt(token.encode()))
    except (InvalidToken, ValueError):
        raise DecryptionFailed(place) from None
    if written_for != place:
        raise DecryptionFailed(place)
    return str(text)


def rotate(token: str) -> str:
    """The same text under the ring's first key; raises DecryptionFailed if no key opens it."""
    try:
        return key_ring().rotate(token.encode()).decode()
    except InvalidToken:
        raise DecryptionFailed("rotation") from None
