"""Publishing by a partner: impact, differences, choices, and closing a flow."""

from typing import Any

import pytest

from bots.models import ActorKind, AuditEntry
from flows.models import ConversationTest, Flow, FlowVersion, Run
from tests.factories.flows import drain
from tests.support.flows import sales_flow
from tests.support.pages import World, make_world
from tests.support.partner import Partner, make_partner, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = make_world()
    # A saved test that turns red would stand in the way.
    ConversationTest.unscoped.filter(flow=world.flow).delete()
    return world


@pytest.fixture
def partner(world: World) -> Partner:
    return make_partner(world.organization)


def change_draft(world: World, **amounts: Any) -> None:
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=sales_flow(**amounts), draft_revision=4)


def test_tells_who_is_inside_and_what_the_draft_does_to_their_step(world: World, partner: Partner) -> None:
    draft = sales_flow()
    draft["flow_steps"][0]["config"]["text"] = "Oi!"
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=draft, draft_revision=4)
    assert partner.get(f"flows/{world.flow.pk}/impact/").json() == {
        "since": 1,
        "revision": 4,
        "people": 1,
        "texts_only": True,
        "steps": [
            {
                "step": "menu",
                "type": "buttons",
                "change": "texts",
                "people": 1,
                "owed": 0,
                "versions": [{"version": 1, "people": 1}],
            }
        ],
    }


def test_tells_what_became_of_a_version(world: World, partner: Partner) -> None:
    change_draft(world, attempts=5)
    told = partner.get(f"flows/{world.flow.pk}/versions/1/difference/").json()
    (step,) = told["steps"]
    assert (told["texts_only"], step["step"], step["change"]) == (False, "ask_email", "changed")
    assert step["fields_changed"] == [
        {
            "field": "conditions.0.max_attempts",
            "label": "Condição 1 · Tentativas",
            "change": "changed",
            "before": 3,
            "after": 5,
        }
    ]
    same = partner.get(f"flows/{world.flow.pk}/versions/1/difference/?with=1").json()
    assert (same["steps"], same["settings"], same["bot"], same["rearranged"]) == ([], [], [], [])


@pytest.mark.parametrize(("wanted", "status"), [("x", 422), ("99", 404), ("-1", 422), ("9" * 30, 422)])
def test_compares_only_with_what_is_there(world: World, partner: Partner, wanted: str, status: int) -> None:
    told = refusal(partner.get(f"flows/{world.flow.pk}/versions/1/difference/?with={wanted}"))
    assert told["status"] == status


def test_publishes_with_choices(world: World, partner: Partner) -> None:
    change_draft(world)
    body = {
        "note": "n",
        "choices": [
            {"step": "menu", "action": "move", "to_step": "ask_email"},
            {"step": "pay", "action": "end", "message": "Fim"},
            {"step": "vip", "action": "finish"},
        ],
        "seen": {"revision": 4, "number": 1},
    }
    assert partner.post(f"flows/{world.flow.pk}/publish/", body).status_code == 201
    drain()
    run = Run.unscoped.get(pk=world.run.pk)
    assert (run.step_id, run.version_id) == ("ask_email", FlowVersion.unscoped.get(flow=world.flow, number=2).pk)
    entry = AuditEntry.unscoped.get(action="flow.published")
    assert (entry.actor_kind, entry.data["choices"]) == (ActorKind.API_KEY, {"menu": "move", "pay": "end"})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"choices": [{"step": "menu", "action": "move", "to_step": "nowhere"}]}, 422, "no_such_step"),
        ({"choices": [{"step": "menu", "action": "explode"}]}, 400, "invalid"),
        ({"choices": {"menu": "move"}}, 400, "invalid"),
        ({"apply_texts": True}, 422, "not_texts_only"),
        ({"seen": {"revision": 3, "number": 1}}, 412, "draft_changed"),
        ({"seen": {"revision": 4, "number": None}}, 412, "published_meanwhile"),
    ],
)
def test_what_cannot_be_is_refused_whole(
    world: World, partner: Partner, body: dict[str, Any], status: int, code: str
) -> None:
    change_draft(world, attempts=5)
    told = refusal(partner.post(f"flows/{world.flow.pk}/publish/", body))
    assert (told["status"], told["code"]) == (status, code)
    assert FlowVersion.unscoped.filter(flow=world.flow, kind="published").count() == 1


def test_closes_renames_and_opens(world: World, partner: Partner) -> None:
    told = partner.call("PATCH", f"/api/v1/flows/{world.flow.pk}/", {"closed": True, "name": "Outro"}).json()
    assert (told["closed"], told["name"]) == (True, "Outro")
    assert partner.call("PATCH", f"/api/v1/flows/{world.flow.pk}/", {"closed": False}).json()["closed"] is False
    acts = AuditEntry.unscoped.filter(object_id=str(world.flow.pk)).order_by("id").values_list("action", flat=True)
    assert list(acts) == ["flow.renamed", "flow.closed", "flow.opened"]
