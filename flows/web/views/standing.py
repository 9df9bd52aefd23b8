"""Standing still: everything that cannot go on by itself, why, and what to do about it."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots.errors import DomainError, Text
from bots.permissions import Permission
from bots.web.errors import tell
from bots.web.filters import chosen_uuid
from bots.web.looks import Look
from bots.web.member import MemberRequest, allowed, member_page
from flows.causes import cause_of
from flows.services.standing import dismiss_item, retry_item
from flows.standing_still import Kind, Standing, standing
from flows.web.looks import OWES, STANDING
from flows.web.steps import ShownStep, shown_step, steps_of

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One of them on the page. `key` is of this rendering: a form sent twice acts once."""

    item: Standing
    look: Look
    name: str
    cause: Text
    step: ShownStep | None
    steps: list[ShownStep]
    key: str
    owes_look: Look = OWES

    @property
    def is_run(self) -> bool:
        return self.item.run is not None


@member_page(Permission.CONVERSATION_VIEW)
def standing_list(request: MemberRequest) -> HttpResponseBase:
    """Newest first; who may answer sees what can be done."""
    kind = request.GET.get("tipo", "")
    found = standing(
        limit=PER_PAGE + 1,
        kind=Kind(kind) if kind in list(Kind) else None,
        before=chosen_uuid(request.GET.get("antes")),
    )
    shown = found[:PER_PAGE]
    context = {
        "rows": [_row(item) for item in shown],
        "older": shown[-1].id if len(found) > PER_PAGE else None,
        "kind": kind,
        "kinds": [(str(one), STANDING[one].label) for one in Kind],
        "may_act": allowed(request, Permission.CONVERSATION_ANSWER),
    }
    return render(request, "flows/standing_list.html", context)


@member_page(Permission.CONVERSATION_ANSWER, methods=("POST",))
def retry(request: MemberRequest, item_id: UUID) -> HttpResponseBase:
    """A message once more to the chat, an event once more to the flow."""
    try:
        retry_item(item_id, actor=request.user)
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, _("On its way again."))
    return redirect("standing_list")


@member_page(Permission.CONVERSATION_ANSWER, methods=("POST",))
def dismiss(request: MemberRequest, item_id: UUID) -> HttpResponseBase:
    """Nobody asks about it any more."""
    try:
        dismiss_item(item_id, actor=request.user)
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, _("Let go."))
    return redirect("standing_list")


def _row(item: Standing) -> Row:
    run = item.run
    definition = run.version.definition if run is not None else {}
    return Row(
        item=item,
        look=STANDING[item.kind],
        name=str(item.contact) if item.contact is not None else _("Somebody"),
        cause=cause_of(item.code),
        step=shown_step(definition, run.step_id) if run is not None else None,
        steps=steps_of(definition),
        key=uuid4().hex,
    )
