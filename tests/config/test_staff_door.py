"""How our own staff come into the admin: by the sign-in page of everybody, with a second factor where it is asked."""

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse

from bots.models import User
from tests.factories.bots import PASSWORD, make_membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("staff@example.com", PASSWORD, is_staff=True, is_superuser=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_admin_has_no_sign_in_page_of_its_own() -> None:
    asked = Client().get(reverse("admin:index"), follow=True)
    assert asked.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert "next=" in asked.redirect_chain[-1][0]


def test_a_password_posted_to_the_admin_opens_nothing(staff: User) -> None:
    client = Client()
    answer = client.post(reverse("admin:login"), {"username": staff.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    assert "_auth_user_id" not in client.session


def test_a_member_is_refused_there() -> None:
    assert signed_in(make_membership().user).get(reverse("admin:login")).status_code == 403


def test_staff_without_a_second_factor_are_led_to_set_one_up(staff: User, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True
    client = signed_in(staff)
    for name in ("admin:index", "admin:bots_bot_changelist", "admin:login"):
        answer = client.get(reverse(name))
        assert (answer.status_code, answer["Location"]) == (302, reverse("mfa_activate_totp"))
    TOTP.activate(staff, generate_totp_secret())
    assert client.get(reverse("admin:index")).status_code == 200


def test_where_it_is_not_asked_they_come_in_without(staff: User, settings: Any) -> None:
    assert settings.STAFF_SECOND_FACTOR is False
    assert signed_in(staff).get(reverse("admin:index")).status_code == 200


def test_the_second_factor_is_asked_for_when_signing_in(staff: User) -> None:
    TOTP.activate(staff, generate_totp_secret())
    client = Client()
    answer = client.post(reverse("account_login"), {"login": staff.email, "password": PASSWORD})
    assert answer["Location"].startswith(reverse("mfa_authenticate"))
    assert client.get(reverse("admin:index"))["Location"].startswith(reverse("admin:login"))
