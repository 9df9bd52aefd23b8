"""What a member decides about money that is not as expected: once, whoever is first."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.crashpoints import crash_point, register
from bots.errors import Conflict, Invalid, NotFound
from bots.services import AnyActor, record_audit
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.domain.states import UNPAID, Notice, PaymentStatus
from payments.locking import lock_credit, lock_order, lock_payment
from payments.models import CreditEntry, MatterState, MoneyMatter, Order, Payment
from payments.services.matters import carry_out
from payments.services.refunding import has_open_refund
from payments.services.telling import tell_changed
from payments.services.transactions import work_for
from payments.services.transitions import apply_notice, pay_order

DECIDED = register("payments.matter.decided")

CHOICES = {
    MoneyPolicy.DELIVER: MatterState.DELIVERED,
    MoneyPolicy.CREDIT: MatterState.CREDITED,
    MoneyPolicy.REFUND: MatterState.REFUNDED,
}


def decide(matter_id: UUID, choice: MoneyPolicy, *, organization_id: UUID, actor: AnyActor) -> MoneyMatter:
    """Delivers, credits or gives back what waits for a decision. Two at once: one wins, the other gets `Conflict`.
    `Invalid` for a choice that is none, `NotFound`. Locks order, then payment."""
    state = CHOICES.get(choice)
    with work_for(organization_id):
        order, payment, matter = _locked(matter_id)
        # What is not there is not there, whatever was chosen.
        if state is None:
            raise Invalid("no_choice", _("Choose what is to be done."), field="choice")
        if matter.state != MatterState.WAITING:
            raise Conflict("already_decided", _("Somebody has decided this already."))
        if choice is MoneyPolicy.REFUND and has_open_refund(payment):
            raise Conflict("refund_open", _("A refund of this payment is on its way already."))
        matter.state, matter.decided_at = state, timezone.now()
        matter.save(update_fields=["state", "decided_at"])
        carry_out(order, payment, matter, choice, source=EventSource.OPERATOR, decided=True)
        if choice is MoneyPolicy.DELIVER:
            _deliver(order, payment, matter)
        record_audit(
            matter,
            "money.decide",
            actor=actor,
            data={"case": matter.case, "choice": choice.value, "amount": matter.amount.plain()},
        )
    crash_point(DECIDED)
    return matter


def use_credit(
    *,
    organization_id: UUID,
    telegram_user_id: int,
    amount: Money,
    actor: AnyActor,
    note: str,
    seen: Money | None = None,
) -> CreditEntry:
    """The team used so much of a person's credit (for an access given by hand, a discount). `Invalid` where there is
    less; `Conflict` where there is not what was `seen` by who decided. Two at once spend it once: the person's lines
    are locked before they are added up."""
    with work_for(organization_id):
        lock_credit(telegram_user_id)
        there = credit_of(telegram_user_id).get(amount.currency, 0)
        if seen is not None and seen != Money(there, amount.currency):
            raise Conflict(
                "credit_meanwhile", _("This credit changed meanwhile. Look at what is left, and decide again.")
            )
        if not 0 < amount.minor <= there:
            raise Invalid("no_such_credit", _("There is not so much credit."), field="amount")
        entry = CreditEntry.objects.create(
            organization_id=organization_id,
            telegram_user_id=telegram_user_id,
            amount_minor=-amount.minor,
            currency=amount.currency.value,
            note=note[:300],
        )
        record_audit(entry, "credit.use", actor=actor, reason=note, data={"amount": amount.plain()})
    return entry


def credit_of(telegram_user_id: int) -> Mapping[Currency, int]:
    """What the active organization owes a person, in minor units."""
    lines = CreditEntry.objects.filter(telegram_user_id=telegram_user_id).order_by()
    sums = lines.values_list("currency").annotate(balance=Sum("amount_minor"))
    return {Currency(currency): balance for currency, balance in sums if balance}


def _deliver(order: Order, payment: Payment, matter: MoneyMatter) -> None:
    """Late money pays the order now; too little is accepted as enough; a surplus has nothing to deliver."""
    now = timezone.now()
    match MoneyCase(matter.case):
        case MoneyCase.LATE if order.paid_at is None and payment.state is PaymentStatus.PAID:
            pay_order(order, payment, now=now)
            tell_changed(order, payment, PaymentStatus.PAID, at=payment.paid_at or now)
        case MoneyCase.SMALLER if payment.state in UNPAID:
            accepted = Notice(PaymentStatus.PAID, received=matter.amount, occurred_at=now, accepted=True)
            apply_notice(payment.pk, accepted, source=EventSource.OPERATOR)
        case _:
            return


def _locked(matter_id: UUID) -> tuple[Order, Payment, MoneyMatter]:
    found = MoneyMatter.objects.filter(pk=matter_id).values_list("payment_id", "payment__order_id").first()
    if found is None:
        raise NotFound("matter_not_found", _("There is no such payment to decide about."))
    payment_id, order_id = found
    order, payment = lock_order(order_id), lock_payment(payment_id)
    return order, payment, MoneyMatter.objects.get(pk=matter_id)
