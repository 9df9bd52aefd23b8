"""Where a run inside a subflow stands, as its pages show it: the list, its timeline, the test chat."""

import pytest
from django.test import Client
from django.urls import reverse

from bots.tenancy import organization_scope
from flows.models import Flow
from flows.services import test_chats
from flows.services.bot_settings import BotChanges, change_bot
from flows.services.publishing import publish_version
from tests.factories.flows import Person, drain
from tests.support.flows import a_flow, a_question, an_access, buttons
from tests.support.pages import World
from tests.support.subflows import a_subflow

SURVEY = a_flow(
    [
        buttons("city", {"text": "Recife", "target_step": "why"}),
        a_question("why", "Por quê?", next="bye"),
        an_access("bye"),
    ]
)


@pytest.fixture
def outer(world: World) -> Flow:
    """A flow whose first step runs the survey, and its version."""
    bot = world.shop.bot
    with organization_scope(bot.organization_id):
        inner = Flow.objects.create(organization_id=bot.organization_id, bot=bot, name="Pesquisa", draft=SURVEY)
        publish_version(inner.pk)
        draft = a_flow([a_subflow("sub", str(inner.pk), next="bye"), an_access("bye", "Até!")])
        outer = Flow.objects.create(organization_id=bot.organization_id, bot=bot, name="Tudo", draft=draft)
        publish_version(outer.pk)
    return outer


def test_the_list_and_the_timeline_say_where_in_which_flow(browser: Client, world: World, outer: Flow) -> None:
    bot = world.shop.bot
    with organization_scope(bot.organization_id):
        change_bot(bot.pk, BotChanges(active_flow=outer.pk, flow_enabled=True))
    ana = Person(bot, first_name="Zuleica")
    ana.start()
    drain()
    ana.press(ana.button("Recife"))
    drain()
    listed = browser.get(reverse("conversation_list"), {"busca": "zule"}).content.decode()
    assert "Tudo · sub › why" in listed
    page = browser.get(reverse("conversation_detail", args=[ana.top.pk])).content.decode()
    # The step that runs it, the steps inside by the flow's name, and the button that was pressed there.
    assert '<span class="text-muted">sub</span>' in page
    assert "Pesquisa › city" in page
    assert "“Recife”" in page
    assert "Por quê?" in page


def test_the_test_chat_says_where_it_stands(browser: Client, world: World, outer: Flow) -> None:
    with organization_scope(outer.organization_id):
        test_chats.open_test_chat(outer.pk, user=world.owner)
    drain()
    page = browser.get(reverse("test_chat", args=[outer.pk])).content.decode()
    assert "sub › city" in page
