"""Telegram's menu of commands follows the bot: on connecting, publishing, activating, and its own words."""

from typing import Any

import pytest

from bots.outbox.models import MessageState, OutboxMessage
from tests.purchase.conftest import OpenWorld, open_world, telegram
from tests.support.fake_telegram import FakeTelegram, refuse
from tests.support.flows import a_flow, an_access, sales_flow
from tests.support.world import TOKEN, World

__all__ = ["open_world", "telegram"]

BUILT_IN = ["acesso", "paysupport", "terms", "privacy"]


def menu_of(telegram: FakeTelegram, language: str | None = None) -> list[tuple[str, str]]:
    """What Telegram was told last for people of a language."""
    calls = telegram.accepted("setMyCommands", token=TOKEN)
    (*_, last) = [call for call in calls if call.parameters.get("language_code") == language]
    assert last.parameters["scope"] == {"type": "all_private_chats"}
    return [(item["command"], item["description"]) for item in last.parameters["commands"]]


def with_triggers(*triggers: dict[str, Any]) -> dict[str, Any]:
    return {**sales_flow(), "triggers": list(triggers)}


def test_connecting_and_activating_tell_the_commands_in_each_language(
    open_world: OpenWorld, telegram: FakeTelegram
) -> None:
    world = open_world(with_triggers({"command": "Planos", "description": "Ver os planos", "target_step": "menu"}))
    world.settle()
    assert menu_of(telegram)[:2] == [("start", "Começar"), ("planos", "Ver os planos")]
    assert menu_of(telegram, "pt") == menu_of(telegram)
    assert menu_of(telegram, "en")[0] == ("start", "Begin")
    assert [command for command, _ in menu_of(telegram, "en")][2:] == ["access", "paysupport", "terms", "privacy"]


def test_it_follows_the_active_flow_and_the_bots_own_words(open_world: OpenWorld, telegram: FakeTelegram) -> None:
    world: World = open_world(with_triggers({"command": "planos", "target_step": "menu"}))
    other = world.publish(a_flow([an_access("end")], triggers=[{"command": "oi", "target_step": "end"}]), "Outro")
    world.change(active_flow=other.pk)
    world.settle()
    assert [command for command, _ in menu_of(telegram)] == ["start", "oi", *BUILT_IN]
    world.change(flow_enabled=False, texts={"command_start": {"pt-br": "Abrir a loja"}})
    world.settle()
    assert [command for command, _ in menu_of(telegram)] == ["start", *BUILT_IN]
    assert menu_of(telegram)[0] == ("start", "Abrir a loja")
    assert menu_of(telegram, "en")[0] == ("start", "Begin")


def test_what_telegram_refuses_for_good_is_given_up_and_blocks_nobody(
    open_world: OpenWorld, telegram: FakeTelegram
) -> None:
    telegram.fail(refuse(400, "Bad Request: BOT_COMMAND_INVALID", method="setMyCommands"))
    world = open_world()
    world.settle()
    asked = OutboxMessage.unscoped.filter(topic="bot.menu").order_by("position")
    states = list(asked.values_list("state", flat=True))
    assert (states[0], states[-1]) == (MessageState.DEAD, MessageState.DONE)
    ana = world.person(1)
    assert world.say(ana, "/start") == ["Olá Ana! O que você quer?"]


def test_a_buyer_gets_the_access_once_more_in_the_whole_product(open_world: OpenWorld) -> None:
    world = open_world()
    ana = world.person(2)
    world.to_the_charge(ana)
    world.pay(ana)
    said = world.say(ana, "/acesso")
    assert said[0] == "Aqui está o que é seu:"
    assert "Pagamento confirmado. Seu acesso: https://example.com/vip" in said
    assert world.say(ana, "/privacy")[0].startswith("🔒")
    assert len(world.runs_of(ana)) == 1


@pytest.mark.parametrize("command", ["/paysupport", "/terms", "/acesso"])
def test_a_stranger_is_answered_too(open_world: OpenWorld, command: str) -> None:
    world = open_world()
    eva = world.person(3)
    assert len(world.say(eva, command)) == 1
    assert world.runs_of(eva) == []
    assert world.say(eva, "oi") == ["Olá Ana! O que você quer?"]
