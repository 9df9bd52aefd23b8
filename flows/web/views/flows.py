"""The list of flows, and the making of one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots import selectors as bot_selectors
from bots.errors import DomainError
from bots.permissions import Permission
from bots.web.filters import chosen_uuid
from bots.web.member import MemberRequest, allowed, member_page
from flows import selectors
from flows.services.starters import StarterCode, create_from_starter
from flows.web.forms import NewFlowForm
from flows.web.starter_cards import starter_cards

PER_PAGE = 30


@member_page(Permission.FLOW_VIEW)
def flow_list(request: MemberRequest) -> HttpResponseBase:
    """Flows of every bot, newest change first; search and filter stay in the address."""
    query = request.GET.get("busca", "").strip()
    bot_id = chosen_uuid(request.GET.get("bot"))
    page = Paginator(selectors.flows_of(bot_id=bot_id, query=query), PER_PAGE).get_page(request.GET.get("pagina"))
    return render(
        request,
        "flows/flow_list.html",
        {
            "flows": page.object_list,
            "page": page,
            "query": query,
            "chosen_bot": bot_id,
            "bots": list(bot_selectors.bots_of()),
            "can_edit": allowed(request, Permission.FLOW_EDIT),
        },
    )


@member_page(Permission.FLOW_EDIT, methods=("GET", "HEAD", "POST"))
def flow_new(request: MemberRequest) -> HttpResponseBase:
    """Makes a flow with a draft that can be published as it is, and the test conversations that come with it."""
    bots = list(bot_selectors.bots_of())
    if not bots:
        messages.info(request, _("A flow belongs to a bot: connect one first."))
        return redirect("bot_connect")
    form = NewFlowForm(request.POST or None, bots=bots, initial={"bot": bots[0].pk})
    if request.method == "POST" and form.is_valid():
        try:
            made = create_from_starter(
                StarterCode(form.cleaned_data["template"]),
                bot_id=form.cleaned_data["bot"].pk,
                name=form.cleaned_data["name"],
                created_by=request.user,
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("flow_editor", made.flow.pk)
    cards = starter_cards(chosen=str(form["template"].value()))
    return render(request, "flows/flow_new.html", {"form": form, "cards": cards})
