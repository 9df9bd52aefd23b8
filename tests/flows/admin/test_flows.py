"""Staff make, edit, publish, activate and delete a flow; each act is written down."""

import json
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from bots.models import AuditEntry, User
from bots.tenancy import organization_scope
from flows.models import Flow, FlowVersion
from flows.services.conversation_tests import create_test, delete_test
from tests.factories.flows import publish
from tests.support.flows import a_flow, a_message, a_question, an_access
from tests.support.tenancy import Tenant

pytestmark = pytest.mark.django_db

ADD = "admin:flows_flow_add"
BROKEN = a_flow([a_question("name", next="nowhere")])
HALF_BUILT = a_flow([a_question("name")])


@pytest.fixture
def flow(tenant: Tenant) -> Flow:
    with organization_scope(tenant.organization.pk):
        return Flow.objects.create(organization=tenant.organization, bot=tenant.bot, name="Venda", draft=a_flow())


def change(flow: Flow) -> str:
    return reverse("admin:flows_flow_change", args=[flow.pk])


def sent(draft: Any, *, revision: int = 1, name: str = "Venda") -> dict[str, Any]:
    return {"name": name, "draft": json.dumps(draft), "seen_revision": revision}


def acts(flow: Flow) -> list[str]:
    return list(AuditEntry.unscoped.filter(object_id=str(flow.pk)).order_by("pk").values_list("action", flat=True))


def pressed(staff: Client, flow: Flow, act: str) -> list[tuple[str, str]]:
    answer = staff.post(reverse(f"admin:flows_flow_{act}", args=[flow.pk]), {"_form_submitted": "True"})
    assert answer["HX-Redirect"] == change(flow)
    return [(message.level_tag, message.message) for message in get_messages(staff.get(change(flow)).wsgi_request)]


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


def test_makes_a_flow(staff: Client, tenant: Tenant) -> None:
    assert staff.get(reverse(ADD)).status_code == 200
    answer = staff.post(reverse(ADD), {"bot": tenant.bot.pk, "name": "Venda", "draft": json.dumps(a_flow())})
    flow = Flow.unscoped.get()
    assert answer.status_code == 302
    assert (flow.organization, flow.bot, flow.name, flow.draft) == (
        tenant.organization,
        tenant.bot,
        "Venda",
        a_flow(),
    )
    assert acts(flow) == ["flow.created"]


def test_a_new_flow_with_an_error_is_refused_by_step(staff: Client, tenant: Tenant) -> None:
    answer = staff.post(reverse(ADD), {"bot": tenant.bot.pk, "name": "Venda", "draft": json.dumps(BROKEN)})
    assert any(text.startswith("name: ") for text in errors(answer)["draft"])
    assert not Flow.unscoped.exists()


@pytest.mark.parametrize("draft", ["", "{", "[]", '"x"', "null", '{"a": NaN}', '{"a": "\\u0000"}', "[" * 5000])
def test_a_draft_that_is_no_definition_is_refused(staff: Client, flow: Flow, draft: str) -> None:
    answer = staff.post(change(flow), {"name": "Venda", "draft": draft, "seen_revision": 1})
    assert "draft" in errors(answer)
    assert Flow.unscoped.get().draft == a_flow()


def test_edits_a_draft_under_its_revision(staff: Client, flow: Flow) -> None:
    page = staff.get(change(flow))
    assert 'name="seen_revision" value="1"' in page.content.decode()
    new = a_flow([an_access("bye", "Tchau!")])
    assert staff.post(change(flow), sent(new, name="Outra")).status_code == 302
    flow.refresh_from_db()
    assert (flow.draft, flow.draft_revision, flow.name) == (new, 2, "Outra")
    assert sorted(acts(flow)) == ["flow.draft_replaced", "flow.renamed"]


def test_refuses_a_stale_revision_and_keeps_what_was_typed(staff: Client, flow: Flow) -> None:
    staff.post(change(flow), sent(a_flow([an_access("bye", "Deles")])))
    mine = sent(a_flow([an_access("bye", "Meu")]))
    answer = staff.post(change(flow), mine)
    assert len(errors(answer)["draft"]) == 1
    assert "Meu" in answer.content.decode()
    flow.refresh_from_db()
    assert (flow.draft["flow_steps"][0]["config"]["text"], flow.draft_revision) == ("Deles", 2)
    for revision in ("", "x", "0", "-1", "99999999999999999999"):
        assert staff.post(change(flow), mine | {"seen_revision": revision}).status_code == 200
    assert Flow.unscoped.get().draft_revision == 2


@pytest.mark.parametrize(
    ("draft", "step"),
    [
        (BROKEN, "name"),
        (a_flow([a_message("a", next="b"), a_message("b", next="a")]), "b"),
        (a_flow([a_question("q", conditions=[{"type": "nonsense", "target_step": "end"}]), an_access("end")]), "q"),
    ],
    ids=["connection", "cycle", "condition"],
)
def test_names_the_step_of_each_problem(staff: Client, flow: Flow, draft: Any, step: str) -> None:
    told = errors(staff.post(change(flow), sent(draft)))["draft"]
    assert any(text.startswith(f"{step}: ") for text in told)
    assert acts(flow) == []


def test_renaming_a_half_built_flow_is_not_blocked(staff: Client, flow: Flow) -> None:
    Flow.unscoped.filter(pk=flow.pk).update(draft=HALF_BUILT)
    assert staff.post(change(flow), sent(HALF_BUILT, name="Outro nome")).status_code == 302
    flow.refresh_from_db()
    assert (flow.name, flow.draft, flow.draft_revision) == ("Outro nome", HALF_BUILT, 1)


def test_a_flow_stays_with_its_bot(staff: Client, flow: Flow) -> None:
    other = {"bot": "00000000-0000-0000-0000-000000000000"}
    assert staff.post(change(flow), sent(a_flow(), name="x") | other).status_code == 302
    assert Flow.unscoped.get().bot_id == flow.bot_id


def test_publishes_and_activates_only_when_it_is_confirmed(staff: Client, flow: Flow, employee: User) -> None:
    for act in ("publish", "activate"):
        assert staff.get(reverse(f"admin:flows_flow_{act}", args=[flow.pk])).status_code == 200
    assert not FlowVersion.unscoped.exists()
    assert [level for level, _text in pressed(staff, flow, "activate")] == ["error"]
    assert [level for level, _text in pressed(staff, flow, "publish")] == ["success"]
    version = FlowVersion.unscoped.get()
    assert (version.number, version.created_by) == (1, employee)
    assert Flow.unscoped.get().active is False
    assert [level for level, _text in pressed(staff, flow, "activate")] == ["success"]
    flow.refresh_from_db()
    assert (flow.active, flow.bot.flow_enabled) == (True, True)
    assert acts(flow) == ["flow.published", "flow.activated"]


def test_a_broken_draft_is_not_published_and_its_problems_are_told(staff: Client, flow: Flow) -> None:
    Flow.unscoped.filter(pk=flow.pk).update(draft=BROKEN)
    told = pressed(staff, flow, "publish")
    assert {level for level, _text in told} == {"error"}
    assert any(text.startswith("name: ") for _level, text in told)
    assert not FlowVersion.unscoped.exists()
    assert acts(flow) == []


def test_a_red_saved_test_blocks_the_publication_and_is_named(staff: Client, flow: Flow) -> None:
    expected = {"type": "expect_replies", "replies": [{"text": "Outra coisa"}]}
    saved = {"name": "diz outra coisa", "steps": [{"type": "command", "command": "start"}, expected]}
    with organization_scope(flow.organization_id):
        test = create_test(flow.pk, document=saved)
    told = pressed(staff, flow, "publish")
    assert {level for level, _text in told} == {"error"}
    assert any("diz outra coisa" in text for _level, text in told)
    assert (FlowVersion.unscoped.exists(), acts(flow)) == (False, [])
    with organization_scope(flow.organization_id):
        delete_test(flow.pk, test.pk)
    assert [level for level, _text in pressed(staff, flow, "publish")] == ["success"]


@pytest.mark.parametrize("by_list", [True, False])
def test_deleting_hides_and_keeps_the_versions(staff: Client, tenant: Tenant, by_list: bool) -> None:
    version = publish(tenant.bot, a_flow())
    assert version.flow
    if by_list:
        form = {"action": "delete_selected", "_selected_action": str(version.flow_id), "post": "yes"}
        answer = staff.post(reverse("admin:flows_flow_changelist"), form)
    else:
        answer = staff.post(reverse("admin:flows_flow_delete", args=[version.flow_id]), {"post": "yes"})
    assert answer.status_code == 302
    flow = Flow.unscoped.get()
    assert flow.deleted_at is not None
    assert flow.active is False
    assert FlowVersion.unscoped.filter(pk=version.pk).exists()
    assert acts(flow) == ["flow.deleted"]


def test_versions_are_only_read(staff: Client, tenant: Tenant) -> None:
    version = publish(tenant.bot, a_flow())
    page = reverse("admin:flows_flowversion_change", args=[version.pk])
    assert staff.get(page).status_code == 200
    assert staff.post(page, {"note": "x"}).status_code == 403
