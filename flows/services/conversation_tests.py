"""Saved test conversations: written, played, put away. They belong to the flow, not to one of its versions."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, Invalid, NotFound
from bots.models import User
from flows.engine.problems import Problem
from flows.engine.testing.document import ConversationTest as TestDocument
from flows.engine.testing.parse import parse_test
from flows.models import ConversationTest, Flow
from flows.models.flow import language
from flows.services.definitions import completed, require_flow
from flows.services.embedding import embedded_for
from flows.services.locking import lock_flow
from flows.services.playing import Played, note_results, play_tests, tests_of

MOST_TESTS: Final = 100


def check_test(document: object) -> tuple[Problem, ...]:
    """Every problem of a test's document, in the language of the request; whether it passes is another question."""
    return parse_test(document, locale=language()).problems


def require_test(flow_id: UUID, test_id: UUID) -> ConversationTest:
    """A saved test of a flow of the active organization; NotFound if one of them is not there."""
    flow = require_flow(flow_id)
    test = ConversationTest.objects.filter(pk=test_id, flow=flow).first()
    if test is None:
        raise NotFound("conversation_test_not_found", _("There is no such test."))
    return test


def create_test(flow_id: UUID, *, document: object, created_by: User | None = None) -> ConversationTest:
    """Saves a test of this flow, red or green. Raises Invalid with the problems of a document that cannot be read,
    Conflict for a name the flow has already or for one test too many. Locks the flow."""
    parsed = _readable(document)
    with transaction.atomic():
        flow = lock_flow(flow_id)
        if ConversationTest.objects.filter(flow=flow).count() >= MOST_TESTS:
            raise Conflict("too_many_tests", _("A flow can have %(most)d tests.") % {"most": MOST_TESTS})
        test = ConversationTest(
            organization_id=flow.organization_id, flow=flow, name=parsed.name, document=document, created_by=created_by
        )
        _save(test)
    return test


def change_test(flow_id: UUID, test_id: UUID, *, document: object) -> ConversationTest:
    """Replaces a test's document; its last result is forgotten. Raises as `create_test`. Locks the flow."""
    parsed = _readable(document)
    with transaction.atomic():
        lock_flow(flow_id)
        test = require_test(flow_id, test_id)
        test.name, test.document = parsed.name, document
        test.last_ok = test.last_report = test.last_played_at = None
        _save(test)
    return test


def delete_test(flow_id: UUID, test_id: UUID) -> None:
    """A publication does not ask it any more."""
    require_test(flow_id, test_id).delete()


def run_tests(flow_id: UUID, *, only: Iterable[UUID] | None = None) -> list[Played]:
    """Plays the flow's tests (or those named) on its draft as it would be published now, and keeps the results."""
    flow = require_flow(flow_id)
    wanted = None if only is None else set(only)
    tests = [test for test in tests_of(flow) if wanted is None or test.pk in wanted]
    definition = completed(flow.draft, flow.bot)
    played = play_tests(tests, flow, definition, embedded_for(definition, bot_id=flow.bot_id))
    note_results(played)
    return played


def copy_tests(documents: Iterable[Any], flow: Flow, *, created_by: User | None = None) -> list[ConversationTest]:
    """Gives a flow the tests that came with its definition: a template's, an exported flow's. What cannot be read, a
    name it has already and what is one too many are left out: a flow is never refused for its tests."""
    taken = {test.name for test in tests_of(flow)}
    made = []
    for document in documents:
        parsed = parse_test(document).test
        if parsed is None or parsed.name in taken or len(taken) >= MOST_TESTS:
            continue
        taken.add(parsed.name)
        made.append(
            ConversationTest.objects.create(
                organization_id=flow.organization_id,
                flow=flow,
                name=parsed.name,
                document=document,
                created_by=created_by,
            )
        )
    return made


def _readable(document: object) -> TestDocument:
    parsed = parse_test(document, locale=language())
    if parsed.test is None:
        raise Invalid(
            "conversation_test_invalid",
            _("The test was not saved: it has problems."),
            field="document",
            problems=parsed.problems,
        )
    return parsed.test


def _save(test: ConversationTest) -> None:
    try:
        with transaction.atomic():
            test.save()
    except IntegrityError as error:
        if "one_conversation_test_per_name" not in str(error):
            raise
        raise Conflict("test_name_taken", _("This flow already has a test with this name."), field="name") from error
