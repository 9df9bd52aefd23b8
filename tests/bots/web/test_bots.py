"""Connecting a bot on its page."""

import pytest
from django.test import Client
from django.urls import reverse

from bots import ports
from bots.models import Bot, BotStatus
from tests.bots.services.test_connecting import TOKEN, FakePlatform
from tests.factories.bots import make_membership
from tests.support.pages import signed_in
from tests.support.tenancy import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> FakePlatform:
    fake = FakePlatform()
    monkeypatch.setattr(ports, "_platform", fake)
    return fake


def connected(tenant: Tenant) -> list[Bot]:
    return list(Bot.unscoped.filter(organization=tenant.organization, telegram_id__isnull=False))


def test_a_token_connects_its_bot(browser: Client, tenant: Tenant, platform: FakePlatform) -> None:
    response = browser.post(reverse("bot_connect"), {"token": f"  {TOKEN} "})
    (bot,) = connected(tenant)
    assert (response.status_code, response["Location"]) == (302, reverse("bot_settings", args=[bot.pk]))
    assert (bot.name, bot.status) == ("Loja da Ana", BotStatus.ACTIVE)
    page = browser.get(response["Location"]).content.decode()
    assert "Loja da Ana está conectado." in page
    assert TOKEN not in page


def test_a_webhook_of_another_system_is_named_and_asked_about(
    browser: Client, tenant: Tenant, platform: FakePlatform
) -> None:
    platform.webhooks[TOKEN] = "https://outro.example/hook/secret"
    response = browser.post(reverse("bot_connect"), {"token": TOKEN})
    page = response.content.decode()
    assert response.status_code == 409
    assert "outro.example" in page
    assert "hook/secret" not in page
    assert connected(tenant) == []
    assert platform.webhooks[TOKEN] == "https://outro.example/hook/secret"

    response = browser.post(reverse("bot_connect"), {"token": TOKEN, "take_over": "on"})
    assert response.status_code == 302
    assert len(connected(tenant)) == 1


def test_a_wrong_token_is_said_at_its_field(browser: Client, tenant: Tenant, platform: FakePlatform) -> None:
    response = browser.post(reverse("bot_connect"), {"token": "1:nonsense"})
    assert response.status_code == 422
    assert "No such bot." in response.content.decode()
    assert connected(tenant) == []


def test_an_empty_list_offers_its_one_action() -> None:
    page = signed_in(make_membership().user).get(reverse("bot_list")).content.decode()
    assert "Nenhum bot ainda" in page
    assert page.count(reverse("bot_connect")) == 1
