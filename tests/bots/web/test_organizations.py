"""Which organization a member works for, and the first one of a new person."""

import pytest
from django.test import Client
from django.urls import reverse

from bots.models import Membership, Role, User
from tests.factories.bots import PASSWORD, make_membership, make_user
from tests.support.pages import signed_in
from tests.support.tenancy import Tenant

pytestmark = pytest.mark.django_db


def shown(client: Client) -> str:
    return client.get(reverse("bot_list")).content.decode()


def test_signing_up_leads_to_an_organization_of_ones_own() -> None:
    client = Client()
    sent = {"email": "bia@example.com", "password1": PASSWORD}
    response = client.post(reverse("account_signup"), sent, follow=True)
    assert response.redirect_chain[-1][0] == reverse("organization_new")
    response = client.post(reverse("organization_new"), {"name": " Loja da Bia "}, follow=True)
    assert response.redirect_chain[-1][0] == reverse("today")
    place = Membership.unscoped.select_related("organization").get(user__email="bia@example.com")
    assert (place.role, place.organization.name) == (Role.OWNER, "Loja da Bia")


def test_without_a_name_nothing_is_made() -> None:
    user = make_user()
    response = signed_in(user).post(reverse("organization_new"), {"name": "   "})
    assert response.status_code == 200
    assert not Membership.unscoped.filter(user=user).exists()


def test_a_member_of_two_switches_between_them(browser: Client, tenant: Tenant) -> None:
    second = make_membership(user=tenant.owner)
    assert tenant.bot.name in shown(browser)
    response = browser.post(reverse("organization_switch"), {"organization": str(second.organization_id)})
    assert (response.status_code, response["Location"]) == (302, reverse("today"))
    assert tenant.bot.name not in shown(browser)


def test_one_cannot_switch_to_an_organization_of_others(browser: Client, tenant: Tenant) -> None:
    other = make_membership()
    response = browser.post(reverse("organization_switch"), {"organization": str(other.organization_id)})
    assert response.status_code == 404
    assert tenant.bot.name in shown(browser)


def test_colours_and_language_are_kept_and_nonsense_is_refused(browser: Client, tenant: Tenant) -> None:
    response = browser.post(reverse("theme"), {"theme": "trilho-dark"}, headers={"referer": "http://testserver/bots/"})
    assert (response["Location"], response.cookies["theme"].value) == ("http://testserver/bots/", "trilho-dark")
    assert 'data-theme="trilho-dark"' in shown(browser)
    browser.post(reverse("theme"), {"theme": "auto"})
    assert "data-theme=" not in shown(browser).split(">", 2)[1]
    assert browser.post(reverse("theme"), {"theme": "pink"}).status_code == 400

    browser.post(reverse("language"), {"language": "en"})
    assert "Connect a bot" in shown(browser)
    assert User.objects.get(pk=tenant.owner.pk).locale == "en"
    assert browser.post(reverse("language"), {"language": "de"}).status_code == 400


def test_a_choice_never_leads_to_another_site(browser: Client) -> None:
    sent = {"theme": "auto", "next": "https://evil.example/"}
    assert browser.post(reverse("theme"), sent)["Location"] == "/"
