"""The list of flows, and the making of one."""

import pytest
from django.test import Client
from django.urls import reverse

from bots.models import Bot
from bots.tenancy import organization_scope
from flows.engine.steps.model import StepType
from flows.models import ConversationTest, Flow
from flows.services.definitions import check_draft
from flows.services.starters import StarterCode, starter_definition
from flows.web.looks import STEPS
from flows.web.starter_cards import main_line
from tests.factories.bots import make_bot, make_membership
from tests.support.pages import World, signed_in


def test_search_and_bot_filter_what_the_list_shows(browser: Client, world: World) -> None:
    address = reverse("flow_list")
    link = reverse("flow_editor", args=[world.flow.pk])
    other = make_bot(organization=world.organization, name="Outro")
    assert link in browser.get(address).content.decode()
    assert link in browser.get(address, {"busca": world.flow.name.lower()[:3]}).content.decode()
    assert link not in browser.get(address, {"busca": "nada disso"}).content.decode()
    assert link in browser.get(address, {"bot": str(world.shop.bot.pk)}).content.decode()
    assert link not in browser.get(address, {"bot": str(other.pk)}).content.decode()
    assert link in browser.get(address, {"bot": "rubbish", "pagina": "rubbish"}).content.decode()


@pytest.mark.parametrize("start_from", list(StarterCode))
def test_a_new_flow_can_be_published_as_it_is(browser: Client, world: World, start_from: StarterCode) -> None:
    sent = {"name": "Meu fluxo", "bot": str(world.shop.bot.pk), "template": start_from}
    response = browser.post(reverse("flow_new"), sent)
    flow = Flow.unscoped.get(name="Meu fluxo")
    assert response["Location"] == reverse("flow_editor", args=[flow.pk])
    with organization_scope(world.organization.pk):
        assert [problem for problem in check_draft(flow) if problem.is_error] == []


def test_a_starter_brings_its_test_conversations(browser: Client, world: World) -> None:
    sent = {"name": "Meu fluxo", "bot": str(world.shop.bot.pk), "template": "vip_group"}
    browser.post(reverse("flow_new"), sent)
    names = ConversationTest.unscoped.filter(flow__name="Meu fluxo").values_list("name", flat=True)
    assert "Paga e recebe o acesso" in names


def test_the_page_draws_the_line_of_each_starter(browser: Client, world: World) -> None:
    page = browser.get(reverse("flow_new")).content.decode()
    assert all(f'value="{code}"' in page for code in StarterCode)
    line = main_line(starter_definition(StarterCode.VIP_GROUP, "pt-br"))
    assert line[:4] == tuple(
        STEPS[kind] for kind in (StepType.BUTTONS, StepType.QUESTION, StepType.PAYMENT, StepType.ACCESS)
    )


def test_a_bot_of_another_organization_is_no_choice(browser: Client, world: World) -> None:
    foreign: Bot = make_bot()
    sent = {"name": "Meu fluxo", "bot": str(foreign.pk), "template": StarterCode.BLANK}
    assert browser.post(reverse("flow_new"), sent).status_code == 200
    assert not Flow.unscoped.filter(name="Meu fluxo").exists()


@pytest.mark.django_db
def test_without_a_bot_one_is_asked_for_first() -> None:
    browser = signed_in(make_membership().user)
    assert browser.get(reverse("flow_new"))["Location"] == reverse("bot_connect")
