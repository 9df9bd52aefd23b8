"""`/flows/`: made with their problems, edited under a revision, checked, published, put away."""

from typing import Any
from uuid import uuid4

import pytest

from flows.models import Flow, FlowVersion
from tests.factories.flows import publish
from tests.support.flows import a_flow, a_message, a_question, an_access, sales_flow
from tests.support.partner import Partner, answer, refusal
from tests.support.tenancy import Tenant

pytestmark = pytest.mark.django_db

BROKEN = a_flow([a_question("name", next="nowhere")])


@pytest.fixture
def flow(tenant: Tenant, partner: Partner) -> dict[str, Any]:
    made: dict[str, Any] = answer(partner.post("flows/", new(tenant)), 201)
    return made


def new(tenant: Tenant, definition: Any = None, **fields: Any) -> dict[str, Any]:
    return {"bot": str(tenant.bot.pk), "name": "Venda", "definition": definition or sales_flow(), **fields}


def codes(problems: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(problem["code"], problem["step_id"], problem["field"]) for problem in problems}


def test_makes_a_flow_with_a_draft(tenant: Tenant, partner: Partner) -> None:
    response = partner.post("flows/", new(tenant, a_flow()))
    made = answer(response, 201)
    assert made == {
        "id": made["id"],
        "bot": str(tenant.bot.pk),
        "name": "Venda",
        "active": False,
        "closed": False,
        "draft_revision": 1,
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "problems": [],
    }
    assert response["ETag"] == '"1"'
    assert answer(partner.get(f"flows/{made['id']}/draft/")) == a_flow()


def test_makes_a_flow_whatever_its_problems(tenant: Tenant, partner: Partner) -> None:
    made = answer(partner.post("flows/", new(tenant, BROKEN)), 201)
    (problem,) = [one for one in made["problems"] if one["severity"] == "error"]
    assert (problem["code"], problem["step_id"], problem["field"]) == ("unknown_target", "name", "connections.next")
    assert set(problem) == {"code", "severity", "step_id", "field", "message", "hint"}
    assert answer(partner.get(f"flows/{made['id']}/draft/")) == BROKEN


def test_a_new_flow_fills_the_bots_empty_fields(tenant: Tenant, partner: Partner) -> None:
    answer(partner.post("flows/", new(tenant, a_flow(welcome_message="Olá!"))), 201)
    assert answer(partner.get(f"bots/{tenant.bot.pk}/"))["welcome_message"] == "Olá!"
    answer(partner.post("flows/", new(tenant, a_flow(welcome_message="Outra"))), 201)
    assert answer(partner.get(f"bots/{tenant.bot.pk}/"))["welcome_message"] == "Olá!"


@pytest.mark.parametrize("broken", [[1, "x"], [{"text": 5}], [[]], [{"text": "VIP", "price": "1.00"}]])
def test_a_new_flow_never_fills_the_bot_with_what_it_could_not_be_given(
    tenant: Tenant, partner: Partner, broken: Any
) -> None:
    made = answer(partner.post("flows/", new(tenant, a_flow(main_buttons=broken))), 201)
    assert answer(partner.get(f"bots/{tenant.bot.pk}/"))["main_buttons"] == []
    assert answer(partner.get(f"flows/{made['id']}/draft/"))["main_buttons"] == broken


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("bot", "x", "invalid"),
        ("bot", None, "null"),
        ("name", "", "blank"),
        ("name", "  ", "blank"),
        ("name", "x" * 121, "max_length"),
        ("name", "a\0b", "null_characters_not_allowed"),
        ("definition", None, "null"),
    ],
)
def test_refuses_a_wrong_field_by_its_name(tenant: Tenant, partner: Partner, field: str, value: Any, code: str) -> None:
    told = refusal(partner.post("flows/", new(tenant) | {field: value}))
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    assert told["status"] == 400


@pytest.mark.parametrize("definition", ["text", 1, [], [{}], True])
def test_refuses_a_definition_that_is_no_object(tenant: Tenant, partner: Partner, definition: Any) -> None:
    told = refusal(partner.post("flows/", new(tenant) | {"definition": definition}))
    assert (told["status"], told["code"]) == (422, "definition_unreadable")
    assert not Flow.unscoped.exists()


def test_replaces_the_draft_that_was_read(partner: Partner, flow: dict[str, Any]) -> None:
    draft = f"flows/{flow['id']}/draft/"
    read = partner.get(draft)
    response = partner.put(draft, a_flow(), If_Match=read["ETag"])
    assert answer(response)["draft_revision"] == 2
    assert (read["ETag"], response["ETag"], partner.get(draft)["ETag"]) == ('"1"', '"2"', '"2"')
    assert answer(partner.get(draft)) == a_flow()


def test_saving_what_is_there_already_changes_nothing(partner: Partner, flow: dict[str, Any]) -> None:
    for _ in range(2):
        response = partner.put(f"flows/{flow['id']}/draft/", sales_flow(), If_Match='"1"')
        assert (response.status_code, response["ETag"]) == (200, '"1"')


def test_a_draft_without_if_match_is_refused(partner: Partner, flow: dict[str, Any]) -> None:
    told = refusal(partner.put(f"flows/{flow['id']}/draft/", a_flow()))
    assert (told["status"], told["code"]) == (428, "precondition_required")
    assert Flow.unscoped.get().draft == sales_flow()


@pytest.mark.parametrize("tag", ['"0"', '"2"', "", '"x"', '"1', "W/", '"' + "9" * 5000 + '"', '"2", "3"'])
def test_a_stale_draft_is_refused_and_nothing_is_written(partner: Partner, flow: dict[str, Any], tag: str) -> None:
    told = refusal(partner.put(f"flows/{flow['id']}/draft/", a_flow(), If_Match=tag))
    assert (told["status"], told["code"]) == (412, "draft_changed")
    stored = Flow.unscoped.get()
    assert (stored.draft, stored.draft_revision) == (sales_flow(), 1)


@pytest.mark.parametrize("tag", ['"1"', "1", 'W/"1"', '"7", "1"', "*"])
def test_every_way_to_name_the_draft_as_it_is_will_do(partner: Partner, flow: dict[str, Any], tag: str) -> None:
    assert partner.put(f"flows/{flow['id']}/draft/", a_flow(), If_Match=tag)["ETag"] == '"2"'


def test_a_draft_is_saved_with_all_its_problems(partner: Partner, flow: dict[str, Any]) -> None:
    broken = a_flow([a_message("a", next="b"), a_message("b", next="a")])
    saved = answer(partner.put(f"flows/{flow['id']}/draft/", broken, If_Match='"1"'))
    assert ("unattended_cycle", "b") in {(problem["code"], problem["step_id"]) for problem in saved["problems"]}
    assert Flow.unscoped.get().draft == broken


def test_checks_the_draft(tenant: Tenant, partner: Partner, flow: dict[str, Any]) -> None:
    checked = answer(partner.post(f"flows/{flow['id']}/validate/"))
    assert set(checked) == {"valid", "problems"}
    assert checked["valid"] is True
    assert {problem["severity"] for problem in checked["problems"]} == {"warning"}
    answer(partner.put(f"flows/{flow['id']}/draft/", BROKEN, If_Match='"1"'))
    checked = answer(partner.post(f"flows/{flow['id']}/validate/"))
    assert checked["valid"] is False
    assert ("unknown_target", "name", "connections.next") in codes(checked["problems"])
    answer(partner.put(f"flows/{flow['id']}/draft/", a_flow(), If_Match='"2"'))
    assert answer(partner.post(f"flows/{flow['id']}/validate/")) == {"valid": True, "problems": []}


def test_tells_problems_in_the_language_asked_for(partner: Partner, flow: dict[str, Any]) -> None:
    told = {
        language: answer(partner.post(f"flows/{flow['id']}/validate/", Accept_Language=language))["problems"]
        for language in ("pt-BR", "en")
    }
    assert codes(told["en"]) == codes(told["pt-BR"])
    assert told["en"][0]["message"] != told["pt-BR"][0]["message"]


def test_publishes_the_draft_and_activates_nothing(partner: Partner, flow: dict[str, Any]) -> None:
    answer(partner.put(f"flows/{flow['id']}/draft/", a_flow(), If_Match='"1"'))
    version = answer(partner.post(f"flows/{flow['id']}/publish/", {"note": "Primeira"}), 201)
    stored = FlowVersion.unscoped.get()
    assert version == {
        "id": str(stored.pk),
        "flow": flow["id"],
        "number": 1,
        "note": "Primeira",
        "created_by": None,
        "created_at": version["created_at"],
        "definition": a_flow(welcome_message="Olá {{first_name}}!", main_buttons=[], redirect_buttons=[]),
        "embedded": {},
    }
    assert answer(partner.get(f"flows/{flow['id']}/"))["active"] is False
    assert answer(partner.post(f"flows/{flow['id']}/publish/"), 201)["number"] == 2


def test_refuses_to_publish_a_broken_draft(tenant: Tenant, partner: Partner) -> None:
    made = answer(partner.post("flows/", new(tenant, BROKEN)), 201)
    told = refusal(partner.post(f"flows/{made['id']}/publish/", {}))
    assert (told["status"], told["code"]) == (422, "definition_invalid")
    assert [(error["code"], error["field"]) for error in told["errors"]] == [("unknown_target", "connections.next")]
    assert ("unknown_target", "name", "connections.next") in codes(told["problems"])
    assert not FlowVersion.unscoped.exists()


def test_tells_what_was_published_newest_first_and_goes_back(partner: Partner, flow: dict[str, Any]) -> None:
    for number, text in enumerate(("um", "dois"), 1):
        answer(partner.put(f"flows/{flow['id']}/draft/", a_flow([an_access("bye", text)]), If_Match=f'"{number}"'))
        answer(partner.post(f"flows/{flow['id']}/publish/"), 201)
    versions = answer(partner.get(f"flows/{flow['id']}/versions/"))["results"]
    assert [version["number"] for version in versions] == [2, 1]

    restored = partner.post(f"flows/{flow['id']}/versions/1/restore/")
    assert answer(restored)["draft_revision"] == 4
    assert restored["ETag"] == '"4"'
    draft = answer(partner.get(f"flows/{flow['id']}/draft/"))
    assert draft["flow_steps"][0]["config"]["text"] == "um"
    assert len(answer(partner.get(f"flows/{flow['id']}/versions/"))["results"]) == 2


def test_a_version_that_is_not_there_cannot_come_back(partner: Partner, flow: dict[str, Any]) -> None:
    for number in ("1", "0", str(2**31 - 1), str(2**31), "9" * 40, "-1"):
        told = refusal(partner.post(f"flows/{flow['id']}/versions/{number}/restore/"))
        assert told["status"] == 404


def test_a_deleted_flow_is_gone_and_its_versions_stay(tenant: Tenant, partner: Partner) -> None:
    version = publish(tenant.bot, a_flow())
    path = f"flows/{version.flow_id}/"
    response = partner.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    for method, address in (("GET", ""), ("GET", "draft/"), ("GET", "versions/"), ("POST", "publish/"), ("DELETE", "")):
        assert partner.call(method, path + address).status_code == 404
    assert answer(partner.get("flows/"))["results"] == []
    assert FlowVersion.unscoped.filter(pk=version.pk).exists()
    assert answer(partner.get(f"bots/{tenant.bot.pk}/"))["active_flow"] is None


def test_nobodys_bot_gets_no_flow(tenant: Tenant, partner: Partner) -> None:
    told = refusal(partner.post("flows/", new(tenant) | {"bot": str(uuid4())}))
    assert (told["status"], told["code"]) == (404, "bot_not_found")
