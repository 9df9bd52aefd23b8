"""The JSON editor of a flow's draft: live problems, saving under a revision, publishing."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from bots.errors import DomainError, Invalid
from bots.permissions import Permission
from bots.web.errors import as_json, sentence
from bots.web.member import MemberRequest, allowed, member_page
from flows.models import Flow
from flows.services.definitions import (
    DraftChangedMeanwhile,
    check_definition,
    check_draft,
    save_draft,
)
from flows.services.publishing import latest_version
from flows.web.door import flow_or_404
from flows.web.draft_text import NotADefinition, draft_of, text_of
from flows.web.problems import problem_answer, problem_context


@member_page(Permission.FLOW_VIEW)
def editor(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """The draft as text, with everything that is wrong with it."""
    return _page(request, flow_or_404(flow_id))


@member_page(Permission.FLOW_VIEW, methods=("POST",))
def check(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Problems of the text as it stands in the editor, red tests among them; nothing is saved."""
    flow = flow_or_404(flow_id)
    try:
        definition = draft_of(str(_sent(request).get("definition", "")))
    except NotADefinition:
        return _not_json()
    return JsonResponse(problem_answer(check_definition(flow, definition)))


@member_page(Permission.FLOW_EDIT, methods=("POST",))
def save(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Saves with all its problems; a stale revision gets 409 and what the other member saved."""
    flow_or_404(flow_id)
    sent = _sent(request)
    try:
        saved = save_draft(
            flow_id, definition=draft_of(str(sent.get("definition", ""))), expected_revision=_revision(sent)
        )
    except NotADefinition:
        return _not_json()
    except DraftChangedMeanwhile as error:
        theirs = {"theirs": text_of(error.flow.draft), "revision": error.flow.draft_revision}
        return JsonResponse({"code": error.code, "message": sentence(error), **theirs}, status=409)
    except DomainError as error:
        return as_json(error)
    return JsonResponse({"revision": saved.flow.draft_revision, **problem_answer(saved.problems)})


def _page(request: MemberRequest, flow: Flow, *, refused: Invalid | None = None, status: int = 200) -> HttpResponse:
    problems = check_draft(flow)
    shown = problem_context(problems)
    context = {
        **shown,
        "flow": flow,
        "latest": latest_version(flow),
        "refused": refused,
        "draft_text": text_of(flow.draft),
        "problem_data": [problem.as_dict() for problem in shown["problems"]],
        "can_edit": allowed(request, Permission.FLOW_EDIT),
        "can_publish": allowed(request, Permission.FLOW_PUBLISH),
        "editor_texts": {
            "label": _("Draft of the flow, as JSON"),
            "saved": _("Saved"),
            "saving": _("Saving…"),
            "unsaved": _("Not saved yet"),
            "failed": _("Could not save. Your text is still here; trying again."),
            "notJson": _("This is not JSON yet: check commas, quotes and brackets."),
        },
    }
    return render(request, "flows/editor.html", context, status=status)


def _sent(request: HttpRequest) -> Mapping[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _revision(sent: Mapping[str, Any]) -> int:
    """A revision that is no number is older than any."""
    revision = sent.get("revision")
    return revision if type(revision) is int else 0


def _not_json() -> JsonResponse:
    message = _("This is not JSON yet: check commas, quotes and brackets.")
    return JsonResponse({"code": "not_json", "message": message}, status=400)
