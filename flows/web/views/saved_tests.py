"""A flow's saved test conversations: listed, played, written as text, recorded from the test chat."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bots.errors import DomainError, Invalid
from bots.permissions import Permission
from bots.web.errors import as_json, missing_is_404, tell
from bots.web.member import MemberRequest, allowed, member_page
from flows import selectors
from flows.engine.problems import Problem
from flows.models import ConversationTest
from flows.services.conversation_tests import (
    change_test,
    check_test,
    create_test,
    delete_test,
    require_test,
    run_tests,
)
from flows.services.publishing import latest_version
from flows.services.recording import record_chat
from flows.web.door import flow_or_404
from flows.web.draft_text import NotADefinition, draft_of, test_text_of
from flows.web.problems import problem_context, problems_in
from flows.web.sent import not_json, sent_json
from flows.web.test_results import shown_results


@member_page(Permission.FLOW_VIEW)
def test_list(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Oldest first, each with what it showed when it was last played."""
    flow = flow_or_404(flow_id)
    tests = list(selectors.tests_of(flow_id))
    context = {
        "flow": flow,
        "latest": latest_version(flow),
        "tests": tests,
        "red": sum(test.last_ok is False for test in tests),
        "can_edit": allowed(request, Permission.FLOW_EDIT),
    }
    return render(request, "flows/saved_tests.html", context)


@member_page(Permission.FLOW_TEST, methods=("POST",))
def play(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Plays all of them on the draft, in memory."""
    flow_or_404(flow_id)
    played = run_tests(flow_id)
    red = [one for one in played if not one.report.ok]
    if red:
        messages.error(
            request,
            ngettext("%(count)d test no longer passes.", "%(count)d tests no longer pass.", len(red))
            % {"count": len(red)},
        )
    elif played:
        messages.success(
            request,
            ngettext("The test passes.", "All %(count)d tests pass.", len(played)) % {"count": len(played)},
        )
    return redirect("saved_test_list", flow_id)


@member_page(Permission.FLOW_EDIT, methods=("POST",))
def new(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """A test to begin with: somebody says hello, and what the bot answers now."""
    flow = flow_or_404(flow_id)
    taken = set(selectors.tests_of(flow_id).values_list("name", flat=True))
    number = len(taken) + 1
    while (name := _("Test %(number)d") % {"number": number}) in taken:
        number += 1
    try:
        test = create_test(
            flow.pk,
            document={
                "name": name,
                "steps": [{"type": "command", "command": "start"}, {"type": "expect_state", "state": "waiting"}],
            },
            created_by=request.user,
        )
    except DomainError as error:
        tell(request, error)
        return redirect("saved_test_list", flow_id)
    return redirect("saved_test", flow_id, test.pk)


@member_page(Permission.FLOW_VIEW)
def detail(request: MemberRequest, flow_id: UUID, test_id: UUID) -> HttpResponseBase:
    """The test as text, and what it showed when it was last played."""
    flow = flow_or_404(flow_id)
    test = _test_or_404(flow_id, test_id)
    problems = check_test(test.document)
    context = {
        **_problem_context(problems),
        "flow": flow,
        "latest": latest_version(flow),
        "test": test,
        "results": shown_results(test),
        "draft_text": test_text_of(test.document),
        "problem_data": [problem.as_dict() for problem in problems],
        "can_edit": allowed(request, Permission.FLOW_EDIT),
        "editor_texts": {
            "label": _("Test conversation, as JSON"),
            "saved": _("Saved"),
            "saving": _("Saving…"),
            "unsaved": _("Not saved yet"),
            "failed": _("Could not save. Your text is still here; trying again."),
            "notJson": _("This is not JSON yet: check commas, quotes and brackets."),
        },
    }
    return render(request, "flows/saved_test.html", context)


@member_page(Permission.FLOW_VIEW, methods=("POST",))
def check(request: MemberRequest, flow_id: UUID, test_id: UUID) -> HttpResponseBase:
    """Problems of the text as it stands in the editor; nothing is saved."""
    _test_or_404(flow_id, test_id)
    try:
        document = draft_of(str(sent_json(request).get("definition", "")))
    except NotADefinition:
        return not_json()
    return JsonResponse(_answer(check_test(document)))


@member_page(Permission.FLOW_EDIT, methods=("POST",))
def save(request: MemberRequest, flow_id: UUID, test_id: UUID) -> HttpResponseBase:
    """Saves a test that can be read; one that cannot stays as it was, and its problems are told."""
    _test_or_404(flow_id, test_id)
    try:
        document = draft_of(str(sent_json(request).get("definition", "")))
        change_test(flow_id, test_id, document=document)
    except NotADefinition:
        return not_json()
    except Invalid as error:
        refused = _answer(problems_in(error))
        return JsonResponse({"code": error.code, "message": str(error.message), **refused}, status=422)
    except DomainError as error:
        return as_json(error)
    return JsonResponse({"revision": 0, **_answer(())})


@member_page(Permission.FLOW_TEST, methods=("POST",))
def play_one(request: MemberRequest, flow_id: UUID, test_id: UUID) -> HttpResponseBase:
    """Plays this one on the draft, in memory; what it showed stands beside its text."""
    _test_or_404(flow_id, test_id)
    run_tests(flow_id, only=[test_id])
    return redirect("saved_test", flow_id, test_id)


@member_page(Permission.FLOW_EDIT, methods=("POST",))
def delete(request: MemberRequest, flow_id: UUID, test_id: UUID) -> HttpResponseBase:
    """Publications do not ask it any more."""
    test = _test_or_404(flow_id, test_id)
    delete_test(flow_id, test_id)
    messages.success(request, _("The test “%(name)s” is deleted.") % {"name": test.name})
    return redirect("saved_test_list", flow_id)


@member_page(Permission.FLOW_EDIT, methods=("POST",))
def record(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """The member's test chat so far, as a test: what was done and skipped, and what the bot answered."""
    flow_or_404(flow_id)
    with missing_is_404():
        conversation = selectors.test_conversation(flow_id=flow_id, user=request.user)
    try:
        test = record_chat(flow_id, conversation=conversation, user=request.user)
    except DomainError as error:
        tell(request, error)
        return redirect("test_chat", flow_id)
    messages.success(request, _("Saved as a test: give it a name, and take out what may change."))
    return redirect("saved_test", flow_id, test.pk)


def _test_or_404(flow_id: UUID, test_id: UUID) -> ConversationTest:
    with missing_is_404():
        return require_test(flow_id, test_id)


def _problem_context(problems: Any) -> dict[str, Any]:
    return {**problem_context(problems), "no_problems": _("No problems: it can be played.")}


def _answer(problems: Any) -> dict[str, Any]:
    context = _problem_context(problems)
    found: list[Problem] = context["problems"]
    return {
        "problems": [problem.as_dict() for problem in found],
        "list": render_to_string("components/problems.html", {**context, "jumps": True}),
        "publishable": not found,
    }
