"""The list of flows, and the making of one."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from bots.models import Bot
from bots.tenancy import organization_scope
from flows.engine.catalogue import CatalogueFacts, GatewayAccountFacts
from flows.engine.validation import validate
from flows.models import Flow
from flows.services.definitions import check_draft
from flows.web.forms import StartFrom
from flows.web.starters import starter
from tests.factories.bots import make_bot, make_membership
from tests.support.pages import World, signed_in

ONE_ACCOUNT = CatalogueFacts(gateway_accounts={"a": GatewayAccountFacts("a")}, default_account="a")


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


@pytest.mark.parametrize("start_from", list(StartFrom))
def test_a_new_flow_can_be_published_as_it_is(browser: Client, world: World, start_from: StartFrom) -> None:
    sent = {"name": "Meu fluxo", "bot": str(world.shop.bot.pk), "template": start_from}
    response = browser.post(reverse("flow_new"), sent)
    flow = Flow.unscoped.get(name="Meu fluxo")
    assert response["Location"] == reverse("flow_editor", args=[flow.pk])
    with organization_scope(world.organization.pk):
        assert [problem for problem in check_draft(flow) if problem.is_error] == []


@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("start_from", list(StartFrom))
def test_starters_have_no_error_in_either_language(start_from: StartFrom, language: str) -> None:
    with translation.override(language):
        document = starter(start_from)
    assert [problem.code for problem in validate(document, ONE_ACCOUNT) if problem.is_error] == []


def test_a_bot_of_another_organization_is_no_choice(browser: Client, world: World) -> None:
    foreign: Bot = make_bot()
    sent = {"name": "Meu fluxo", "bot": str(foreign.pk), "template": StartFrom.BLANK}
    assert browser.post(reverse("flow_new"), sent).status_code == 200
    assert not Flow.unscoped.filter(name="Meu fluxo").exists()


@pytest.mark.django_db
def test_without_a_bot_one_is_asked_for_first() -> None:
    browser = signed_in(make_membership().user)
    assert browser.get(reverse("flow_new"))["Location"] == reverse("bot_connect")
