"""Asks a gateway how a charge stands, within its quota, and applies the answer."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.tenancy import organization_scope
from payments.domain.events import EventKind, EventSource
from payments.domain.states import UNPAID, Alarm, Notice, PaymentStatus
from payments.gateways.base import Charge, ChargeNotFound, Contradiction, GatewayError, Idempotency
from payments.gateways.registry import gateway_of
from payments.locking import lock_order, lock_payment
from payments.models import Payment, PaymentEvent
from payments.services.accounts import access_to, note_answer, note_failure
from payments.services.ledger import write_event
from payments.services.quota import may_ask
from payments.services.transactions import work_for
from payments.services.transitions import Applied, apply_notice

logger = structlog.get_logger(__name__)

FETCHED = register("payments.asking.fetched")

# So long after its end a charge counts as expired even if its gateway is silent: money that comes is still served.
EXPIRY_PATIENCE = timedelta(minutes=15)
# A dispute takes days. An answer without it this soon was read from a copy of the gateway's that lags behind.
DISPUTE_STANDS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What asking came to. `asked`: the gateway itself answered, so the state is its word and not our memory; `silent`:
    it was asked and gave no answer, so it is of no use to ask it about others just now; `disbelieved`: it answered what
    cannot be this charge."""

    asked: bool
    moved: bool
    status: PaymentStatus
    silent: bool = False
    disbelieved: bool = False


def ask_gateway(payment_id: UUID, *, source: EventSource, named: str = "") -> Answer:
    """Fetches the charge with its account's own credentials and applies what it says; a charge past its end that is
    still unpaid then expires. Never raises for what a gateway does. Safe to repeat.

    `named`: the id by which a notice calls a charge whose creation was never answered. It is believed only where the
    gateway's own answer under that id carries our key and our amount.
    """
    payment = Payment.unscoped.select_related("account").get(pk=payment_id)
    provider_id = payment.provider_id or named
    with organization_scope(payment.organization_id):
        if not (provider_id or payment.creation_unknown):
            return Answer(asked=False, moved=False, status=payment.state)
        if not provider_id and gateway_of(payment.account.gateway).traits.idempotency is Idempotency.NONE:
            return _expire_if_over(payment, asked=False)  # only its notice could find it
        if not may_ask(payment):
            return Answer(asked=False, moved=False, status=payment.state)
        return _ask(payment, source, provider_id=provider_id)


def _ask(payment: Payment, source: EventSource, *, provider_id: str) -> Answer:
    asked_at = timezone.now()
    try:
        charge = gateway_of(payment.account.gateway).fetch(
            access_to(payment.account), provider_id=provider_id, key=payment.idempotency_key
        )
    except ChargeNotFound:
        note_answer(payment.account)
        return _expire_if_over(payment, asked=True)
    except Contradiction as error:
        note_answer(payment.account)
        return _disbelieve(payment, source, code=error.code, said=str(error))
    except GatewayError as error:
        note_failure(payment.account, error)
        patience_over = payment.expires_at + EXPIRY_PATIENCE < timezone.now()
        if patience_over:
            return _expire_if_over(payment, asked=False)
        return Answer(asked=False, moved=False, status=payment.state, silent=error.retryable)
    note_answer(payment.account)
    crash_point(FETCHED)
    if not _is_ours(charge, payment):
        return _disbelieve(payment, source, code="other_charge", said=f"the gateway's answer names {charge.key[:80]!r}")
    if not payment.provider_id:
        _keep_id(payment, charge)
    notice = replace(
        charge.notice, dispute_won=charge.dispute_won or _dispute_is_over(payment, charge, asked_at=asked_at)
    )
    applied = apply_notice(payment.pk, notice, source=source)
    if applied.status is PaymentStatus.PENDING:
        return _expire_if_over(payment, asked=True)
    return _answer(applied, asked=True)


def _dispute_is_over(payment: Payment, charge: Charge, *, asked_at: datetime) -> bool:
    """No real gateway says "won": the charge is simply paid again. Believed only of an answer to a question asked long
    after the dispute was in our books, so that an older one which comes late wins nothing."""
    if payment.state is not PaymentStatus.DISPUTED or gateway_of(payment.account.gateway).traits.disputes_in_notices:
        return False
    if charge.status not in (PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED):
        return False
    opened = PaymentEvent.objects.filter(
        payment_id=payment.pk, kind=EventKind.MOVED.value, to_status=PaymentStatus.DISPUTED.value
    )
    return not opened.filter(created_at__gt=asked_at - DISPUTE_STANDS).exists()


def _is_ours(charge: Charge, payment: Payment) -> bool:
    """Whether the account's own answer speaks of this charge. Where we have no id yet, our key must stand in it."""
    if payment.provider_id:
        return charge.key in ("", payment.idempotency_key)
    return charge.key == payment.idempotency_key and charge.amount == payment.amount


def _disbelieve(payment: Payment, source: EventSource, *, code: str, said: str) -> Answer:
    """Nothing of the answer is believed; it stands in the ledger, with an alarm, once."""
    with work_for(payment.organization_id):
        lock_order(payment.order_id)
        write_event(
            lock_payment(payment.pk),
            key=f"disbelieved:{code}",
            kind=EventKind.REFUSED,
            source=source,
            alarm=Alarm.OTHER_CURRENCY if code == Alarm.OTHER_CURRENCY else Alarm.CONTRADICTION,
            note=said,
        )
    logger.error("gateway_contradicts", payment_id=str(payment.pk), code=code)
    return Answer(asked=False, moved=False, status=payment.state, disbelieved=True)


def _expire_if_over(payment: Payment, *, asked: bool) -> Answer:
    """Our clock ends a charge only after the gateway was asked (or has long been silent)."""
    if payment.state is PaymentStatus.PENDING and payment.expires_at <= timezone.now():
        return _answer(apply_notice(payment.pk, Notice(PaymentStatus.EXPIRED), source=EventSource.EXPIRY), asked=asked)
    return Answer(asked=asked, moved=False, status=payment.state)


def _answer(applied: Applied, *, asked: bool) -> Answer:
    return Answer(asked=asked, moved=applied.moved, status=applied.status)


def _keep_id(payment: Payment, charge: Charge) -> None:
    """A creation whose outcome was unknown is found after all; it is watched by its own id from now on."""
    with work_for(payment.organization_id):
        Payment.objects.filter(pk=payment.pk, provider_id="").update(
            provider_id=charge.provider_id,
            br_code=charge.br_code,
            txid=charge.txid,
            page_url=charge.page_url,
            creation_unknown=False,
            charged_at=timezone.now(),
        )


def is_worth_asking(payment: Payment) -> bool:
    """Whether money may still come for this charge."""
    return payment.state in UNPAID and bool(payment.provider_id or payment.creation_unknown)
