"""Publishing: what changes, who is inside, what becomes of them, and closing a flow to new people."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bots.errors import DomainError, Stale
from bots.permissions import Permission
from bots.web.errors import sentence, tell
from bots.web.member import MemberRequest, allowed, member_page
from flows.models import Flow, FlowVersion
from flows.services.definitions import check_draft
from flows.services.impact import Impact, impact_of
from flows.services.publishing import close_to_new, latest_version, publish_version
from flows.web.differences import shown_difference
from flows.web.door import flow_or_404
from flows.web.impacts import shown_impacts, step_choices
from flows.web.problems import problem_context
from flows.web.publish_form import PublishForm, choice_forms, choices_in

REFUSED = 422
STALE = 409


@member_page(Permission.FLOW_VIEW, methods=("GET", "HEAD", "POST"))
def publish(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """GET: what publishing the draft would change, and for whom. POST: does it, or says why not and keeps the draft."""
    flow = flow_or_404(flow_id)
    if request.method != "POST":
        return _page(request, flow, PublishForm(initial=_seen(flow)))
    if not allowed(request, Permission.FLOW_PUBLISH):
        raise PermissionDenied
    form = PublishForm(request.POST)
    forms = choice_forms(request.POST)
    if not form.is_valid() or not forms.is_valid():
        return _page(request, flow, form, forms=forms, status=REFUSED)
    try:
        version = publish_version(
            flow_id,
            actor=request.user,
            note=form.cleaned_data["note"],
            choices=choices_in(forms),
            apply_texts=form.cleaned_data["apply_texts"],
            seen=form.seen,
        )
    except DomainError as error:
        status = STALE if isinstance(error, Stale) else REFUSED
        return _page(
            request, flow_or_404(flow_id), _again(form, flow, error), forms=forms, refused=error, status=status
        )
    _say_done(request, flow, version)
    done = reverse("flow_versions", args=[flow_id])
    return HttpResponse(headers={"HX-Redirect": done}) if "HX-Request" in request.headers else redirect(done)


@member_page(Permission.FLOW_PUBLISH, methods=("POST",))
def close(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Closes the flow to new people, or opens it again."""
    flow_or_404(flow_id)
    closed = request.POST.get("closed") == "yes"
    try:
        close_to_new(flow_id, closed=closed, actor=request.user)
    except DomainError as error:
        tell(request, error)
    else:
        told = _("Closed to new people. Whoever is inside finishes.") if closed else _("Open to new people again.")
        messages.success(request, told)
    return redirect("flow_versions", flow_id)


def _page(
    request: MemberRequest,
    flow: Flow,
    form: PublishForm,
    *,
    forms: Any = None,
    refused: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    impact = impact_of(flow)
    problems = problem_context(check_draft(flow))
    may_publish = allowed(request, Permission.FLOW_PUBLISH)
    context = {
        **problems,
        "flow": flow,
        "latest": impact.since,
        "impact": impact,
        "difference": shown_difference(impact.difference),
        "steps": shown_impacts(impact, forms, step_choices(flow.draft)),
        "form": form,
        "refused": refused,
        "refusal": sentence(refused) if refused is not None else "",
        "can_publish": may_publish and problems["error_count"] == 0,
        "may_publish": may_publish,
        "people_line": _people_line(impact),
    }
    return render(request, "flows/publish.html", context, status=status)


def _people_line(impact: Impact) -> str:
    return ngettext("%(count)d person is inside", "%(count)d people are inside", impact.people) % {
        "count": impact.people
    }


def _seen(flow: Flow) -> dict[str, Any]:
    newest = latest_version(flow)
    return {"revision": flow.draft_revision, "number": newest.number if newest is not None else None}


def _again(form: PublishForm, flow: Flow, error: DomainError) -> PublishForm:
    """After a stale page the next try is about what is shown now; everything else stays as it was typed."""
    if not isinstance(error, Stale):
        return form
    flow.refresh_from_db()
    return PublishForm(initial={**form.cleaned_data, **_seen(flow)})


def _say_done(request: MemberRequest, flow: Flow, version: FlowVersion) -> None:
    messages.success(
        request,
        _("Version %(number)d is published. Whoever is inside stays on theirs, unless you chose otherwise.")
        % {"number": version.number or 0},
    )
    if not flow.active:
        messages.info(request, _("It is not active yet: choose it in the bot's settings so that new people enter it."))
