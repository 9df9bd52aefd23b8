"""Second factors: nothing in the database signs anybody in."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from bots.encryption import DecryptionFailed, encrypt
from tests.factories.bots import make_membership

pytestmark = pytest.mark.django_db


def test_a_secret_is_stored_encrypted_and_still_checks_codes() -> None:
    user = make_membership().user
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    stored = Authenticator.objects.get(user=user).data["secret"]
    assert secret not in stored
    assert get_adapter().decrypt(stored) == secret


def test_a_secret_written_for_another_place_is_refused() -> None:
    with pytest.raises(DecryptionFailed):
        get_adapter().decrypt(encrypt("JBSWY3DPEHPK3PXP", place="bots_bot.token"))
