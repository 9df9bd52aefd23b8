"""Gateway accounts: where the money of charges goes, and whether they work."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots.permissions import Permission
from bots.web.looks import Look
from bots.web.member import MemberRequest, allowed, member_page
from bots.web.settings_tabs import settings_tabs
from payments import selectors
from payments.domain.gateway_names import GatewayName
from payments.models import GatewayAccount
from payments.services import ensure_sandbox_account
from payments.web.looks import account_look


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account in the list."""

    row: GatewayAccount
    gateway: str
    look: Look


@member_page(Permission.PAYMENT_VIEW)
def account_list(request: MemberRequest) -> HttpResponseBase:
    """The organization's accounts in the order in which they are tried."""
    rows = [
        AccountRow(account, account.gateway.replace("_", " ").capitalize(), account_look(account))
        for account in selectors.gateway_accounts()
    ]
    has_sandbox = any(one.row.gateway == GatewayName.SANDBOX for one in rows)
    context = {
        "accounts": rows,
        "settings_tabs": settings_tabs(request),
        "offers_sandbox": not has_sandbox and allowed(request, Permission.GATEWAY_MANAGE),
    }
    return render(request, "payments/accounts.html", context)


@member_page(Permission.GATEWAY_MANAGE, methods=("POST",))
def add_sandbox(request: MemberRequest) -> HttpResponseBase:
    """The account to try everything with, before a real gateway is connected. Safe to repeat."""
    ensure_sandbox_account(request.membership.organization)
    messages.success(request, _("The sandbox is ready. Your bots charge in it: nobody pays real money."))
    return redirect("account_list")
