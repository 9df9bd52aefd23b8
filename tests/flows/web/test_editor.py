"""The draft's editor, its endpoints, publication, versions."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bots.models import Membership, Role
from flows.models import Flow, FlowVersion
from tests.support.flows import a_flow, a_message, an_access, sales_flow
from tests.support.pages import World

BROKEN = a_flow([a_message("hello", next="nowhere"), an_access("bye")])


def post(client: Client, name: str, world: World, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(reverse(name, args=[world.flow.pk]), text, content_type="application/json")


def stored(world: World) -> Flow:
    return Flow.unscoped.get(pk=world.flow.pk)


def test_checking_lists_every_problem_and_saves_nothing(browser: Client, world: World) -> None:
    response = post(browser, "flow_check", world, {"definition": json.dumps(BROKEN)})
    answer = response.json()
    assert response.status_code == 200
    assert answer["publishable"] is False
    assert [(one["step_id"], one["field"]) for one in answer["problems"] if one["severity"] == "error"] == [
        ("hello", "connections.next")
    ]
    assert "nowhere" in answer["list"]
    assert 'data-problem="0"' in answer["list"]
    assert stored(world).draft == world.flow.draft


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": NaN}', "[" * 100_000])
def test_what_is_no_object_is_refused_kindly(browser: Client, world: World, text: str) -> None:
    for name in ("flow_check", "flow_save"):
        response = post(browser, name, world, {"definition": text, "revision": 1})
        assert response.status_code == 400
        assert "Isto ainda não é JSON" in response.json()["message"]
    assert stored(world).draft == world.flow.draft


@pytest.mark.parametrize("body", ["", "rubbish", "[]", '{"definition": 7}'])
def test_a_body_that_is_no_message_of_ours_is_refused(browser: Client, world: World, body: str) -> None:
    assert post(browser, "flow_save", world, body).status_code == 400


def test_a_draft_is_saved_with_its_problems(browser: Client, world: World) -> None:
    response = post(browser, "flow_save", world, {"definition": json.dumps(BROKEN), "revision": 1})
    assert (response.status_code, response.json()["revision"], response.json()["publishable"]) == (200, 2, False)
    assert stored(world).draft == BROKEN


@pytest.mark.parametrize("revision", [0, 2, "1", None, True])
def test_a_stale_revision_keeps_both_sides(browser: Client, world: World, revision: object) -> None:
    response = post(browser, "flow_save", world, {"definition": json.dumps(BROKEN), "revision": revision})
    answer = response.json()
    assert response.status_code == 409
    assert json.loads(answer["theirs"]) == world.flow.draft
    assert answer["revision"] == 1
    assert stored(world).draft == world.flow.draft


def test_publishing_a_draft_with_errors_is_refused_with_its_problems(browser: Client, world: World) -> None:
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=BROKEN)
    response = browser.post(reverse("flow_publish", args=[world.flow.pk]))
    page = response.content.decode()
    assert response.status_code == 422
    assert "Não publiquei o fluxo: ele tem problemas. O rascunho está salvo." in page
    assert "nowhere" in page
    assert FlowVersion.unscoped.filter(flow=world.flow, kind="published").count() == 1
    assert stored(world).draft == BROKEN


def test_publishing_makes_the_next_version_by_its_author(browser: Client, world: World) -> None:
    page = browser.post(reverse("flow_publish", args=[world.flow.pk]), follow=True).content.decode()
    newest = FlowVersion.unscoped.filter(flow=world.flow, kind="published").order_by("-number")[0]
    assert (newest.number, newest.created_by) == (2, world.owner)
    assert "A versão 2 está publicada." in page
    assert page.index("Versão 2") < page.index("Versão 1")


def test_an_old_version_comes_back_to_the_draft_only(browser: Client, world: World) -> None:
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=BROKEN)
    page = browser.post(reverse("flow_restore", args=[world.flow.pk, 1]), follow=True).content.decode()
    assert "A versão 1 está no rascunho." in page
    assert stored(world).draft["flow_steps"] == sales_flow()["flow_steps"]
    assert FlowVersion.unscoped.filter(flow=world.flow, kind="published").count() == 1


def test_who_may_not_edit_reads_only(browser: Client, world: World) -> None:
    Membership.unscoped.filter(user=world.owner).update(role=Role.SUPPORT)
    page = browser.get(reverse("flow_editor", args=[world.flow.pk])).content.decode()
    assert 'data-editable="false"' in page
    assert reverse("flow_publish", args=[world.flow.pk]) not in page
    assert post(browser, "flow_save", world, {"definition": "{}", "revision": 1}).status_code == 403


def test_the_policy_allows_no_inline_script(browser: Client, world: World) -> None:
    response = browser.get(reverse("flow_editor", args=[world.flow.pk]))
    policy = response["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert f'data-nonce="{nonce}"' in response.content.decode()


def test_a_deleted_flow_is_not_there(browser: Client, world: World) -> None:

    Flow.unscoped.filter(pk=world.flow.pk).update(deleted_at=timezone.now(), active=False)
    assert browser.get(reverse("flow_editor", args=[world.flow.pk])).status_code == 404
    link = reverse("flow_editor", args=[world.flow.pk])
    assert link not in browser.get(reverse("flow_list")).content.decode()


def test_a_saved_test_that_the_text_would_turn_red_is_told_while_it_is_typed(browser: Client, world: World) -> None:
    """The world's own test expects the flow as it is: `menu` asks, e-mail, charge, access."""
    sound = post(browser, "flow_check", world, {"definition": json.dumps(world.flow.draft)}).json()
    assert "conversation_test_failed" not in [one["code"] for one in sound["problems"]]
    changed = json.loads(json.dumps(world.flow.draft))
    changed["flow_steps"][0]["config"]["text"] = "Outra saudação"
    answer = post(browser, "flow_check", world, {"definition": json.dumps(changed)}).json()
    assert answer["publishable"] is False
    [red] = [one for one in answer["problems"] if one["code"] == "conversation_test_failed"]
    assert "Outra saudação" in red["message"]
    # With an error of its own nothing is played.
    changed["flow_steps"][0]["conditions"][0]["target_step"] = "nowhere"
    answer = post(browser, "flow_check", world, {"definition": json.dumps(changed)}).json()
    codes = [one["code"] for one in answer["problems"]]
    assert ("unknown_target" in codes, "conversation_test_failed" in codes) == (True, False)
