"""What an owner sets on a bot: all of it or nothing; changed buttons publish a new version with the same steps."""

from typing import Any

import pytest

from bots.errors import Invalid, NotFound
from bots.models import Bot
from bots.tenancy import organization_scope
from flows.models import Flow, FlowVersion
from flows.services.bot_settings import BotChanges, activate_flow, change_bot
from flows.services.definitions import create_flow
from flows.services.publishing import publish_version
from tests.factories.flows import Person, drain, make_bot, two_questions

pytestmark = pytest.mark.django_db

VIP = {"text": "VIP", "price": "9.90", "access": {"text": "Oi"}}


def a_running_bot() -> Bot:
    bot = make_bot()
    with organization_scope(bot.organization_id):
        flow = create_flow(bot_id=bot.pk, name="F", definition=two_questions()).flow
        publish_version(flow.pk)
        activate_flow(flow)
    bot.refresh_from_db()
    return bot


def change(bot: Bot, **changes: Any) -> Bot:
    with organization_scope(bot.organization_id):
        return change_bot(bot.pk, BotChanges(**changes))


def test_activating_turns_the_flow_on() -> None:
    bot = a_running_bot()
    assert (bot.flow_enabled, Flow.unscoped.get().active, FlowVersion.unscoped.count()) == (True, True, 1)


def test_changed_buttons_publish_a_new_version_with_the_same_steps() -> None:
    bot = a_running_bot()
    ana = Person(bot)
    ana.start()
    drain()
    change(bot, main_buttons=[VIP])
    first, second = FlowVersion.unscoped.order_by("number")
    assert (second.number, second.definition["main_buttons"]) == (2, [VIP])
    assert second.definition["flow_steps"] == first.definition["flow_steps"]
    assert ana.top.version_id == first.pk
    bia = Person(bot)
    bia.start()
    drain()
    assert bia.top.version_id == second.pk


def test_the_same_buttons_again_publish_nothing() -> None:
    bot = a_running_bot()
    change(bot, main_buttons=[VIP])
    change(bot, main_buttons=[VIP])
    assert FlowVersion.unscoped.count() == 2


def test_buttons_with_an_error_change_nothing_at_all() -> None:
    bot = a_running_bot()
    with pytest.raises(Invalid) as refused:
        change(bot, name="Novo nome", welcome_message="Outra", main_buttons=[{"text": "VIP", "price": "9.90"}])
    assert any(problem.field == "main_buttons.0.access" for problem in refused.value.problems)
    bot.refresh_from_db()
    assert (bot.name, bot.main_buttons, FlowVersion.unscoped.count()) == ("Bot", [], 1)


def test_activating_a_flow_published_before_the_buttons_changed_publishes_it_again() -> None:
    bot = make_bot()
    with organization_scope(bot.organization_id):
        flow = create_flow(bot_id=bot.pk, name="F", definition=two_questions()).flow
        publish_version(flow.pk)
    change(bot, main_buttons=[VIP])
    assert FlowVersion.unscoped.count() == 1
    change(bot, active_flow=flow.pk)
    assert FlowVersion.unscoped.order_by("number").last().definition["main_buttons"] == [VIP]  # type: ignore[union-attr]


def test_only_a_published_flow_of_this_bot_can_be_active() -> None:
    bot, other = a_running_bot(), a_running_bot()
    with organization_scope(bot.organization_id):
        unpublished = create_flow(bot_id=bot.pk, name="G", definition=two_questions()).flow
    for flow_id in (unpublished.pk, Flow.unscoped.get(bot=other).pk):
        with pytest.raises(Invalid) as refused:
            change(bot, active_flow=flow_id)
        assert refused.value.field == "active_flow"
    assert Flow.unscoped.get(bot=bot, active=True).name == "F"


def test_no_flow_at_all_is_welcome_mode() -> None:
    bot = a_running_bot()
    change(bot, active_flow=None)
    assert not Flow.unscoped.filter(active=True).exists()
    ana = Person(bot)
    ana.start()
    drain()
    assert ana.texts == ["Bem-vindo à loja!"]


def test_another_flow_takes_the_place_of_the_active_one() -> None:
    bot = a_running_bot()
    with organization_scope(bot.organization_id):
        second = create_flow(bot_id=bot.pk, name="G", definition=two_questions()).flow
        publish_version(second.pk)
    change(bot, active_flow=second.pk)
    assert [flow.name for flow in Flow.unscoped.filter(active=True)] == ["G"]


def test_a_bot_of_another_organization_is_not_there() -> None:
    bot = a_running_bot()
    with organization_scope(make_bot().organization_id), pytest.raises(NotFound):
        change_bot(bot.pk, BotChanges(name="x"))
