"""The door for gateways' notices: keeps the bytes, answers fast, believes nothing."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bots.tenancy import no_scope, no_transaction
from payments.services.webhooks import account_at, store_delivery

LARGEST_BODY = 1024 * 1024


@csrf_exempt
@no_transaction
@require_POST
def gateway_webhook(request: HttpRequest, gateway: str, public_id: str) -> HttpResponse:
    """200 once the notice is stored, however wrong it may be; 404 for an address of nobody, 413 over 1 MiB."""
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return HttpResponse(status=413)
    with no_scope(reason="a gateway names its account by an unguessable address"):
        address = account_at(gateway, public_id)
        if address is None:
            return HttpResponse(status=404)
        store_delivery(address, headers=dict(request.headers), query=request.META.get("QUERY_STRING", ""), body=body)
    return HttpResponse(status=200)
