"""Acessos: who has what, since when and until when; given, taken back and moved by hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from bots import selectors as bot_selectors
from bots.errors import DomainError
from bots.permissions import Permission
from bots.web.errors import put_on, tell
from bots.web.looks import Look
from bots.web.member import MemberRequest, allowed, member_page
from payments import selectors
from payments.models import Grant
from payments.selectors import GrantState, contents_given, grant_title
from payments.services import grant_acts
from payments.web.grant_forms import GiveForm, found_contact
from payments.web.looks import GRANT_STATE, grant_state

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One access in the list."""

    row: Grant
    name: str
    title: str
    look: Look
    is_open: bool
    reason: str = ""


@member_page(Permission.PAYMENT_VIEW)
def grant_list(request: MemberRequest) -> HttpResponseBase:
    """Newest first; search and filter stay in the address."""
    state = request.GET.get("estado", "")
    query = request.GET.get("busca", "").replace("\x00", "").strip()[:200]
    found = selectors.grants_found(search=query, state=GrantState(state) if state in list(GrantState) else None)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("pagina"))
    grants = list(page.object_list)
    reasons = selectors.reasons_of(grants)
    context = {
        "grants": [_row(grant, reasons) for grant in grants],
        "page": page,
        "query": query,
        "state": state,
        "states": [(one.value, GRANT_STATE[one].label) for one in GrantState],
        "may_give": allowed(request, Permission.GRANT_GIVE),
    }
    return render(request, "payments/grant_list.html", context)


@member_page(Permission.GRANT_GIVE, methods=("GET", "HEAD", "POST"))
def give(request: MemberRequest) -> HttpResponseBase:
    """An access by hand: to whom, what, for how long, and why."""
    known = contents_given()
    form = GiveForm(
        known,
        list(bot_selectors.bots_of()),
        request.POST or None,
        chats=selectors.chats(),
        initial=request.GET.dict(),
    )
    if request.method == "POST" and form.is_valid():
        try:
            grant_acts.give_by_hand(
                form.cleaned_data["contact"].pk,
                organization_id=request.membership.organization_id,
                content=form.content,
                days=form.cleaned_data["days"],
                reason=form.cleaned_data["reason"],
                tell=form.cleaned_data["tell"],
                actor=request.user,
            )
        except DomainError as error:
            put_on(form, error)
        else:
            messages.success(request, _("The access is given."))
            return redirect("grant_list")
    return render(request, "payments/grant_give.html", {"form": form}, status=422 if request.method == "POST" else 200)


@member_page(Permission.GRANT_GIVE, methods=("POST",))
def take_back(request: MemberRequest, grant_id: UUID) -> HttpResponseBase:
    """The access is closed from now on."""
    return _do(
        request,
        lambda: grant_acts.take_back(
            grant_id,
            organization_id=request.membership.organization_id,
            reason=request.POST.get("reason", ""),
            actor=request.user,
        ),
        _("The access is taken back."),
    )


@member_page(Permission.GRANT_GIVE, methods=("POST",))
def move(request: MemberRequest, grant_id: UUID) -> HttpResponseBase:
    """The same access for another Telegram account of the same person."""

    def act() -> Grant:
        grant = selectors.grant(grant_id)
        contact = found_contact(request.POST.get("to", ""), bot_id=grant.contact.bot_id if grant.contact else None)
        return grant_acts.move_grant(
            grant_id,
            contact.pk,
            organization_id=request.membership.organization_id,
            reason=request.POST.get("reason", ""),
            tell=request.POST.get("tell") == "on",
            actor=request.user,
        )

    return _do(request, act, _("The access is moved."))


def _do(request: MemberRequest, act: Callable[[], object], done: str) -> HttpResponseBase:
    try:
        act()
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, done)
    return redirect("grant_list")


def _row(grant: Grant, reasons: Mapping[str, str]) -> GrantRow:
    state = grant_state(grant, timezone.now())
    name = str(grant.contact) if grant.contact else str(grant.telegram_user_id)
    is_open = state is GrantState.OPEN
    return GrantRow(grant, name, grant_title(grant), GRANT_STATE[state], is_open, reasons.get(str(grant.pk), ""))
