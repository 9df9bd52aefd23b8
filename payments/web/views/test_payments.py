"""The test chat's charge: pay, fail, expire, pay late, pay twice, in the sandbox."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bots.errors import DomainError, Text
from bots.permissions import Permission
from bots.web.errors import as_json, missing_is_404
from bots.web.member import MemberRequest, member_page
from flows import selectors as flow_selectors
from payments import selectors
from payments.domain.states import PaymentStatus
from payments.services.sandbox import Act, act_on_payment, skip_chat_time
from payments.web.looks import PAYMENT_STATUS


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing the member may do with the charge."""

    name: Act
    icon: str
    label: Text


PAY = Choice(Act.PAY, "banknote", gettext_lazy("Pay"))
FAIL = Choice(Act.FAIL, "circle-x", gettext_lazy("Fail"))
EXPIRE = Choice(Act.EXPIRE, "timer-reset", gettext_lazy("Expire"))
LATE = Choice(Act.PAY_LATE, "clock", gettext_lazy("Pay late"))
TWICE = Choice(Act.PAY_TWICE, "copy", gettext_lazy("Pay twice"))
AGAIN = Choice(Act.PAY_TWICE, "copy", gettext_lazy("Pay once more"))

CHOICES: dict[PaymentStatus, tuple[Choice, ...]] = {
    PaymentStatus.PENDING: (PAY, FAIL, EXPIRE, LATE, TWICE),
    PaymentStatus.FAILED: (LATE,),
    PaymentStatus.EXPIRED: (LATE,),
    PaymentStatus.PAID: (AGAIN,),
}


@member_page(Permission.FLOW_TEST)
def panel(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """The newest charge of the member's test chat, and what can be done with it; 304 while it is as it was."""
    with missing_is_404():
        chat = flow_selectors.test_conversation(flow_id=flow_id, user=request.user)
    payment = selectors.test_charges(chat.contact_id).first()
    # Where the run waits for the clock the chat itself offers to skip that.
    run = flow_selectors.test_run(chat)
    waits = run is not None and flow_selectors.next_wait(run) is not None
    seen = f"{payment.pk}:{payment.revision}:{payment.status}:{bool(payment.provider_id)}" if payment else "none"
    etag = f'"{hashlib.sha256(f"{seen}:{waits}:{request.LANGUAGE_CODE}".encode()).hexdigest()[:20]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    context = {
        "flow_id": flow_id,
        "payment": payment,
        "look": PAYMENT_STATUS[payment.status] if payment else None,
        "only_ends": payment is not None and payment.state is PaymentStatus.PENDING and not waits,
        "actions": CHOICES.get(payment.state, ()) if payment and payment.provider_id else (),
    }
    answer = render(request, "payments/test_payments.html", context)
    answer.headers["ETag"] = etag
    return answer


@member_page(Permission.FLOW_TEST, methods=("POST",))
def act(request: MemberRequest, flow_id: UUID, payment_id: UUID) -> HttpResponseBase:
    """Does what a buyer or a gateway would; what follows reaches the chat as it would in life."""
    with missing_is_404():
        chat = flow_selectors.test_conversation(flow_id=flow_id, user=request.user)
    if not selectors.test_charges(chat.contact_id).filter(pk=payment_id).exists():
        raise Http404
    wanted = request.POST.get("action", "")
    if wanted not in list(Act):
        return JsonResponse({"message": _("Choose what to do with the charge.")}, status=400)
    try:
        act_on_payment(payment_id, Act(wanted), organization_id=request.membership.organization_id)
    except DomainError as error:
        return as_json(error)
    return JsonResponse({})


@member_page(Permission.FLOW_TEST, methods=("POST",))
def skip(request: MemberRequest, flow_id: UUID) -> HttpResponseBase:
    """Time travel to the end of the next wait or of the open code, whichever comes first."""
    try:
        with missing_is_404():
            skip_chat_time(flow_id, user=request.user)
    except DomainError as error:
        return as_json(error)
    return JsonResponse({})
