"""Publication: the only way to a version contacts run, one number each, never twice the same."""

import threading
from unittest.mock import patch

import pytest

from bots.errors import Invalid, NotFound
from bots.models import User
from bots.tenancy import organization_scope, scoped_transaction
from flows.models import Flow, FlowVersion
from flows.services import publishing
from flows.services.publishing import latest_version, publish_version, restore_version
from tests.factories.flows import make_bot, make_flow_bot, two_questions
from tests.support.flows import a_flow, a_question
from tests.support.races import at_once

pytestmark = pytest.mark.django_db


def a_flow_of(definition: dict[str, object] | None = None) -> Flow:
    bot = make_bot(main_buttons=[])
    with organization_scope(bot.organization_id):
        return Flow.objects.create(
            organization_id=bot.organization_id, bot=bot, name="F", draft=definition or two_questions()
        )


def test_the_draft_becomes_the_next_version_with_the_bots_fields() -> None:
    flow = a_flow_of()
    rita = User.objects.create_user("rita@example.com")
    with organization_scope(flow.organization_id):
        version = publish_version(flow.pk, actor=rita, note="Primeira")
        assert latest_version(flow) == version
    assert (version.number, version.kind, version.created_by_id, version.note) == (1, "published", rita.pk, "Primeira")
    assert version.definition == {
        **two_questions(),
        "welcome_message": "Bem-vindo à loja!",
        "main_buttons": [],
        "redirect_buttons": [],
    }
    flow.refresh_from_db()
    assert (flow.active, flow.bot.flow_enabled) == (False, False)


def test_a_draft_with_an_error_is_refused_with_every_problem() -> None:
    flow = a_flow_of(a_flow([a_question("a", next="x"), a_question("b", next="y")]))
    with organization_scope(flow.organization_id), pytest.raises(Invalid) as refused:
        publish_version(flow.pk)
    assert {problem.code for problem in refused.value.problems} >= {"unknown_target"}
    assert FlowVersion.unscoped.count() == 0


def test_an_old_version_returns_to_the_draft_and_nothing_else() -> None:
    flow = a_flow_of()
    with organization_scope(flow.organization_id):
        first = publish_version(flow.pk)
        Flow.objects.filter(pk=flow.pk).update(draft=two_questions(on_start="resume"), draft_revision=5)
        restored = restore_version(flow.pk, number=1)
        assert (restored.draft, restored.draft_revision) == (first.definition, 6)
        assert FlowVersion.objects.count() == 1
        with pytest.raises(NotFound):
            restore_version(flow.pk, number=2)


def test_a_flow_of_another_organization_cannot_be_published() -> None:
    flow = a_flow_of()
    with organization_scope(make_flow_bot().organization_id), pytest.raises(NotFound):
        publish_version(flow.pk)


def publishes(flow: Flow) -> int | None:
    with organization_scope(flow.organization_id), scoped_transaction():
        return publish_version(flow.pk).number


@pytest.mark.django_db(transaction=True)
def test_eight_publications_at_once_get_eight_numbers() -> None:
    flow = a_flow_of()
    numbers = at_once(8, lambda _place: publishes(flow))
    assert sorted(str(number) for number in numbers) == [str(number) for number in range(1, 9)]


@pytest.mark.django_db(transaction=True)
def test_their_twin_without_the_flows_lock_collides() -> None:
    flow = a_flow_of()
    gate = threading.Barrier(2, timeout=20)
    last_number = publishing._last_number

    def count_together(of: Flow) -> int:
        last = last_number(of)
        gate.wait()
        return last

    with (
        patch.object(publishing, "lock_flow", lambda flow_id: Flow.objects.select_related("bot").get(pk=flow_id)),
        patch.object(publishing, "lock_bot", lambda bot_id: flow.bot),
        patch.object(publishing, "_last_number", count_together),
    ):
        answers = at_once(2, lambda _place: publishes(flow))
    assert sorted(type(answer).__name__ for answer in answers) == ["IntegrityError", "int"]
