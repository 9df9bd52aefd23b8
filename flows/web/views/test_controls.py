"""Beside the test chat: begin at any step, change what is known, block the bot."""

from uuid import UUID

from django.http import HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from bots.errors import DomainError
from bots.permissions import Permission
from bots.web.errors import as_json
from bots.web.member import MemberRequest, member_page
from flows.services.test_controls import Beginning, begin_at, set_blocked, set_variables
from flows.web.door import test_chat_or_404
from flows.web.variable_text import NotAValue, ValueKind, value_of


@member_page(Permission.FLOW_TEST, methods=("POST",))
def begin(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """At the step that was chosen: anew, or with all that is known."""
    chat = test_chat_or_404(request, flow_id)
    how = Beginning.GO_ON if request.POST.get("how") == Beginning.GO_ON else Beginning.ANEW
    try:
        begin_at(chat, request.POST.get("step", ""), how=how)
    except DomainError as error:
        return as_json(error)
    return JsonResponse({})


@member_page(Permission.FLOW_TEST, methods=("POST",))
def variables(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Writes one variable, or clears it."""
    chat = test_chat_or_404(request, flow_id)
    name = request.POST.get("name", "").strip()
    try:
        if "clear" in request.POST:
            set_variables(chat, cleared=(name,))
        else:
            value = value_of(request.POST.get("value", ""), request.POST.get("kind", ValueKind.TEXT))
            set_variables(chat, {name: value})
    except NotAValue:
        return JsonResponse({"message": _("This is no number. Write it like 29.90, or choose Text.")}, status=400)
    except DomainError as error:
        return as_json(error)
    return JsonResponse({})


@member_page(Permission.FLOW_TEST, methods=("POST",))
def block(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """The simulated person blocks the bot, or unblocks it."""
    chat = test_chat_or_404(request, flow_id)
    set_blocked(chat, blocked=request.POST.get("blocked") == "on")
    return JsonResponse({})
