"""The secrets of people's second factors, encrypted at rest like every other."""

from typing import Final

from allauth.mfa.adapter import DefaultMFAAdapter

from bots.encryption import decrypt, encrypt

PLACE: Final = "mfa_authenticator.data"


class SecondFactorAdapter(DefaultMFAAdapter):
    """What allauth stores as it is by default."""

    def encrypt(self, text: str) -> str:
        return encrypt(text, place=PLACE)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises DecryptionFailed for a text that no key opens or that was written elsewhere."""
        return decrypt(encrypted_text, place=PLACE)
