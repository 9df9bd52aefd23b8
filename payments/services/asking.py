"""Asks a gateway how a charge stands, within its quota, and applies the answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.tenancy import organization_scope
from payments.domain.events import EventSource
from payments.domain.states import UNPAID, Notice, PaymentStatus
from payments.gateways.base import Charge, ChargeNotFound, GatewayError
from payments.gateways.registry import gateway_of
from payments.models import Payment
from payments.services.accounts import access_to, note_answer, note_failure
from payments.services.transactions import work_for
from payments.services.transitions import Applied, apply_notice

FETCHED = register("payments.asking.fetched")

# So long after its end a charge counts as expired even if its gateway is silent: money that comes is still served.
EXPIRY_PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Answer:
    """What asking came to. `asked`: the gateway itself answered, so the state is its word and not our memory."""

    asked: bool
    moved: bool
    status: PaymentStatus


def ask_gateway(payment_id: UUID, *, source: EventSource) -> Answer:
    """Fetches the charge with its account's own credentials and applies what it says; a charge past its end that is
    still unpaid then expires. Never raises for what a gateway does. Safe to repeat."""
    payment = Payment.unscoped.select_related("account").get(pk=payment_id)
    with organization_scope(payment.organization_id):
        if not (payment.provider_id or payment.creation_unknown) or not _take_quota(payment):
            return Answer(asked=False, moved=False, status=payment.state)
        return _ask(payment, source)


def _ask(payment: Payment, source: EventSource) -> Answer:
    try:
        charge = gateway_of(payment.account.gateway).fetch(
            access_to(payment.account), provider_id=payment.provider_id, key=payment.idempotency_key
        )
    except ChargeNotFound:
        note_answer(payment.account)
        return _expire_if_over(payment, asked=True)
    except GatewayError as error:
        note_failure(payment.account, error)
        patience_over = payment.expires_at + EXPIRY_PATIENCE < timezone.now()
        if patience_over:
            return _expire_if_over(payment, asked=False)
        return Answer(asked=False, moved=False, status=payment.state)
    note_answer(payment.account)
    crash_point(FETCHED)
    if charge.key and charge.key != payment.idempotency_key:
        # The account's own answer speaks of another charge of ours: nothing of it is believed.
        return Answer(asked=False, moved=False, status=payment.state)
    if not payment.provider_id:
        _keep_id(payment, charge)
    applied = apply_notice(payment.pk, charge.notice, source=source)
    if applied.status is PaymentStatus.PENDING:
        return _expire_if_over(payment, asked=True)
    return _answer(applied, asked=True)


def _expire_if_over(payment: Payment, *, asked: bool) -> Answer:
    """Our clock ends a charge only after the gateway was asked (or has long been silent)."""
    if payment.state is PaymentStatus.PENDING and payment.expires_at <= timezone.now():
        return _answer(apply_notice(payment.pk, Notice(PaymentStatus.EXPIRED), source=EventSource.EXPIRY), asked=asked)
    return Answer(asked=asked, moved=False, status=payment.state)


def _answer(applied: Applied, *, asked: bool) -> Answer:
    return Answer(asked=asked, moved=applied.moved, status=applied.status)


def _take_quota(payment: Payment) -> bool:
    """One question per charge and interval, whoever asks: the row says when it was last asked."""
    now = timezone.now()
    interval = timedelta(seconds=gateway_of(payment.account.gateway).traits.seconds_between_questions)
    free = Q(last_asked_at__isnull=True) | Q(last_asked_at__lte=now - interval)
    return bool(Payment.objects.filter(free, pk=payment.pk).update(last_asked_at=now))


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


def next_free_question(payment: Payment) -> datetime:
    """When the gateway may be asked about this charge again."""
    interval = timedelta(seconds=gateway_of(payment.account.gateway).traits.seconds_between_questions)
    return (payment.last_asked_at or payment.created_at) + interval
