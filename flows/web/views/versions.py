"""What was published of a flow: who, when, and back to the draft."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots.errors import DomainError
from bots.permissions import Permission
from bots.web.errors import tell
from bots.web.member import MemberRequest, allowed, member_page
from flows import selectors
from flows.services.impact import compared
from flows.services.publishing import latest_version, restore_version
from flows.web.differences import shown_difference
from flows.web.door import flow_or_404

PER_PAGE = 30


@member_page(Permission.FLOW_VIEW)
def version_list(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Newest first."""
    flow = flow_or_404(flow_id)
    page = Paginator(selectors.versions_of(flow_id), PER_PAGE).get_page(request.GET.get("pagina"))
    context = {
        "flow": flow,
        "latest": latest_version(flow),
        "versions": page.object_list,
        "page": page,
        "can_edit": allowed(request, Permission.FLOW_EDIT),
        "can_publish": allowed(request, Permission.FLOW_PUBLISH),
    }
    return render(request, "flows/versions.html", context)


@member_page(Permission.FLOW_VIEW)
def compare(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Two versions side by side, or a version and the draft; which ones stays in the address."""
    flow = flow_or_404(flow_id)
    numbers = [number for number in selectors.versions_of(flow_id).values_list("number", flat=True) if number]
    after = _named(request.GET.get("para"), numbers)
    before = _named(request.GET.get("de"), numbers) if "de" in request.GET else _before(after, numbers)
    context = {
        "flow": flow,
        "latest": latest_version(flow),
        "difference": shown_difference(compared(flow, before, after)),
        "choices": [("", _("The draft")), *((str(one), _("Version %(number)d") % {"number": one}) for one in numbers)],
        "before": str(before or ""),
        "after": str(after or ""),
    }
    return render(request, "flows/difference.html", context)


def _named(text: str | None, numbers: Sequence[int]) -> int | None:
    """The version of that number; the draft for anything else."""
    return next((number for number in numbers if str(number) == text), None)


def _before(after: int | None, numbers: Sequence[int]) -> int | None:
    """The version published before that one; before the draft, the newest."""
    older = [number for number in numbers if after is None or number < after]
    return max(older, default=None)


@member_page(Permission.FLOW_EDIT, methods=("POST",))
def restore(request: MemberRequest, flow_id: UUID, number: int) -> HttpResponseBase:
    """Puts a version back into the draft; publishing it is a step of its own."""
    flow_or_404(flow_id)
    try:
        restore_version(flow_id, number=number, actor=request.user)
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(
            request,
            _("Version %(number)d is in the draft. Look at what changes and publish it to make it run.")
            % {"number": number},
        )
    return redirect("flow_publish", flow_id)
