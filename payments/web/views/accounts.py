"""Gateway accounts: where the money of charges goes, in which order they are tried, and whether they work."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import DomainError, Text
from bots.permissions import Permission
from bots.tenancy import no_transaction
from bots.web.errors import missing_is_404, put_on
from bots.web.looks import Look
from bots.web.member import MemberRequest, allowed, member_page
from bots.web.moments import MINUTE, span
from bots.web.settings_tabs import settings_tabs
from payments import selectors
from payments.domain.gateway_names import GatewayName
from payments.domain.money import Currency, Money
from payments.gateways.base import SecretOrigin
from payments.gateways.registry import GATEWAYS, gateway_of
from payments.models import GatewayAccount
from payments.selectors import AccountHealth
from payments.services import account_settings, ensure_sandbox_account
from payments.services.account_settings import registers_webhook
from payments.services.accounts import webhook_url
from payments.services.transactions import work_for
from payments.web.failure_words import failure_in_words
from payments.web.forms import ADDABLE, WEBHOOK_STEPS, AccountForm
from payments.web.looks import account_look

UNKNOWN_HEALTH = AccountHealth()


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account in the list; `number`: its place in the order, 0 for Stars, which are tried by themselves.
    `webhook_url` and `webhook_secret` are what a seller may enter at a gateway; empty where nothing has to be entered.
    `registers`: we enter the address there ourselves."""

    row: GatewayAccount
    gateway: str
    look: Look
    number: int
    is_first: bool
    is_last: bool
    webhook_url: str = ""
    webhook_secret: str = ""
    steps: tuple[Text, ...] = ()
    registers: bool = False
    health: AccountHealth = UNKNOWN_HEALTH
    delay: str = ""
    failure: str = ""
    webhook_failure: str = ""
    unknown: Money | None = None


# How far back an account's health looks.
HEALTH_OF = timedelta(days=7)
# Nothing is entered anywhere: each charge tells where its notices go, or none are needed.
TELLS_ITSELF = frozenset({GatewayName.SANDBOX, GatewayName.MERCADO_PAGO, GatewayName.STARS})


@member_page(Permission.PAYMENT_VIEW)
def account_list(request: MemberRequest) -> HttpResponseBase:
    """The organization's accounts in the order in which they are tried."""
    may_manage = allowed(request, Permission.GATEWAY_MANAGE)
    accounts = sorted(selectors.gateway_accounts(), key=lambda one: one.stars_of_id is not None)
    charging = [one for one in selectors.without_play_money(accounts) if one.stars_of_id is None]
    accounts.sort(key=lambda one: (one.stars_of_id is not None, one not in charging))
    ordered = len(charging)
    health = selectors.health_of_accounts(since=timezone.now() - HEALTH_OF)
    rows = [
        _row(account, number, ordered, may_manage, health.get(account.pk, UNKNOWN_HEALTH))
        for number, account in enumerate(accounts)
    ]
    orders = selectors.orders_of_bots()
    has_sandbox = any(one.row.gateway == GatewayName.SANDBOX for one in rows)
    context = {
        "accounts": rows,
        "settings_tabs": settings_tabs(request),
        "offers_sandbox": not has_sandbox and may_manage,
        "may_manage": may_manage,
        "gateways": ADDABLE,
        # With one account there is nothing to order.
        "orders": orders if ordered > 1 or any(one.own for one in orders) else [],
    }
    return render(request, "payments/accounts.html", context)


@member_page(Permission.GATEWAY_MANAGE, methods=("POST",))
def add_sandbox(request: MemberRequest) -> HttpResponseBase:
    """The account to try everything with, before a real gateway is connected. Safe to repeat."""
    ensure_sandbox_account(request.membership.organization)
    messages.success(request, _("The sandbox is ready. Your bots charge in it: nobody pays real money."))
    return redirect("account_list")


@no_transaction
@member_page(Permission.GATEWAY_MANAGE, methods=("GET", "HEAD", "POST"))
def add_account(request: MemberRequest) -> HttpResponseBase:
    """A new account at the gateway that `gateway` names; its credentials are tried before they are kept."""
    wanted = request.GET.get("gateway", "")
    gateway = next((GatewayName(name) for name, _label in ADDABLE if name == wanted), GatewayName(ADDABLE[0][0]))
    form = AccountForm(gateway, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account = account_settings.add_account(
                organization=request.membership.organization,
                gateway=gateway,
                name=form.cleaned_data["name"],
                credentials=form.credentials,
                webhook_secret=form.cleaned_data.get("webhook_secret", ""),
                actor=request.user,
            )
        except DomainError as error:
            put_on(form, error)
        else:
            messages.success(request, _("The account is connected: the gateway took the credentials."))
            _tell_webhook(request, account)
            return redirect("account_list")
    context = {
        "form": form,
        "gateways": ADDABLE,
        "gateway": gateway.value,
        "payer_fields": sorted(field.value for field in GATEWAYS[gateway].traits.payer_fields),
        "settings_tabs": settings_tabs(request),
    }
    return render(request, "payments/account_new.html", context, status=422 if request.method == "POST" else 200)


@no_transaction
@member_page(Permission.GATEWAY_MANAGE, methods=("GET", "HEAD", "POST"))
def change_account(request: MemberRequest, account_id: UUID) -> HttpResponseBase:
    """Another name, or other credentials: what stays empty stays as it is. New ones are tried before they are kept."""
    organization_id = request.membership.organization_id
    with work_for(organization_id):
        account = selectors.gateway_accounts().filter(pk=account_id).first()
    if account is None:
        raise Http404
    gateway = GatewayName(account.gateway)
    open_fields = [field.name for field in GATEWAYS[gateway].traits.credentials if not field.secret]
    known = {name: account.opened_credentials.get(name, "") for name in open_fields} | {"name": account.name}
    form = AccountForm(gateway, request.POST or None, known=known)
    if request.method == "POST" and form.is_valid():
        credentials = {name: value for name, value in form.credentials.items() if value and value != known.get(name)}
        try:
            account = account_settings.change_account(
                account_id,
                organization_id=organization_id,
                name=form.cleaned_data["name"],
                credentials=credentials,
                webhook_secret=form.cleaned_data.get("webhook_secret") or None,
                actor=request.user,
            )
        except DomainError as error:
            put_on(form, error)
        else:
            messages.success(request, _("The account is changed."))
            if credentials:
                _tell_webhook(request, account)
            return redirect("account_list")
    context = {"form": form, "account": account, "settings_tabs": settings_tabs(request)}
    return render(request, "payments/account_change.html", context, status=422 if request.method == "POST" else 200)


@no_transaction
@member_page(Permission.GATEWAY_MANAGE, methods=("POST",))
def test_account(request: MemberRequest, account_id: UUID) -> HttpResponseBase:
    """Asks the gateway whether the account works."""
    with missing_is_404():
        error = account_settings.test_account(account_id, organization_id=request.membership.organization_id)
    if error is None:
        messages.success(request, _("The gateway answered: the account works."))
    else:
        messages.error(request, failure_in_words(f"{error.code}: {error}"))
    return redirect("account_list")


@member_page(Permission.GATEWAY_MANAGE, methods=("POST",))
def move_account(request: MemberRequest, account_id: UUID) -> HttpResponseBase:
    """One place up or down."""
    with missing_is_404():
        account_settings.move_account(
            account_id,
            organization_id=request.membership.organization_id,
            up=request.POST.get("to") == "up",
            actor=request.user,
        )
    return redirect("account_list")


@member_page(Permission.GATEWAY_MANAGE, methods=("POST",))
def switch_account(request: MemberRequest, account_id: UUID) -> HttpResponseBase:
    """On or off."""
    with missing_is_404():
        account_settings.switch_account(
            account_id,
            organization_id=request.membership.organization_id,
            active=request.POST.get("active") == "on",
            actor=request.user,
        )
    return redirect("account_list")


def _row(account: GatewayAccount, number: int, count: int, may_manage: bool, health: AccountHealth) -> AccountRow:
    traits = gateway_of(account.gateway).traits
    shows = may_manage and account.gateway not in TELLS_ITSELF
    return AccountRow(
        account,
        account.get_gateway_display(),
        account_look(account),
        number=number + 1 if number < count else 0,
        is_first=number == 0,
        is_last=number == count - 1,
        webhook_url=webhook_url(account) if shows else "",
        registers=shows and registers_webhook(account),
        webhook_secret=(account.webhook_secret or "") if shows and traits.webhook_secret is SecretOrigin.OURS else "",
        steps=WEBHOOK_STEPS.get(GatewayName(account.gateway), ()) if shows else (),
        health=health,
        delay=_delay(health.delay),
        failure=failure_in_words(account.last_error) if account.failing_since else "",
        webhook_failure=failure_in_words(account.webhook_error) if account.webhook_error else "",
        unknown=_unknown_money(account, health),
    )


def _tell_webhook(request: MemberRequest, account: GatewayAccount) -> None:
    if account.webhook_error:
        messages.warning(
            request,
            _("The address of its notices could not be entered at the gateway. %(reason)s Enter it by hand, as below.")
            % {"reason": failure_in_words(account.webhook_error)},
        )


def _unknown_money(account: GatewayAccount, health: AccountHealth) -> Money | None:
    currency = Currency.XTR if account.gateway == GatewayName.STARS else Currency.BRL
    return Money(health.compared.unknown_minor, currency) if health.compared is not None else None


def _delay(length: timedelta | None) -> str:
    if length is None:
        return ""
    return _("%(count)d s") % {"count": max(1, round(length.total_seconds()))} if length < MINUTE else span(length)
