"""Saved test conversations: what an owner keeps, what a publication asks of it, by every way in."""

from collections.abc import Iterator
from typing import Any

import pytest

from bots.errors import Conflict, Invalid, NotFound
from bots.tenancy import organization_scope
from flows.engine.compile import VersionKind
from flows.models import ConversationTest, Flow, FlowVersion
from flows.services.bot_settings import BotChanges, change_bot
from flows.services.conversation_tests import (
    MOST_TESTS,
    change_test,
    copy_tests,
    create_test,
    delete_test,
    require_test,
    run_tests,
)
from flows.services.definitions import check_draft, save_draft
from flows.services.publishing import publish_version
from tests.factories.flows import make_bot
from tests.support.conversation_tests import PAYS, STILL_UNPAID, WRONG_THREE_TIMES
from tests.support.flows import sales_flow

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> Iterator[Flow]:
    bot = make_bot(main_buttons=[])
    with organization_scope(bot.organization_id):
        yield Flow.objects.create(organization_id=bot.organization_id, bot=bot, name="Venda", draft=sales_flow())


def broken_behaviour() -> dict[str, Any]:
    """A sound definition that delivers to whoever has not paid."""
    document = sales_flow()
    pay = next(step for step in document["flow_steps"] if step["id"] == "pay")
    pay["connections"] = {"next": "remind", "pending": "vip"}
    return document


def versions_of(flow: Flow) -> int:
    return FlowVersion.objects.filter(flow=flow, kind=VersionKind.PUBLISHED.value).count()


def test_green_tests_let_a_publication_pass_and_keep_their_result(flow: Flow) -> None:
    tests = [create_test(flow.pk, document=document) for document in (PAYS, WRONG_THREE_TIMES, STILL_UNPAID)]
    assert [test.last_ok for test in tests] == [None, None, None]
    publish_version(flow.pk)
    assert versions_of(flow) == 1
    for test in tests:
        test.refresh_from_db()
        assert test.last_ok is True
        assert (test.last_report or {})["ok"] is True
        assert test.last_played_at is not None


def test_a_red_test_refuses_the_publication_and_names_its_first_difference(flow: Flow) -> None:
    create_test(flow.pk, document=PAYS)
    Flow.objects.filter(pk=flow.pk).update(draft=broken_behaviour())
    with pytest.raises(Invalid) as refused:
        publish_version(flow.pk)
    assert refused.value.code == "conversation_test_failed"
    problem = next(problem for problem in refused.value.problems if problem.code == "conversation_test_failed")
    assert problem.is_error
    assert problem.message == (
        "O teste “paga → recebe o acesso” não passa mais, no item 10: esperava “Bem-vindo ao VIP, Ana!\n"
        "https://example.com/vip”, veio “Seu PIX ainda está aberto.”."
    )
    assert versions_of(flow) == 0


def test_problems_of_the_definition_come_with_those_of_the_tests(flow: Flow) -> None:
    create_test(flow.pk, document=PAYS)
    flow.draft = broken_behaviour()
    flow.save()
    codes = [problem.code for problem in check_draft(flow)]
    assert "conversation_test_failed" in codes
    assert "unpaid_access" in codes
    saved = save_draft(flow.pk, definition=sales_flow(), expected_revision=flow.draft_revision)
    assert "conversation_test_failed" not in [problem.code for problem in saved.problems]


def test_a_change_of_the_bot_that_publishes_is_refused_too_and_changes_nothing(flow: Flow) -> None:
    main = [{"text": "VIP", "price": "10.00", "access": {"text": "Aqui"}}]
    create_test(
        flow.pk,
        document={
            "name": "as boas-vindas",
            "flow_enabled": False,
            "steps": [
                {"type": "text", "text": "oi"},
                {"type": "expect_replies", "replies": [{"text": "Bem-vindo à loja!"}]},
            ],
        },
    )
    publish_version(flow.pk)
    change_bot(flow.bot_id, BotChanges(active_flow=flow.pk, flow_enabled=True))
    with pytest.raises(Invalid) as refused:
        change_bot(flow.bot_id, BotChanges(welcome_message="Outra coisa", main_buttons=main))
    assert refused.value.code == "conversation_test_failed"
    flow.bot.refresh_from_db()
    assert (flow.bot.welcome_message, flow.bot.main_buttons) == ("Bem-vindo à loja!", [])
    assert versions_of(flow) == 1


def test_a_name_stands_once_per_flow(flow: Flow) -> None:
    create_test(flow.pk, document=PAYS)
    other = create_test(flow.pk, document=WRONG_THREE_TIMES)
    with pytest.raises(Conflict) as refused:
        create_test(flow.pk, document=PAYS)
    assert refused.value.code == "test_name_taken"
    with pytest.raises(Conflict):
        change_test(flow.pk, other.pk, document={**WRONG_THREE_TIMES, "name": PAYS["name"]})
    assert ConversationTest.objects.count() == 2


def test_a_flow_has_at_most_so_many_tests(flow: Flow) -> None:
    for number in range(MOST_TESTS):
        ConversationTest.objects.create(organization_id=flow.organization_id, flow=flow, name=str(number))
    with pytest.raises(Conflict) as refused:
        create_test(flow.pk, document=PAYS)
    assert refused.value.code == "too_many_tests"


def test_a_document_with_problems_is_not_saved(flow: Flow) -> None:
    with pytest.raises(Invalid) as refused:
        create_test(flow.pk, document={"name": "x", "steps": [{"type": "dance"}]})
    assert [problem.field for problem in refused.value.problems] == ["steps.0.type"]
    assert ConversationTest.objects.count() == 0


def test_a_changed_test_forgets_its_result(flow: Flow) -> None:
    test = create_test(flow.pk, document=PAYS)
    assert [one.report.ok for one in run_tests(flow.pk)] == [True]
    changed = change_test(flow.pk, test.pk, document={**PAYS, "description": "a venda"})
    assert (changed.last_ok, changed.document["description"]) == (None, "a venda")


def test_runs_on_the_draft_and_keeps_what_each_showed(flow: Flow) -> None:
    pays, wrong = (create_test(flow.pk, document=document) for document in (PAYS, WRONG_THREE_TIMES))
    Flow.objects.filter(pk=flow.pk).update(draft=broken_behaviour())
    assert [(one.test.name, one.report.ok) for one in run_tests(flow.pk)] == [
        (PAYS["name"], False),
        (WRONG_THREE_TIMES["name"], True),
    ]
    assert [one.test.pk for one in run_tests(flow.pk, only=[wrong.pk])] == [wrong.pk]
    pays.refresh_from_db()
    assert (pays.last_ok, (pays.last_report or {})["results"][-1]["type"]) == (False, "expect_replies")


def test_a_document_that_became_unreadable_blocks_and_says_so(flow: Flow) -> None:
    ConversationTest.objects.create(organization_id=flow.organization_id, flow=flow, name="velho", document={"name": 3})
    with pytest.raises(Invalid) as refused:
        publish_version(flow.pk)
    assert refused.value.code == "conversation_test_failed"
    assert "velho" in refused.value.problems[-1].message


def test_a_deleted_test_is_asked_no_more(flow: Flow) -> None:
    test = create_test(flow.pk, document=PAYS)
    Flow.objects.filter(pk=flow.pk).update(draft=broken_behaviour())
    delete_test(flow.pk, test.pk)
    publish_version(flow.pk)
    with pytest.raises(NotFound):
        require_test(flow.pk, test.pk)


def test_tests_that_come_with_a_definition_are_kept_as_far_as_they_can_be_read(flow: Flow) -> None:
    made = copy_tests([PAYS, {"name": ""}, PAYS, "x", WRONG_THREE_TIMES], flow)
    assert [test.name for test in made] == [PAYS["name"], WRONG_THREE_TIMES["name"]]


def test_another_organizations_test_is_not_there(flow: Flow) -> None:
    test = create_test(flow.pk, document=PAYS)
    stranger = make_bot()
    with organization_scope(stranger.organization_id):
        for touch in (
            lambda: require_test(flow.pk, test.pk),
            lambda: change_test(flow.pk, test.pk, document=PAYS),
            lambda: delete_test(flow.pk, test.pk),
            lambda: run_tests(flow.pk),
            lambda: create_test(flow.pk, document=PAYS),
        ):
            with pytest.raises(NotFound):
                touch()
    assert ConversationTest.unscoped.count() == 1
