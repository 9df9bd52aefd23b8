"""Groups and channels: what the bots may do there, and who is inside by an access."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots.models import ConnectedChat
from bots.permissions import Permission
from bots.services import chats
from bots.tenancy import no_transaction
from bots.web.looks import Look, Tone
from bots.web.member import MemberRequest, allowed, member_page
from bots.web.settings_tabs import settings_tabs
from payments import selectors
from payments.selectors import ChatPeople

# How far ahead the list tells who will be put out.
LEAVING_WITHIN = timedelta(days=7)
NOBODY = ChatPeople()


@dataclass(frozen=True, slots=True)
class ChatRow:
    """One group or channel in the list."""

    row: ConnectedChat
    look: Look
    people: ChatPeople
    leaving: int


@member_page(Permission.BOT_VIEW)
def chat_list(request: MemberRequest) -> HttpResponseBase:
    """Every connected group and channel of the organization, also those that were lost."""
    people = selectors.people_of_chats()
    leaving = Counter(selectors.to_be_removed(LEAVING_WITHIN).values_list("chat", flat=True))
    rows = [
        ChatRow(chat, _look(chat), people.get(chat.pk, NOBODY), leaving[chat.pk])
        for chat in ConnectedChat.objects.select_related("bot")
    ]
    context = {
        "chats": rows,
        "may_change": allowed(request, Permission.BOT_CHANGE),
        "settings_tabs": settings_tabs(request),
    }
    return render(request, "payments/chats.html", context)


@no_transaction
@member_page(Permission.BOT_CHANGE, methods=("POST",))
def check_chats(request: MemberRequest) -> HttpResponseBase:
    """Asks Telegram what the bots may do in each of them now."""
    if chats.check_chats_of(request.membership.organization_id):
        messages.success(request, _("Rights checked."))
    else:
        messages.error(request, _("Telegram did not answer about every group. Try again shortly."))
    return redirect("chat_list")


def _look(chat: ConnectedChat) -> Look:
    if chat.lost_reason:
        return Look("x", chat.get_lost_reason_display(), Tone.BROKEN)
    if not chat.can_invite_users:
        return Look("triangle-alert", _("May not invite people"), Tone.BROKEN)
    if not chat.can_restrict_members:
        return Look("triangle-alert", _("May not remove people"), Tone.NEEDS)
    return Look("check", _("Ready"), Tone.GO)
