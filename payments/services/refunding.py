"""The intent to give money back: a row and an outbox message of one transaction. No gateway is called here."""

from bots.models import ActorKind
from bots.outbox.publish import NewMessage, publish
from payments.domain.events import EventKind, EventSource
from payments.domain.money import Money
from payments.gateways.base import Refunds
from payments.gateways.registry import gateway_of
from payments.models import Payment, Refund, RefundState
from payments.services.ledger import write_event
from payments.topics import PAYMENT_REFUND


def intend_refund(
    payment: Payment, amount: Money, *, by_hand: bool, asked_by: ActorKind, reason: str, source: EventSource
) -> Refund:
    """`by_hand`: the seller sends it and says so. The caller holds the locks of order and payment and has judged the
    amount; a second open refund of the charge is refused by the database."""
    refund = Refund(
        organization_id=payment.organization_id,
        payment_id=payment.pk,
        amount_minor=amount.minor,
        total_minor=payment.refunded_minor + amount.minor,
        currency=payment.currency,
        state=RefundState.BY_HAND if by_hand else RefundState.ASKED,
        asked_by=asked_by,
        reason=reason[:300],
    )
    refund.save(force_insert=True)
    write_event(
        payment,
        key=f"refund:{refund.pk}:{refund.state}",
        kind=EventKind.REFUND,
        source=source,
        amount_minor=amount.minor,
        note=reason,
    )
    if not by_hand:
        publish(
            [
                NewMessage(
                    topic=PAYMENT_REFUND,
                    key=f"refund:{refund.pk}",
                    organization_id=refund.organization_id,
                    bot_id=payment.bot_id,
                    payload={"refund": str(refund.pk)},
                )
            ]
        )
    return refund


def has_open_refund(payment: Payment) -> bool:
    """Whether one is on its way; another must wait for it."""
    return Refund.objects.filter(payment_id=payment.pk, state__in=[RefundState.ASKED, RefundState.BY_HAND]).exists()


def refund_by_rule(payment: Payment, amount: Money, *, source: EventSource) -> Refund:
    """Gives back what the seller's rules, or a member's decision, say; through the gateway if it can, else by hand."""
    return intend_refund(
        payment,
        amount,
        by_hand=not can_give_back(payment, amount),
        asked_by=ActorKind.SYSTEM,
        reason="",
        source=source,
    )


def can_give_back(payment: Payment, amount: Money) -> bool:
    """Whether the charge's gateway can send this amount back itself."""
    match gateway_of(payment.account.gateway).traits.refunds:
        case Refunds.PARTIAL:
            return True
        case Refunds.WHOLE:
            return amount == payment.amount and payment.refunded_minor == 0
        case Refunds.NONE:
            return False
