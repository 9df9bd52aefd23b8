"""Groups and channels: what the bots may do there, who is inside by an access, who stays whatever happens."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots.errors import DomainError, Invalid
from bots.models import ConnectedChat, Contact
from bots.models.chat import LEAST_MINUTES, MOST_LINKS, MOST_MINUTES
from bots.permissions import Permission
from bots.selectors import audit_of
from bots.services import chats
from bots.tenancy import no_transaction
from bots.web.errors import missing_is_404, tell
from bots.web.looks import Look, Tone
from bots.web.member import MemberRequest, allowed, member_page
from bots.web.settings_tabs import settings_tabs
from payments import selectors
from payments.selectors import ChatPeople
from payments.services import place_acts
from payments.web.grant_forms import found_contact

# How far ahead the list tells who will be put out.
LEAVING_WITHIN = timedelta(days=7)
NOBODY = ChatPeople()
LONGEST_ID = 18


@dataclass(frozen=True, slots=True)
class ChatRow:
    """One group or channel in the list."""

    row: ConnectedChat
    look: Look
    people: ChatPeople
    leaving: int


@dataclass(frozen=True, slots=True)
class KeptRow:
    """Somebody who stays."""

    telegram_user_id: int
    name: str
    reason: str


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


@member_page(Permission.BOT_VIEW)
def chat_detail(request: MemberRequest, chat_id: UUID) -> HttpResponseBase:
    """One of them: when another link is sent, and who stays whatever becomes of their access."""
    with missing_is_404():
        chat = selectors.chat(chat_id)
    context = {
        "chat": ChatRow(
            chat,
            _look(chat),
            selectors.people_of_chats().get(chat.pk, NOBODY),
            selectors.to_be_removed(LEAVING_WITHIN, chat_id=chat.pk).count(),
        ),
        "kept": _kept(chat),
        "least_minutes": LEAST_MINUTES,
        "most_minutes": MOST_MINUTES,
        "most_links": MOST_LINKS,
        "may_change": allowed(request, Permission.BOT_CHANGE),
        "may_give": allowed(request, Permission.GRANT_GIVE),
        "settings_tabs": settings_tabs(request),
    }
    return render(request, "payments/chat.html", context)


@member_page(Permission.BOT_CHANGE, methods=("POST",))
def change_links(request: MemberRequest, chat_id: UUID) -> HttpResponseBase:
    """When, and how often, another link is sent."""

    def act() -> object:
        return chats.set_another_link(
            chat_id,
            minutes=_number(request.POST.get("another_link_minutes", "")),
            links=_number(request.POST.get("another_links", "")),
            actor=request.user,
        )

    return _do(request, chat_id, act, _("Saved."))


@member_page(Permission.GRANT_GIVE, methods=("POST",))
def keep(request: MemberRequest, chat_id: UUID) -> HttpResponseBase:
    """Somebody joins the list of people who stay."""

    def act() -> object:
        return place_acts.keep_inside(
            chat_id,
            _person(request.POST.get("person", "")),
            organization_id=request.membership.organization_id,
            reason=request.POST.get("reason", ""),
            actor=request.user,
        )

    return _do(request, chat_id, act, _("This person stays."))


@member_page(Permission.GRANT_GIVE, methods=("POST",))
def keep_no_longer(request: MemberRequest, chat_id: UUID) -> HttpResponseBase:
    """Somebody leaves the list: from here on their access decides."""

    def act() -> object:
        return place_acts.keep_no_longer(
            chat_id,
            _number(request.POST.get("telegram_user_id", "")),
            organization_id=request.membership.organization_id,
            reason=request.POST.get("reason", ""),
            actor=request.user,
        )

    return _do(request, chat_id, act, _("Off the list: from now on the access decides."))


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


def _do(request: MemberRequest, chat_id: UUID, act: Callable[[], object], done: str) -> HttpResponseBase:
    try:
        selectors.chat(chat_id)
        act()
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, done)
    return redirect("chat_detail", chat_id)


def _kept(chat: ConnectedChat) -> list[KeptRow]:
    """The list with names, where they are known, and the reasons it was given."""
    reasons: dict[int, str] = {}
    for entry in audit_of(object_type=ConnectedChat._meta.label_lower, object_id=str(chat.pk)):
        if entry.action == "chat.kept":
            reasons.setdefault(entry.data.get("telegram_user_id"), entry.reason)
    people = Contact.objects.filter(telegram_user_id__in=chat.allow_list).order_by("updated_at", "id")
    names = {person.telegram_user_id: str(person) for person in people}
    return [KeptRow(one, names.get(one, ""), reasons.get(one, "")) for one in chat.allow_list]


def _person(named: str) -> int:
    """Whom the team means: a Telegram id, whoever it is, or the @username of somebody known. Raises Invalid."""
    text = named.strip()
    if text.isascii() and text.isdigit() and 0 < len(text) <= LONGEST_ID:
        return int(text)
    return found_contact(text, bot_id=None).telegram_user_id


def _number(text: str) -> int:
    """Raises Invalid for what is no number."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        raise Invalid("not_a_number", _("This must be a whole number."))
    return int(text)
