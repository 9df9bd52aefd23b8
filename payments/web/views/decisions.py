"""Money that is not as expected: what waits for a decision, what was decided, and the rules."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bots.errors import DomainError, Invalid, Text
from bots.permissions import Permission
from bots.web.errors import tell
from bots.web.looks import Look
from bots.web.member import MemberRequest, allowed, member_page
from bots.web.settings_tabs import settings_tabs
from payments.domain.money import Currency, Money
from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.models import MoneyMatter
from payments.services.deciding import decide, use_credit
from payments.services.refunding import can_give_back
from payments.services.refunds import amount_from
from payments.services.rules import organization_rules, set_rules
from payments.web import money_back
from payments.web.matter_words import CASES, EXPLAINED, policy_name
from payments.web.refund_forms import RulesForm
from payments.web.sale_page import matter_line, refund_lines

SHOWN = 50


CHOICES = (
    (MoneyPolicy.DELIVER, "gift"),
    (MoneyPolicy.CREDIT, "wallet"),
    (MoneyPolicy.REFUND, "undo-2"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may be done with it."""

    value: str
    icon: str
    label: Text


@dataclass(frozen=True, slots=True)
class MatterRow:
    """One payment, what happened, what may be done with it and what that does. `of_which`: what was asked, where less
    came."""

    matter: MoneyMatter
    look: Look
    explained: Text
    of_which: Money | None
    choices: tuple[Choice, ...]
    consequence: Text


@member_page(Permission.PAYMENT_VIEW)
def decision_list(request: MemberRequest) -> HttpResponseBase:
    """What waits, first; then what was done by itself or by the team."""
    context = {
        "waiting": [_row(matter) for matter in money_back.waiting_matters()[:SHOWN]],
        "decided": [matter_line(matter) for matter in money_back.decided_matters()[:SHOWN]],
        "by_hand": refund_lines(money_back.waiting_refunds()[:SHOWN]),
        "failed": refund_lines(money_back.failed_refunds()[:SHOWN]),
        "credits": money_back.credits(limit=SHOWN),
        "may_decide": allowed(request, Permission.PAYMENT_REFUND),
        "may_rule": allowed(request, Permission.GATEWAY_MANAGE),
    }
    return render(request, "payments/decisions.html", context)


@member_page(Permission.PAYMENT_REFUND, methods=("POST",))
def decision_take(request: MemberRequest, matter_id: UUID) -> HttpResponseBase:
    """Deliver, credit or refund; once."""
    wanted = request.POST.get("choice", "")
    choice = MoneyPolicy(wanted) if wanted in tuple(MoneyPolicy) else MoneyPolicy.ASK_ME
    try:
        decide(matter_id, choice, organization_id=request.membership.organization_id, actor=request.user)
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, _("Decided. It is done and written down with the sale."))
    return redirect("decision_list")


@member_page(Permission.PAYMENT_REFUND, methods=("POST",))
def credit_use(request: MemberRequest) -> HttpResponseBase:
    """The team used some of a person's credit."""
    person, currency = request.POST.get("person", ""), request.POST.get("currency", "")
    try:
        if not person.removeprefix("-").isdecimal() or len(person) > 19 or currency not in tuple(Currency):
            raise Invalid("no_such_credit", _("There is not so much credit."), field="amount")
        amount = amount_from(request.POST.get("amount", "0"), Currency(currency)) or Money(0, Currency(currency))
        use_credit(
            organization_id=request.membership.organization_id,
            telegram_user_id=int(person),
            amount=amount,
            actor=request.user,
            note="",
            seen=amount_from(request.POST.get("owed"), Currency(currency)),
        )
    except DomainError as error:
        tell(request, error)
    else:
        messages.success(request, _("Taken off the person's credit."))
    return redirect("decision_list")


@member_page(Permission.GATEWAY_MANAGE, methods=("GET", "HEAD", "POST"))
def money_rules(request: MemberRequest) -> HttpResponseBase:
    """What is done with late, double, smaller and larger money, and how long access outlives its money."""
    form = RulesForm(request.POST or None, initial=_present())
    if request.method == "POST" and form.is_valid():
        set_rules(
            organization=request.membership.organization,
            policies=form.policies,
            refund_grace_hours=form.cleaned_data["refund_grace_hours"],
            dispute_grace_hours=form.cleaned_data["dispute_grace_hours"],
            actor=request.user,
        )
        messages.success(request, _("The rules are saved. They hold for what comes from now on."))
        return redirect("money_rules")
    context = {
        "form": form,
        "policies": [form[case.value] for case in MoneyCase],
        "hours": [form["refund_grace_hours"], form["dispute_grace_hours"]],
        "settings_tabs": settings_tabs(request),
    }
    return render(request, "payments/rules.html", context, status=422 if request.method == "POST" else 200)


def _present() -> dict[str, object]:
    rules = organization_rules()
    names = (*(case.value for case in MoneyCase), "refund_grace_hours", "dispute_grace_hours")
    return {name: getattr(rules, name) for name in names}


def _row(matter: MoneyMatter) -> MatterRow:
    case = MoneyCase(matter.case)
    by_bank = not can_give_back(matter.payment, matter.amount)
    return MatterRow(
        matter,
        CASES[case],
        EXPLAINED[case],
        matter.payment.amount if case is MoneyCase.SMALLER else None,
        tuple(Choice(policy.value, icon, policy_name(case, policy)) for policy, icon in CHOICES),
        _("Given back, you send it by bank and say so here. Kept as credit, it waits below for your team.")
        if by_bank
        else _("Given back, it goes through the gateway. Kept as credit, it waits below for your team."),
    )
