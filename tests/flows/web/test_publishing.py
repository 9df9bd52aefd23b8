"""The publish page: what changes, who is inside, what becomes of them; versions compared; a flow closed."""

import copy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bots.models import AuditEntry
from bots.tenancy import organization_scope
from flows.models import ConversationTest, Flow, FlowVersion, Run
from flows.services.publishing import publish_version
from tests.factories.flows import drain
from tests.support.flows import sales_flow
from tests.support.pages import World, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_else_stands_in_the_way(world: World) -> None:
    ConversationTest.unscoped.filter(flow=world.flow).delete()


def put_into_draft(world: World, **texts: str) -> dict[str, Any]:
    """Other texts for these steps."""
    draft = copy.deepcopy(sales_flow())
    for step in draft["flow_steps"]:
        if step["id"] in texts:
            step["config"]["text"] = texts[step["id"]]
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=draft, draft_revision=7)
    return draft


def without_menu(world: World) -> None:
    draft = sales_flow()
    draft["flow_steps"] = draft["flow_steps"][1:]
    draft["flow_start_step_id"] = "ask_email"
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=draft, draft_revision=7)


def address(world: World, name: str = "flow_publish") -> str:
    return reverse(name, args=[world.flow.pk])


def form(step: str = "menu", action: str = "finish", **more: str) -> dict[str, str]:
    told = {
        "note": "Menos passos",
        "revision": "7",
        "number": "1",
        "steps-TOTAL_FORMS": "1",
        "steps-INITIAL_FORMS": "1",
    }
    return told | {"steps-0-step": step, "steps-0-action": action} | {f"steps-0-{name}": v for name, v in more.items()}


def test_shows_what_changes_and_who_waits_where(browser: Client, world: World) -> None:
    without_menu(world)
    page = browser.get(address(world)).content.decode()
    assert "O que muda desde a versão 1" in page
    assert "1 pessoa está dentro" in page
    assert "<b>1</b> pessoa espera em <b>menu</b>" in page
    assert "Removido" in page
    assert 'value="move"' in page
    assert 'value="carry"' not in page
    assert '<input type="hidden" name="revision" value="7"' in page


def test_marks_the_words_that_changed(browser: Client, world: World) -> None:
    put_into_draft(world, menu="Olá {{first_name}}! O que você deseja?")
    page = browser.get(address(world)).content.decode()
    assert "<del>quer</del><ins>deseja</ins>" in page
    assert "Aplicar os textos novos à 1 pessoa que está dentro" in page


@pytest.mark.parametrize("htmx", [True, False])
def test_publishes_with_what_was_chosen(browser: Client, world: World, htmx: bool) -> None:
    without_menu(world)
    sent = form(action="move", to_step="ask_email")
    answer = browser.post(address(world), sent, headers={"HX-Request": "true"} if htmx else {})
    versions = address(world, "flow_versions")
    assert (answer.headers.get("HX-Redirect"), answer.status_code) == ((versions, 200) if htmx else (None, 302))
    drain()
    run, version = Run.unscoped.get(pk=world.run.pk), FlowVersion.unscoped.get(flow=world.flow, number=2)
    assert (run.version_id, run.step_id, version.note) == (version.pk, "ask_email", "Menos passos")
    entry = AuditEntry.unscoped.get(action="flow.published")
    assert (entry.actor_user, entry.data["choices"], entry.data["people"]) == (world.owner, {"menu": "move"}, 1)
    assert "Menos passos" in browser.get(versions).content.decode()


def test_new_texts_are_applied_with_one_tick(browser: Client, world: World) -> None:
    put_into_draft(world, menu="Oi!")
    assert browser.post(address(world), form() | {"apply_texts": "on"}).status_code == 302
    drain()
    assert Run.unscoped.get(pk=world.run.pk).version_id == FlowVersion.unscoped.get(flow=world.flow, number=2).pk


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        (form(action="move"), 422, "Escolha para onde elas vão."),
        (form(action="move", to_step="menu"), 422, "Escolha um passo da versão nova"),
        (form(action="end", message="x" * 5000), 422, "4096"),
        (form() | {"revision": "6"}, 409, "O rascunho mudou depois que você abriu esta página."),
        (form() | {"number": "9"}, 409, "Outra pessoa publicou nesse meio-tempo."),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_is_kept(
    browser: Client, world: World, sent: dict[str, str], status: int, told: str
) -> None:
    without_menu(world)
    answer = browser.post(address(world), sent)
    page = answer.content.decode()
    assert (answer.status_code, FlowVersion.unscoped.filter(flow=world.flow, kind="published").count()) == (status, 1)
    assert told in page
    assert "Menos passos" in page
    # The next try is about what is shown now.
    assert '<input type="hidden" name="revision" value="7"' in page or status == 422


def test_a_draft_with_errors_has_no_way_to_be_published(browser: Client, world: World) -> None:
    Flow.unscoped.filter(pk=world.flow.pk).update(draft={"flow_steps": []})
    page = browser.get(address(world)).content.decode()
    assert "Primeiro, acerte isto" in page
    assert "disabled" in page.split("Publicar agora")[0].rsplit("<button", 1)[1]


def test_a_viewer_looks_and_does_not_publish(world: World) -> None:
    viewer = signed_in(world.viewer)
    page = viewer.get(address(world)).content.decode()
    assert "Seu papel não publica fluxos." in page
    assert viewer.post(address(world), {}).status_code == 403
    assert viewer.post(address(world, "flow_close"), {"closed": "yes"}).status_code == 403


def test_going_back_is_a_publication_like_any_other(browser: Client, world: World) -> None:
    put_into_draft(world, menu="Oi!")
    with organization_scope(world.organization.pk):
        publish_version(world.flow.pk)
    answer = browser.post(reverse("flow_restore", args=[world.flow.pk, 1]), follow=True)
    assert answer.redirect_chain == [(address(world), 302)]
    page = answer.content.decode()
    assert "A versão 1 está no rascunho." in page
    assert "O que muda desde a versão 2" in page
    assert AuditEntry.unscoped.get(action="flow.restored").data == {"number": 1}


def test_any_two_versions_are_compared(browser: Client, world: World) -> None:
    put_into_draft(world, menu="Oi!", vip="Entrou!")
    with organization_scope(world.organization.pk):
        publish_version(world.flow.pk)
    compare = address(world, "flow_difference")
    assert "Entrou!" in browser.get(compare, {"para": "2"}).content.decode()
    back = browser.get(compare, {"de": "2", "para": "1"}).content.decode()
    assert "<del>Oi!</del>" in back
    assert "Nada mudou." in browser.get(compare, {"de": "2", "para": "2"}).content.decode()
    assert browser.get(compare, {"de": "x", "para": "99"}).status_code == 200


def test_closes_a_flow_to_new_people_and_opens_it(browser: Client, world: World) -> None:
    page = browser.post(address(world, "flow_close"), {"closed": "yes"}, follow=True).content.decode()
    assert Flow.unscoped.get(pk=world.flow.pk).closed
    assert "Fechado para novas pessoas" in page
    assert "Fechado para novas pessoas" in browser.get(reverse("flow_list")).content.decode()
    browser.post(address(world, "flow_close"), {"closed": ""})
    assert not Flow.unscoped.get(pk=world.flow.pk).closed
