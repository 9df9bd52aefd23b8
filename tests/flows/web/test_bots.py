"""A bot's settings on their page."""

from typing import Any

from django.test import Client
from django.urls import reverse

from bots.models import Bot, BotStatus, Membership, Role
from flows.models import Flow, FlowVersion
from tests.support.pages import World


def sent(world: World, **changes: Any) -> dict[str, Any]:
    """The form as it stands, with one new product."""
    return {
        "welcome_message": "Olá {{first_name}}!",
        "flow_enabled": "on",
        "active_flow": str(world.flow.pk),
        "main-TOTAL_FORMS": "1",
        "main-INITIAL_FORMS": "0",
        "main-0-text": "VIP 30 dias",
        "main-0-price": "29,90",
        "main-0-description": "Grupo VIP",
        "main-0-access_text": "Bem-vindo!",
        "main-0-access_link": "https://example.com/vip",
        "redirect-TOTAL_FORMS": "1",
        "redirect-INITIAL_FORMS": "0",
        "redirect-0-text": "Suporte",
        "redirect-0-url": "https://example.com/",
        **changes,
    }


def address(world: World) -> str:
    return reverse("bot_settings", args=[world.shop.bot.pk])


def bot_of(world: World) -> Bot:
    return Bot.unscoped.get(pk=world.shop.bot.pk)


def test_saving_publishes_the_buttons_with_the_active_flow(browser: Client, world: World) -> None:
    response = browser.post(address(world), sent(world))
    assert (response.status_code, response["Location"]) == (302, address(world))
    bot = bot_of(world)
    product = {
        "text": "VIP 30 dias",
        "price": "29.90",
        "description": "Grupo VIP",
        "access": {"text": "Bem-vindo!", "link": "https://example.com/vip"},
    }
    assert (bot.welcome_message, bot.main_buttons) == ("Olá {{first_name}}!", [product])
    assert bot.redirect_buttons == [{"text": "Suporte", "url": "https://example.com/"}]
    newest = FlowVersion.unscoped.filter(flow=world.flow, kind="published").order_by("-number")[0]
    assert (newest.number, newest.definition["main_buttons"]) == (2, [product])


def test_what_the_form_does_not_show_of_a_button_is_kept(browser: Client, world: World) -> None:
    kept: dict[str, Any] = {
        "text": "Curso",
        "price": "10",
        "access": {"text": "Oi", "duration_days": 30, "mode": "invite_link"},
    }
    Bot.unscoped.filter(pk=world.shop.bot.pk).update(main_buttons=[kept])
    changes = {
        "main-INITIAL_FORMS": "1",
        "main-0-text": "Curso novo",
        "main-0-access_link": "",
        "main-0-description": "",
    }
    browser.post(address(world), sent(world, **changes))
    assert bot_of(world).main_buttons == [
        {**kept, "text": "Curso novo", "price": "29.90", "access": {**kept["access"], "text": "Bem-vindo!"}}
    ]


def test_a_removed_button_is_gone(browser: Client, world: World) -> None:
    browser.post(address(world), sent(world))
    changes = {"main-INITIAL_FORMS": "1", "main-0-DELETE": "on", "redirect-INITIAL_FORMS": "1"}
    browser.post(address(world), sent(world, **changes))
    assert bot_of(world).main_buttons == []
    assert len(bot_of(world).redirect_buttons) == 1


def test_a_product_without_access_is_refused_whole(browser: Client, world: World) -> None:
    response = browser.post(address(world), sent(world, **{"main-0-access_text": "", "main-0-access_link": ""}))
    page = response.content.decode()
    assert response.status_code == 422
    assert "O bot não foi alterado" in page
    assert bot_of(world).welcome_message == world.shop.bot.welcome_message
    assert FlowVersion.unscoped.filter(flow=world.flow, kind="published").count() == 1


def test_a_price_that_is_none_is_said_at_its_field(browser: Client, world: World) -> None:
    response = browser.post(address(world), sent(world, **{"main-0-price": "caro"}))
    assert response.status_code == 422
    assert "Escreva como 29,90." in response.content.decode()


def test_the_flow_is_switched_off_and_deactivated(browser: Client, world: World) -> None:
    browser.post(address(world), sent(world, flow_enabled="", active_flow=""))
    assert bot_of(world).flow_enabled is False
    assert Flow.unscoped.get(pk=world.flow.pk).active is False


def test_a_flow_that_was_never_published_cannot_be_active(browser: Client, world: World) -> None:
    other = Flow.unscoped.create(organization=world.organization, bot=world.shop.bot, name="Novo", draft={})
    response = browser.post(address(world), sent(world, active_flow=str(other.pk)))
    assert response.status_code == 422
    assert "Publique primeiro." in response.content.decode()
    assert Flow.unscoped.get(pk=world.flow.pk).active is True


def test_pause_and_resume(browser: Client, world: World) -> None:
    browser.post(reverse("bot_pause", args=[world.shop.bot.pk]))
    assert bot_of(world).status == BotStatus.PAUSED
    assert "Pausado: as mensagens que chegam ficam guardadas" in browser.get(address(world)).content.decode()
    browser.post(reverse("bot_resume", args=[world.shop.bot.pk]))
    assert bot_of(world).status == BotStatus.ACTIVE


def test_who_may_not_change_the_bot_changes_nothing(browser: Client, world: World) -> None:
    Membership.unscoped.filter(user=world.owner).update(role=Role.SUPPORT)
    assert browser.post(address(world), sent(world)).status_code == 403
    assert bot_of(world).main_buttons == []
