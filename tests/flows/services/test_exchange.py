"""Flows as documents: out of one organization, into another, with their tests."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse

from bots.errors import Invalid
from bots.tenancy import organization_scope
from flows.engine.problems import has_errors
from flows.models import ConversationTest, Flow
from flows.services.conversation_tests import copy_tests, run_tests
from flows.services.definitions import create_flow
from flows.services.exchange import Imported, export_flow, import_flow
from tests.factories.payments import make_shop
from tests.support.conversation_tests import PAYS, WRONG_THREE_TIMES
from tests.support.flows import a_flow, a_step, an_access, sales_flow
from tests.support.pages import World, make_world, signed_in

pytestmark = pytest.mark.django_db


def exported() -> dict[str, Any]:
    bot = make_shop().bot
    with organization_scope(bot.organization_id):
        flow = create_flow(bot_id=bot.pk, name="Curso", definition=sales_flow()).flow
        copy_tests([PAYS, WRONG_THREE_TIMES], flow)
        document: dict[str, Any] = json.loads(json.dumps(export_flow(flow.pk)))
    return document


def imported(document: object, **options: Any) -> Imported:
    bot = make_shop("Outra loja").bot
    with organization_scope(bot.organization_id):
        return import_flow(document, bot_id=bot.pk, **options)


def test_what_is_exported_comes_in_elsewhere_and_its_tests_pass_there() -> None:
    document = exported()
    assert (document["format"], document["version"], document["name"]) == ("trilho.flow", 1, "Curso")
    made = imported(document)
    assert (made.flow.name, made.tests, made.left_out) == ("Curso", 2, 0)
    assert made.flow.draft["flow_steps"] == sales_flow()["flow_steps"]
    assert not has_errors(made.checked.problems)
    with organization_scope(made.flow.organization_id):
        assert [one.report.ok for one in run_tests(made.flow.pk)] == [True, True]


def test_a_bare_definition_comes_in_under_the_name_that_is_given() -> None:
    made = imported(sales_flow(), name="  Meu  ")
    assert (made.flow.name, made.tests, made.left_out) == ("Meu", 0, 0)


def test_tests_that_cannot_be_read_are_left_out_and_counted() -> None:
    made = imported({**exported(), "tests": [PAYS, {"name": ""}, "x", PAYS]})
    assert (made.tests, made.left_out) == (1, 3)


def test_a_flow_that_another_bot_has_is_a_problem_with_a_way_out() -> None:
    there = "0190aaaa-0000-7000-8000-000000000001"
    document = a_flow([a_step("inner", "subflow", {"flow": there}, next="end"), an_access("end")])
    made = imported({**exported(), "definition": document, "tests": []})
    [problem] = [one for one in made.checked.problems if one.is_error]
    assert (problem.code, problem.step_id, there in problem.message) == ("unknown_flow", "inner", True)
    assert problem.hint == (
        "Escolha um fluxo publicado deste bot. Fluxo importado tem outro id aqui: publique-o e aponte para ele."
    )


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (None, "import_unreadable"),
        ([], "import_unreadable"),
        ({}, "import_unreadable"),
        ({"format": "other", "definition": a_flow()}, "import_unreadable"),
        ({"format": "trilho.flow", "version": 2, "definition": a_flow()}, "import_too_new"),
        ({"format": "trilho.flow", "version": True, "definition": a_flow()}, "import_too_new"),
        ({"format": "trilho.flow", "version": 1, "definition": "x"}, "definition_unreadable"),
    ],
)
def test_what_is_no_flow_is_refused_and_nothing_is_made(document: object, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        imported(document)
    assert refused.value.code == code
    assert not Flow.unscoped.exists()


def test_the_pages_give_a_file_and_take_it_back() -> None:
    world: World = make_world()
    browser = signed_in(world.owner)
    answer = browser.get(reverse("flow_export", args=[world.flow.pk]))
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    file = BytesIO(answer.content)
    file.name = "venda.json"
    page = browser.post(
        reverse("flow_import"), {"document": file, "bot": str(world.shop.bot.pk), "name": "De volta"}, follow=True
    ).content.decode()
    assert "1 teste salvo veio junto." in page
    flow = Flow.unscoped.get(name="De volta")
    assert ConversationTest.unscoped.filter(flow=flow).count() == 1
    nonsense = BytesIO(b"\xff[[[")
    nonsense.name = "x.json"
    page = browser.post(reverse("flow_import"), {"document": nonsense, "bot": str(world.shop.bot.pk)}).content.decode()
    assert "Isto não é um fluxo" in page
    assert Flow.unscoped.count() == 2
