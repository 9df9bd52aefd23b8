"""The test chat: a member talks to a draft or a version through the real inbox, worker and outbox."""

import hashlib
from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from bots.errors import DomainError, Invalid, NotFound
from bots.permissions import Permission
from bots.web.errors import as_json
from bots.web.member import MemberRequest, member_page
from flows import selectors
from flows.services import test_chats
from flows.services.publishing import latest_version
from flows.web.chat_feed import asset_ids, bubbles_of
from flows.web.chat_panel import panel_context
from flows.web.door import flow_or_404, test_chat_or_404
from flows.web.problems import problem_context, problems_in
from flows.web.steps import steps_of

# A Telegram message is at most this long.
TEXT_LENGTH = 4096


@member_page(Permission.FLOW_TEST)
def test_chat(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Opens the member's own chat with the draft, or with `?versao=N`; a draft with errors shows its problems."""
    flow = flow_or_404(flow_id)
    context: dict[str, object] = {"flow": flow, "latest": latest_version(flow)}
    try:
        chat = test_chats.open_test_chat(flow_id, user=request.user, number=_number(request))
    except Invalid as error:
        return render(request, "flows/test_chat.html", {**context, **problem_context(problems_in(error))})
    except NotFound as error:
        raise Http404(error.code) from error
    steps = steps_of(chat.version.definition)
    context |= {"version": chat.version, "steps": steps, **panel_context(chat.conversation)}
    return render(request, "flows/test_chat.html", context)


@member_page(Permission.FLOW_TEST)
def feed(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """What the chat shows now; 304 while it is as it was."""
    flow = flow_or_404(flow_id)
    conversation = test_chat_or_404(request, flow_id)
    lines = selectors.transcript_of(conversation.pk)
    context = {
        "flow": flow,
        "bubbles": bubbles_of(lines, selectors.assets_named(asset_ids(lines))),
        "is_busy": selectors.is_busy(conversation),
        **panel_context(conversation),
    }
    content = render_to_string("flows/test_chat_feed.html", context, request)
    etag = f'"{hashlib.sha256(content.encode()).hexdigest()[:20]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    return HttpResponse(content, headers={"ETag": etag})


@member_page(Permission.FLOW_TEST, methods=("POST",))
def say(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """A message of the simulated contact."""
    conversation = test_chat_or_404(request, flow_id)
    text = request.POST.get("text", "").strip()[:TEXT_LENGTH]
    if not text:
        return JsonResponse({"message": _("Write something first.")}, status=400)
    return _done(lambda: test_chats.simulator_say(conversation, text=text))


@member_page(Permission.FLOW_TEST, methods=("POST",))
def press(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """A press of a button, an old one included."""
    conversation = test_chat_or_404(request, flow_id)
    message = request.POST.get("message", "")
    message_id = int(message) if message.isascii() and message.isdigit() and len(message) < 19 else None
    data = request.POST.get("data", "")
    return _done(lambda: test_chats.simulator_press(conversation, data=data, message_id=message_id))


@member_page(Permission.FLOW_TEST, methods=("POST",))
def share(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """The simulated contact sends a card, a place or a file."""
    conversation = test_chat_or_404(request, flow_id)
    try:
        what = test_chats.Share(request.POST.get("kind", ""))
    except ValueError:
        return JsonResponse({"message": _("Choose what to send.")}, status=400)
    return _done(lambda: test_chats.simulator_share(conversation, what=what))


def _done(act: Callable[[], None]) -> JsonResponse:
    try:
        act()
    except DomainError as error:
        return as_json(error)
    return JsonResponse({})


def _number(request: HttpRequest) -> int | None:
    number = request.GET.get("versao", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 9 else None
