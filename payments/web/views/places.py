"""People and groups: who paid and is not inside, who will be put out and when, who was; what the team does about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots.errors import DomainError
from bots.permissions import Permission
from bots.web.errors import tell
from bots.web.looks import Look
from bots.web.member import MemberRequest, allowed, member_page
from payments import selectors
from payments.models import Place
from payments.selectors import Leaving, Outside, grant_title
from payments.services import grant_acts, place_acts
from payments.web.looks import LEAVING_WHY, LINK_FATE

PER_PAGE = 30
# How far ahead the list of who will be put out may look, in days.
SPANS = (7, 1, 30)
LAST_REMOVED = 20


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """Somebody who may come in and is not there."""

    told: Outside
    title: str
    look: Look
    can_be_sent: bool


@dataclass(frozen=True, slots=True)
class LeavingRow:
    """Somebody who will be put out."""

    told: Leaving
    title: str
    look: Look
    can_extend: bool


@member_page(Permission.PAYMENT_VIEW)
def outside_list(request: MemberRequest) -> HttpResponseBase:
    """Paid and not inside, longest first, with what became of the last link."""
    page = Paginator(selectors.paid_but_not_inside(), PER_PAGE).get_page(request.GET.get("pagina"))
    rows = [
        OutsideRow(
            told,
            grant_title(told.grant),
            LINK_FATE[told.fate],
            told.fate not in (selectors.LinkFate.CHAT_LOST, selectors.LinkFate.BLOCKED),
        )
        for told in selectors.outside(page.object_list)
    ]
    context = {"people": rows, "page": page, "may_give": allowed(request, Permission.GRANT_GIVE), "tab": "outside"}
    return render(request, "payments/outside.html", context)


@member_page(Permission.GRANT_GIVE, methods=("POST",))
def send_link(request: MemberRequest, place_id: UUID) -> HttpResponseBase:
    """A fresh link now; pressed twice it is sent once."""
    organization_id = request.membership.organization_id
    try:
        sent = place_acts.send_link_now(place_id, organization_id=organization_id, actor=request.user)
    except DomainError as error:
        tell(request, error)
    else:
        told = _("A fresh link is on its way.") if sent else _("The link of a moment ago is still on its way.")
        messages.success(request, told)
    return redirect("outside_list")


@member_page(Permission.PAYMENT_VIEW)
def leaving_list(request: MemberRequest) -> HttpResponseBase:
    """Who will be put out of which group, when and why; and who was lately."""
    asked = request.GET.get("dias", "")
    days = int(asked) if asked in {str(one) for one in SPANS} else SPANS[0]
    page = Paginator(selectors.to_be_removed(timedelta(days=days)), PER_PAGE).get_page(request.GET.get("pagina"))
    rows = [
        LeavingRow(
            told,
            grant_title(told.grant) if told.grant else "",
            LEAVING_WHY[told.why],
            told.grant is not None and told.grant.revoked_at is None and told.grant.ends_at is not None,
        )
        for told in selectors.leaving(page.object_list)
    ]
    context = {
        "people": rows,
        "page": page,
        "days": days,
        "spans": sorted(SPANS),
        "removed": list(selectors.removed_lately()[:LAST_REMOVED]),
        "may_give": allowed(request, Permission.GRANT_GIVE),
        "tab": "leaving",
    }
    return render(request, "payments/leaving.html", context)


@member_page(Permission.GRANT_GIVE, methods=("POST",))
def keep(request: MemberRequest, place_id: UUID) -> HttpResponseBase:
    """This person stays in that group, whatever becomes of the access."""
    return _act(request, lambda place, reason: _keep(request, place, reason), place_id, _("This person stays."))


@member_page(Permission.GRANT_GIVE, methods=("POST",))
def undo(request: MemberRequest, place_id: UUID) -> HttpResponseBase:
    """Whoever was put out may come in again."""

    def act(place: Place, reason: str) -> object:
        return place_acts.undo_removal(
            place.pk,
            organization_id=request.membership.organization_id,
            days=_days(request.POST.get("days", "")),
            reason=reason,
            actor=request.user,
        )

    return _act(request, act, place_id, _("Undone: an access is given and a link is on its way."))


@member_page(Permission.GRANT_GIVE, methods=("POST",))
def extend(request: MemberRequest, grant_id: UUID) -> HttpResponseBase:
    """So many days more."""
    try:
        grant_acts.extend_grant(
            grant_id,
            organization_id=request.membership.organization_id,
            days=_days(request.POST.get("days", "")) or 0,
            reason=request.POST.get("reason", ""),
            actor=request.user,
        )
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, _("The access is extended."))
    return redirect("grant_list" if request.POST.get("from") == "accesses" else "leaving_list")


def _keep(request: MemberRequest, place: Place, reason: str) -> object:
    organization_id = request.membership.organization_id
    return place_acts.keep_inside(
        place.chat_id, place.telegram_user_id, organization_id=organization_id, reason=reason, actor=request.user
    )


def _act(request: MemberRequest, act: Callable[[Place, str], object], place_id: UUID, done: str) -> HttpResponseBase:
    try:
        act(selectors.place(place_id), request.POST.get("reason", ""))
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, done)
    return redirect("leaving_list")


def _days(text: str) -> int | None:
    """A number of days as it was typed; None for none. What is no number is 0, which nobody takes."""
    text = text.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
