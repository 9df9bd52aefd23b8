"""Flows and their drafts: made, edited under a revision, put away."""

from typing import Any
from uuid import uuid4

import pytest

from bots.errors import Invalid, NotFound
from bots.models import Bot
from bots.tenancy import organization_scope
from flows.models import Flow, FlowVersion
from flows.services.definitions import (
    DraftChangedMeanwhile,
    check_draft,
    create_flow,
    delete_flow,
    rename_flow,
    require_flow,
    save_draft,
)
from tests.factories.flows import make_bot, make_flow_bot, two_questions
from tests.support.flows import a_flow, a_question

pytestmark = pytest.mark.django_db


def made(definition: dict[str, Any] | None = None, **bot_fields: Any) -> Flow:
    bot = make_bot(**bot_fields)
    with organization_scope(bot.organization_id):
        return create_flow(bot_id=bot.pk, name=" Venda ", definition=definition or two_questions()).flow


def test_a_flow_is_made_with_its_draft_whatever_its_problems() -> None:
    bot = make_bot()
    with organization_scope(bot.organization_id):
        checked = create_flow(bot_id=bot.pk, name=" Venda ", definition=a_flow([a_question("ask", next="nowhere")]))
    assert (checked.flow.name, checked.flow.draft_revision, checked.flow.active) == ("Venda", 1, False)
    assert [problem.code for problem in checked.problems] == ["unknown_target"]


def test_what_the_document_says_of_the_bot_fills_only_what_is_empty() -> None:
    buttons = [{"text": "VIP", "price": "9.90", "access": {"text": "Oi"}}]
    document = two_questions(welcome_message="Do documento", main_buttons=buttons)
    made(document, welcome_message="Do bot")
    bot = Bot.unscoped.get()
    assert (bot.welcome_message, bot.main_buttons) == ("Do bot", buttons)


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_flow_needs_a_name(name: str) -> None:
    bot = make_bot()
    with organization_scope(bot.organization_id), pytest.raises(Invalid) as refused:
        create_flow(bot_id=bot.pk, name=name, definition=two_questions())
    assert (refused.value.field, Flow.unscoped.count()) == ("name", 0)


@pytest.mark.parametrize("definition", [[], "text", 7, {"flow_steps": ["\ud800"]}, {"x": float("nan")}])
def test_what_cannot_be_kept_is_refused_whole(definition: Any) -> None:
    bot = make_bot()
    with organization_scope(bot.organization_id), pytest.raises(Invalid):
        create_flow(bot_id=bot.pk, name="F", definition=definition)
    assert Flow.unscoped.count() == 0


def test_saves_a_draft_with_its_problems_and_counts_the_revision() -> None:
    flow = made()
    with organization_scope(flow.organization_id):
        checked = save_draft(flow.pk, definition=a_flow([a_question("ask", next="x")]), expected_revision=1)
    assert (checked.flow.draft_revision, [problem.code for problem in checked.problems]) == (2, ["unknown_target"])


def test_saving_what_is_there_changes_nothing() -> None:
    flow = made()
    with organization_scope(flow.organization_id):
        assert save_draft(flow.pk, definition=flow.draft, expected_revision=1).flow.draft_revision == 1


def test_refuses_a_stale_revision_and_keeps_both_sides() -> None:
    flow = made()
    theirs = two_questions(on_start="resume")
    with organization_scope(flow.organization_id):
        save_draft(flow.pk, definition=theirs, expected_revision=1)
        with pytest.raises(DraftChangedMeanwhile) as refused:
            save_draft(flow.pk, definition={"mine": True}, expected_revision=1)
    assert (refused.value.flow.draft, refused.value.flow.draft_revision) == (theirs, 2)
    assert Flow.unscoped.get().draft == theirs


def test_renaming_is_not_blocked_by_a_half_built_draft() -> None:
    flow = made({"flow_steps": [{}]})
    with organization_scope(flow.organization_id):
        assert rename_flow(flow.pk, name="Outro").name == "Outro"


def test_deleting_hides_and_deactivates_and_versions_stay() -> None:
    bot = make_flow_bot()
    flow = Flow.unscoped.get()
    with organization_scope(bot.organization_id):
        delete_flow(flow.pk)
        with pytest.raises(NotFound):
            require_flow(flow.pk)
    flow.refresh_from_db()
    assert (flow.active, flow.deleted_at is not None, FlowVersion.unscoped.count()) == (False, True, 1)


def test_a_flow_of_another_organization_is_not_there() -> None:
    flow = made()
    with organization_scope(make_bot().organization_id):
        for attempt in (
            lambda: require_flow(flow.pk),
            lambda: save_draft(flow.pk, definition={}, expected_revision=1),
            lambda: rename_flow(flow.pk, name="x"),
            lambda: delete_flow(flow.pk),
            lambda: create_flow(bot_id=flow.bot_id, name="x", definition={}),
        ):
            with pytest.raises(NotFound):
                attempt()
    with organization_scope(flow.organization_id), pytest.raises(NotFound):
        require_flow(uuid4())


def test_the_draft_is_checked_with_the_bots_own_buttons() -> None:
    flow = made()
    Bot.unscoped.update(main_buttons=[{"text": "VIP", "price": "9.90"}])
    with organization_scope(flow.organization_id):
        problems = check_draft(require_flow(flow.pk))
    assert [problem.field for problem in problems if problem.is_error] == ["main_buttons.0.access"]
