"""The sandbox's page to pay, open to whoever has its address."""

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bots.errors import Conflict, NotFound
from bots.tenancy import no_scope, no_transaction
from payments.domain.states import PaymentStatus
from payments.services.sandbox import Act, act, page_facts

# An enum is callable, and a template would call it.
ACTS = {what.name: what.value for what in Act}


@never_cache
@no_transaction
@require_http_methods(["GET", "HEAD", "POST"])
def pay_page(request: HttpRequest, token: str) -> HttpResponse:
    """Shows a sandbox charge; a POST does what the pressed button says, in the gateway's own books."""
    with no_scope(reason="the sandbox names its charge by an unguessable address"):
        try:
            if request.method == "POST":
                return _act(request, token)
            facts = page_facts(token, locale=get_language() or "pt-br")
        except NotFound:
            raise Http404 from None
    return render(request, "payments/sandbox_pay.html", {"charge": facts, "qr": _qr(facts.br_code), "acts": ACTS})


def _act(request: HttpRequest, token: str) -> HttpResponse:
    try:
        status = act(token, Act(request.POST.get("act", "")), notify="silent" not in request.POST)
    except ValueError:
        raise Http404 from None
    except Conflict as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _told(status))
    return redirect("sandbox_pay", token=token)


def _told(status: PaymentStatus) -> str:
    match status:
        case PaymentStatus.PAID:
            return _("Paid. The seller's bot is being told.")
        case PaymentStatus.FAILED:
            return _("The payment failed.")
        case _:
            return _("The code expired.")


def _qr(br_code: str) -> str:
    """The code as a picture in the page itself; empty where there is none."""
    if not br_code:
        return ""
    return str(segno.make(br_code, error="m", micro=False).svg_data_uri(scale=4, border=4))
