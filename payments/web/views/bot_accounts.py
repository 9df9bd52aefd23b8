"""Which accounts a bot tries, in which order: pressed into place, one press at a time."""

from uuid import UUID

from django.http import Http404, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import redirect, render

from bots.errors import DomainError
from bots.permissions import Permission
from bots.selectors import bot_of
from bots.web.errors import missing_is_404, tell
from bots.web.member import MemberRequest, allowed, member_page
from bots.web.settings_tabs import settings_tabs
from payments import selectors
from payments.services.bot_accounts import OrderAct, change_bot_order
from payments.web.looks import account_look


@member_page(Permission.PAYMENT_VIEW)
def bot_order(request: MemberRequest, bot_id: UUID) -> HttpResponseBase:
    """What the bot tries, first to last, and which accounts it leaves out."""
    order = next((one for one in selectors.orders_of_bots() if one.bot.pk == bot_id), None)
    if order is None:
        raise Http404
    listed = {account.pk for account in order.accounts}
    others = [one for one in selectors.gateway_accounts().filter(stars_of__isnull=True) if one.pk not in listed]
    last = len(order.accounts) - 1
    charging = selectors.without_play_money(order.accounts)
    rows = [
        {
            "row": one,
            "look": account_look(one),
            "number": charging.index(one) + 1 if one in charging else 0,
            "is_first": place == 0,
            "is_last": place == last,
        }
        for place, one in enumerate(order.accounts)
    ]
    context = {
        "bot": order.bot,
        "own": order.own,
        "rows": rows,
        "others": [{"row": one, "look": account_look(one)} for one in others],
        "may_manage": allowed(request, Permission.GATEWAY_MANAGE),
        "settings_tabs": settings_tabs(request),
    }
    return render(request, "payments/bot_order.html", context)


@member_page(Permission.GATEWAY_MANAGE, methods=("POST",))
def bot_order_change(request: MemberRequest, bot_id: UUID) -> HttpResponseBase:
    """One press."""
    with missing_is_404():
        bot_of(bot_id)
    try:
        act = OrderAct(request.POST.get("act", ""))
        account_id = UUID(request.POST["account"]) if request.POST.get("account") else None
    except ValueError:
        return HttpResponseBadRequest()
    organization_id = request.membership.organization_id
    try:
        change_bot_order(bot_id, organization_id=organization_id, act=act, account_id=account_id, actor=request.user)
    except DomainError as error:
        tell(request, error)
    return redirect("bot_order", bot_id)
