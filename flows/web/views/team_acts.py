"""What the team does in a conversation: resume, move, close, answer, mark as read."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from bots.errors import DomainError
from bots.permissions import Permission
from bots.web.errors import tell
from bots.web.member import MemberRequest, member_page
from flows import selectors
from flows.services.answering import answer_contact, mark_read
from flows.services.runs import close_run, move_run, resume_run

KEY_LENGTH = 64


@member_page(Permission.CONVERSATION_ANSWER, methods=("POST",))
def resume(request: MemberRequest, run_id: UUID) -> HttpResponseBase:
    """Back to the flow: on from a handoff, once more into a step that failed, said again anywhere else."""
    return _act(
        request, run_id, lambda: resume_run(run_id, actor=request.user, key=_key(request)), _("It goes on in a moment.")
    )


@member_page(Permission.CONVERSATION_ANSWER, methods=("POST",))
def move(request: MemberRequest, run_id: UUID) -> HttpResponseBase:
    """To another step of the same version."""
    step_id = request.POST.get("step", "")
    return _act(
        request,
        run_id,
        lambda: move_run(run_id, step_id, actor=request.user, key=_key(request)),
        _("It goes on at “%(step)s” in a moment.") % {"step": step_id},
    )


@member_page(Permission.CONVERSATION_ANSWER, methods=("POST",))
def close(request: MemberRequest, run_id: UUID) -> HttpResponseBase:
    """Over, with the reason and perhaps a last word."""
    return _act(
        request,
        run_id,
        lambda: close_run(
            run_id,
            actor=request.user,
            reason=request.POST.get("reason", ""),
            message=request.POST.get("message", ""),
            despite_owing=request.POST.get("despite_owing") == "on",
            key=_key(request),
        ),
        _("It is closed in a moment."),
    )


@member_page(Permission.CONVERSATION_ANSWER, methods=("POST",))
def answer(request: MemberRequest, run_id: UUID) -> HttpResponseBase:
    """A message of the team's own into the chat."""
    conversation_id = _conversation_of(run_id)
    text = request.POST.get("text", "")
    return _act(
        request,
        run_id,
        lambda: answer_contact(conversation_id, text, actor=request.user, key=_key(request)),
        _("Your message is on its way."),
    )


@member_page(Permission.CONVERSATION_ANSWER, methods=("POST",))
def read(request: MemberRequest, run_id: UUID) -> HttpResponseBase:
    """Off the team's unread list."""
    conversation_id = _conversation_of(run_id)
    return _act(request, run_id, lambda: mark_read(conversation_id), _("Marked as read."))


def _act(request: MemberRequest, run_id: UUID, act: Callable[[], None], told: str) -> HttpResponseBase:
    try:
        act()
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, told)
    back = request.POST.get("back", "")
    if back and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("conversation_detail", run_id)


def _key(request: MemberRequest) -> str | None:
    """Of the form as it was rendered, so that sending it twice acts once."""
    return request.POST.get("key", "")[:KEY_LENGTH] or None


def _conversation_of(run_id: UUID) -> UUID:
    run = selectors.run_with_everything(run_id)
    if run is None:
        raise Http404
    return run.conversation_id
