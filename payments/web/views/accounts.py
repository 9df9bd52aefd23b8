"""Gateway accounts: where the money of charges goes, and whether they work."""

from dataclasses import dataclass

from django.http import HttpResponseBase
from django.shortcuts import render

from bots.permissions import Permission
from bots.web.looks import Look
from bots.web.member import MemberRequest, member_page
from bots.web.settings_tabs import settings_tabs
from payments import selectors
from payments.models import GatewayAccount
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
    return render(request, "payments/accounts.html", {"accounts": rows, "settings_tabs": settings_tabs(request)})
