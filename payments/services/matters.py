"""Money that is not as expected is never passed over in silence: a line in the ledger, a row for the team, and a word.

What the rules decide by themselves happens here, in the transaction that books the money; `services.deciding` is for
what waits for a member.
"""

from django.utils import timezone

from flows.engine.events import MoneyWord
from payments.domain.events import EventKind, EventSource
from payments.domain.rules import Matter, MoneyCase, MoneyPolicy
from payments.models import CreditEntry, MatterState, MoneyMatter, Order, Payment
from payments.services.ledger import write_event
from payments.services.refunding import has_open_refund, refund_by_rule
from payments.services.telling import tell_money

_STATES = {
    MoneyPolicy.DELIVER: MatterState.DELIVERED,
    MoneyPolicy.CREDIT: MatterState.CREDITED,
    MoneyPolicy.REFUND: MatterState.REFUNDED,
    MoneyPolicy.ASK_ME: MatterState.WAITING,
}
# A refund says its own word once the money has left.
_WORDS = {
    MoneyPolicy.DELIVER: MoneyWord.SERVED,
    MoneyPolicy.CREDIT: MoneyWord.CREDITED,
    MoneyPolicy.REFUND: MoneyWord.SERVED,
    MoneyPolicy.ASK_ME: MoneyWord.UNUSUAL,
}


def note_matter(order: Order, payment: Payment, matter: Matter, *, source: EventSource) -> None:
    """What the rules say of it, done and written down; once per charge and case. Under the locks of order and payment,
    after the charge's own move is written. More of the same while a decision waits is decided with it; after one, the
    ledger's alarm tells of it."""
    known = MoneyMatter.objects.filter(payment_id=payment.pk, case=matter.case.value).first()
    if known is not None:
        if known.state == MatterState.WAITING and matter.case is MoneyCase.DOUBLE:
            known.amount_minor += matter.amount.minor
            known.save(update_fields=["amount_minor"])
        return
    policy = matter.policy
    if policy is MoneyPolicy.REFUND and has_open_refund(payment):
        policy = MoneyPolicy.ASK_ME  # the team finishes that one first
    row = MoneyMatter(
        organization_id=payment.organization_id,
        payment_id=payment.pk,
        case=matter.case.value,
        policy=matter.policy.value,
        amount_minor=matter.amount.minor,
        currency=payment.currency,
    )
    row.state = _STATES[policy]
    row.decided_at = None if policy is MoneyPolicy.ASK_ME else timezone.now()
    row.save(force_insert=True)
    carry_out(order, payment, row, policy, source=source)


def carry_out(
    order: Order, payment: Payment, row: MoneyMatter, policy: MoneyPolicy, *, source: EventSource, decided: bool = False
) -> None:
    """Credit, refund, or nothing but the word; delivering is the caller's, who knows how the money arrived."""
    word = "decided" if decided else "rule"
    write_event(
        payment,
        key=f"matter:{row.case}:{word}",
        kind=EventKind.DECIDED,
        source=source,
        amount_minor=row.amount_minor,
        note=f"{row.case}: {policy.value}",
    )
    if policy is MoneyPolicy.CREDIT:
        CreditEntry.objects.create(
            organization_id=row.organization_id,
            telegram_user_id=order.telegram_user_id,
            matter_id=row.pk,
            amount_minor=row.amount_minor,
            currency=row.currency,
            note=order.description[:300],
        )
    if policy is MoneyPolicy.REFUND:
        refund_by_rule(payment, row.amount, source=source)
    if not decided or policy is MoneyPolicy.CREDIT:
        tell_money(order, _WORDS[policy], key=f"matter:{row.pk}:{word}")


def settle_waiting(payment: Payment) -> None:
    """The whole amount arrived after all: what waited for a decision needs none any more."""
    MoneyMatter.objects.filter(payment_id=payment.pk, case="smaller", state=MatterState.WAITING).update(
        state=MatterState.SETTLED, decided_at=timezone.now()
    )
