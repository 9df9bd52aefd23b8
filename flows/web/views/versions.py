"""What was published of a flow: who, when, and back to the draft."""

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
from flows.services.publishing import latest_version, restore_version
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
    }
    return render(request, "flows/versions.html", context)


@member_page(Permission.FLOW_EDIT, methods=("POST",))
def restore(request: MemberRequest, flow_id: UUID, number: int) -> HttpResponseBase:
    """Puts a version back into the draft; publishing it is a step of its own."""
    flow_or_404(flow_id)
    try:
        restore_version(flow_id, number=number)
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(
            request, _("Version %(number)d is in the draft. Publish it to make it run.") % {"number": number}
        )
    return redirect("flow_editor", flow_id)
