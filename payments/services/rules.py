"""The seller's rules for money that is not as expected: the bot's own, else the organization's, else the defaults."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.db.models import Q

from bots.models import Organization
from bots.services import AnyActor, record_audit
from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.models import MoneyRules, TakenFor
from payments.services.transactions import work_for


def rules_of(bot_id: UUID) -> MoneyRules:
    """In the active organization; not saved where nobody chose anything."""
    rows = {row.bot_id: row for row in MoneyRules.objects.filter(Q(bot_id__isnull=True) | Q(bot_id=bot_id))}
    return rows.get(bot_id) or rows.get(None) or MoneyRules()


def organization_rules() -> MoneyRules:
    """What holds for every bot without rules of its own."""
    return MoneyRules.objects.filter(bot_id__isnull=True).first() or MoneyRules()


def grace_for(bot_id: UUID, why: TakenFor) -> timedelta:
    """How long an access outlives its payment."""
    rules = rules_of(bot_id)
    hours = rules.dispute_grace_hours if why is TakenFor.DISPUTE else rules.refund_grace_hours
    return timedelta(hours=hours)


def set_rules(
    *,
    organization: Organization,
    policies: Mapping[MoneyCase, MoneyPolicy],
    refund_grace_hours: int,
    dispute_grace_hours: int,
    actor: AnyActor,
) -> MoneyRules:
    """Keeps the organization's rules; they hold for what comes from now on. Safe to repeat."""
    chosen: dict[str, object] = {case.value: policies[case].value for case in MoneyCase}
    chosen |= {"refund_grace_hours": refund_grace_hours, "dispute_grace_hours": dispute_grace_hours}
    with work_for(organization.pk):
        row, _made = MoneyRules.objects.update_or_create(organization_id=organization.pk, bot=None, defaults=chosen)
        record_audit(row, "money_rules.change", actor=actor, data=chosen)
    return row
