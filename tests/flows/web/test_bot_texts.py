"""A bot's built-in texts on their page."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from bots.models import Bot
from bots.outbox.models import OutboxMessage
from flows.engine.texts import BuiltinText
from flows.web.bot_text_cards import text_groups
from flows.web.text_names import NAMES, PLACES, TOPICS
from tests.support.pages import World


def address(world: World, code: str | None = None) -> str:
    bot = world.shop.bot.pk
    return reverse("bot_text", args=[bot, code]) if code else reverse("bot_texts", args=[bot])


def texts_of(world: World) -> dict[str, object]:
    texts: dict[str, object] = Bot.unscoped.get(pk=world.shop.bot.pk).texts
    return texts


def test_every_text_has_its_name_and_its_place_in_one_group(world: World) -> None:
    assert set(NAMES) == set(BuiltinText)
    assert len(set(NAMES.values())) == len(NAMES)
    groups = text_groups(Bot.unscoped.select_related("organization").get(pk=world.shop.bot.pk), first_name="Ana")
    assert len(groups) == len(TOPICS)
    assert sorted(card.code for group in groups for card in group.cards) == sorted(BuiltinText)
    assert PLACES


def test_the_page_shows_ours_as_the_default_and_how_it_looks(browser: Client, world: World) -> None:
    page = browser.get(address(world)).content.decode()
    assert 'placeholder="Já paguei"' in page
    assert 'placeholder="I have paid"' in page
    assert f"<strong>Privacidade</strong>\n\n{world.organization.name} guarda" in page


def test_a_text_is_kept_per_language_and_goes_back(browser: Client, world: World) -> None:
    response = browser.post(address(world, "terms"), {"pt-br": "Regras <b>da loja</b>", "en": "", "act": "save"})
    assert response["Location"] == f"{address(world)}#terms"
    assert texts_of(world) == {"terms": {"pt-br": "Regras <b>da loja</b>"}}
    assert "Regras <strong>da loja</strong>" in browser.get(address(world)).content.decode()
    browser.post(address(world, "terms"), {"pt-br": "Regras", "act": "reset"})
    assert texts_of(world) == {}


def test_a_look_keeps_nothing(browser: Client, world: World) -> None:
    page = browser.post(address(world, "pay"), {"pt-br": "São {{payment.price}}", "act": "preview"})
    assert (page.status_code, texts_of(world)) == (200, {})
    assert "São R$ 29,90" in page.content.decode()


@pytest.mark.parametrize("wording", ["{{cpf}}", "<b>", "a" * 5000])
def test_what_cannot_be_used_is_said_beside_the_field_and_not_kept(browser: Client, world: World, wording: str) -> None:
    page = browser.post(address(world, "terms"), {"pt-br": wording, "en": "Rules", "act": "save"})
    assert (page.status_code, texts_of(world)) == (422, {})
    assert 'id="terms-pt-br-error"' in page.content.decode()
    assert 'id="terms-en-error"' not in page.content.decode()


def test_a_text_that_is_none_of_ours_is_not_there(browser: Client, world: World) -> None:
    assert browser.post(address(world, "nothing"), {"act": "save"}).status_code == 404


def test_the_settings_tell_what_each_command_does(browser: Client, world: World) -> None:
    with translation.override("pt-br"):
        page = browser.get(reverse("bot_settings", args=[world.shop.bot.pk])).content.decode()
    assert all(f'<code class="font-medium">/{command}</code>' in page for command in ("start", "acesso", "privacy"))
    assert "Nada: a pessoa fica no mesmo passo." in page


def test_a_bot_of_test_chats_tells_telegram_nothing(browser: Client, world: World) -> None:
    browser.post(address(world, "command_start"), {"pt-br": "Abrir", "act": "save"})
    assert not OutboxMessage.unscoped.filter(topic="bot.menu").exists()
