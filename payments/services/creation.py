"""Gets the code of an order from a gateway: account after account, never inside a transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from bots.crashpoints import crash_point, register
from payments.domain.brcode import ANY_TXID, BrCodeError
from payments.domain.brcode import parse as parse_br_code
from payments.domain.events import EventKind, EventSource
from payments.domain.polling import next_poll
from payments.domain.states import Notice, PaymentStatus
from payments.gateways.base import (
    CALL_SECONDS,
    Charge,
    ChargeNotFound,
    GatewayError,
    Idempotency,
    NewCharge,
    Traits,
)
from payments.gateways.registry import gateway_of
from payments.locking import lock_order, lock_payments_of
from payments.models import DeliveryState, GatewayAccount, Order, Payment, WebhookDelivery
from payments.services.accounts import access_to, note_answer, note_failure, webhook_url
from payments.services.ledger import write_event
from payments.services.requests import new_charge
from payments.services.telling import tell_failed, tell_ready
from payments.services.transactions import work_for
from payments.services.transitions import apply_notice

CLAIMED = register("payments.creation.claimed")
BEFORE_CALL = register("payments.creation.before_call")
AFTER_CALL = register("payments.creation.after_call")
RECORDED = register("payments.creation.recorded")
COMMITTED = register("payments.creation.committed")

# Longer than a lookup and a creation, so that a second worker does not call while the first still waits.
CREATION_LEASE = timedelta(seconds=20)
# A person waits: accounts that would be tried later than this are tried at the next attempt.
LONGEST_ROUND = timedelta(seconds=3 * CALL_SECONDS)


class Creation(StrEnum):
    """How it ended. `busy`: somebody else is calling; `down`: no account answered, but one may later."""

    READY = "ready"
    BUSY = "busy"
    DOWN = "down"
    REFUSED = "refused"
    OVER = "over"


def obtain_code(order_id: UUID, *, organization_id: UUID, accounts: Sequence[GatewayAccount]) -> Creation:
    """Makes sure that the order has a payable charge and that its visit knows of it. Safe to repeat at any time.

    An account that fails or takes over five seconds is left for the next one. A call whose outcome is unknown is
    looked up before it is repeated; where another charge may then exist, because the gateway knows no keys or another
    account takes over, the one of the lost answer stays watched.
    """
    worst = Creation.REFUSED
    began = timezone.now()
    for account in accounts:
        if timezone.now() - began > LONGEST_ROUND:
            return Creation.DOWN
        claimed = _claim(order_id, organization_id=organization_id, account=account)
        if isinstance(claimed, Creation):
            return claimed
        crash_point(CLAIMED)
        try:
            charge = _find(claimed, account) if claimed.creation_unknown else None
            if charge is None:
                claimed = _with_own_key(claimed, account)
                charge = _create(claimed, account)
            crash_point(AFTER_CALL)
            _check(charge, claimed)
        except GatewayError as error:
            note_failure(account, error)
            _record_failure(claimed, error)
            if error.retryable or error.unknown_outcome:
                worst = Creation.DOWN
            continue
        note_answer(account)
        _record(claimed, charge, gateway_of(account.gateway).traits)
        return Creation.READY
    return worst


def give_up(order_id: UUID, *, organization_id: UUID, code: str) -> None:
    """No account will make this charge: the payment has failed and the visit takes the way of a failed payment."""
    with work_for(organization_id):
        order = lock_order(order_id)
        payment = _current(lock_payments_of(order_id))
        if order.paid_at is not None or payment is None or payment.state is not PaymentStatus.PENDING:
            return
        tell_failed(order, payment, code=code, retrying=False)
        payment_id = payment.pk
        apply_notice(payment_id, Notice(PaymentStatus.FAILED), source=EventSource.CREATE)


def tell_waiting(order_id: UUID, *, organization_id: UUID, code: str) -> None:
    """No account answers just now: the person is told once and keeps the place."""
    with work_for(organization_id):
        order = lock_order(order_id)
        payment = _current(lock_payments_of(order_id))
        if order.paid_at is None and payment is not None:
            tell_failed(order, payment, code=code, retrying=True)


def _claim(order_id: UUID, *, organization_id: UUID, account: GatewayAccount) -> Payment | Creation:
    """The charge to be made at this account, under a lease; or why there is nothing to make."""
    now = timezone.now()
    with work_for(organization_id):
        order = lock_order(order_id)
        payment = _current(lock_payments_of(order_id))
        if order.paid_at is not None or payment is None or payment.state is not PaymentStatus.PENDING:
            return Creation.OVER
        if payment.provider_id:
            tell_ready(order, payment)
            return Creation.READY
        if payment.creating_until is not None and payment.creating_until > now:
            return Creation.BUSY
        # Whoever held the lease died with it, perhaps after the call: the charge is looked for before another is made.
        payment.creation_unknown = payment.creation_unknown or payment.creating_until is not None
        if payment.account_id != account.pk:
            payment = _move_to(order, payment, account, now)
        payment.creating_until = now + CREATION_LEASE
        if not payment.creation_unknown:  # else the same key goes with the same parameters
            payment.expires_at = now + _lifetime(payment, account)
        payment.save()
    return payment


def _move_to(order: Order, payment: Payment, account: GatewayAccount, now: datetime) -> Payment:
    """The next account takes over. Where the last one surely made nothing, the row moves on, with a key of its own."""
    attempt = payment.attempt + 1
    if not payment.creation_unknown:
        payment.account_id = account.pk
        payment.attempt = attempt
        payment.idempotency_key = f"{order.pk}:{attempt}"
        return payment
    supersede(payment, now=now)
    return new_charge(
        order, account, attempt=attempt, expires_after=timedelta(seconds=payment.expires_seconds), payer=payment.payer
    )


def supersede(payment: Payment, *, now: datetime) -> None:
    """Another charge takes its place; this one is watched until it is final. The caller holds its lock."""
    payment.superseded = True
    payment.creating_until = None
    payment.next_poll_at = next_poll(created_at=payment.created_at, expires_at=payment.expires_at, now=now)
    payment.save()
    write_event(payment, key="superseded", kind=EventKind.SUPERSEDED, source=EventSource.CREATE)


def _lifetime(payment: Payment, account: GatewayAccount) -> timedelta:
    """How long the code can be paid: what the flow says, as far as the gateway can do that."""
    traits = gateway_of(account.gateway).traits
    return min(max(timedelta(seconds=payment.expires_seconds), traits.shortest_expiry), traits.longest_expiry)


def _with_own_key(claimed: Payment, account: GatewayAccount) -> Payment:
    """The charge to be created now. One whose first creation may have happened is created again under its key only
    where that makes no second one, and while its end is not near; else another charge takes its place."""
    if not claimed.creation_unknown:
        return claimed
    left = claimed.expires_at - timezone.now()
    keyed = gateway_of(account.gateway).traits.idempotency is Idempotency.KEYED
    if keyed and left > _lifetime(claimed, account) / 2:
        return claimed
    with work_for(claimed.organization_id):
        order = lock_order(claimed.order_id)
        old = next(row for row in lock_payments_of(order.pk) if row.pk == claimed.pk)
        now = timezone.now()
        supersede(old, now=now)
        fresh = new_charge(
            order,
            account,
            attempt=old.attempt + 1,
            expires_after=timedelta(seconds=old.expires_seconds),
            payer=old.payer,
        )
        fresh.expires_at = now + _lifetime(fresh, account)
        fresh.creating_until = now + CREATION_LEASE
        fresh.save(force_insert=True)
    return fresh


def _create(payment: Payment, account: GatewayAccount) -> Charge:
    """A new charge at the gateway."""
    crash_point(BEFORE_CALL)
    return gateway_of(account.gateway).create(
        access_to(account),
        NewCharge(
            key=payment.idempotency_key,
            amount=payment.amount,
            description=payment.order.description,
            expires_at=payment.expires_at,
            payer=payment.payer,
            webhook_url=webhook_url(account),
        ),
    )


def _find(payment: Payment, account: GatewayAccount) -> Charge | None:
    """The charge of a call that was never answered; None if it was never made, or cannot be found by our key."""
    gateway = gateway_of(account.gateway)
    if gateway.traits.idempotency is Idempotency.NONE:
        return None
    try:
        return gateway.fetch(access_to(account), provider_id="", key=payment.idempotency_key)
    except ChargeNotFound:
        return None


def _check(charge: Charge, payment: Payment) -> None:
    """A code that a bank app would refuse, or that asks for another amount, never reaches a person."""
    if charge.key not in ("", payment.idempotency_key):
        raise GatewayError("other_charge", "the gateway answered with another charge")
    if charge.amount != payment.amount:
        raise GatewayError("other_amount", f"asked for {payment.amount}, got {charge.amount}")
    if charge.br_code:
        try:
            code = parse_br_code(charge.br_code)
        except BrCodeError as error:
            raise GatewayError("bad_br_code", str(error)) from None
        if code.amount is not None and code.amount != payment.amount:
            raise GatewayError("other_amount", f"the code asks for {code.amount}")
    elif not charge.page_url and charge.status is PaymentStatus.PENDING:
        raise GatewayError("nothing_to_pay", "neither a code nor a page")


def _record(claimed: Payment, charge: Charge, traits: Traits) -> None:
    """Keeps the gateway's answer and tells the visit that holds the order by now; then what came before the answer."""
    now = timezone.now()
    with work_for(claimed.organization_id):
        order = lock_order(claimed.order_id)
        payment = next(row for row in lock_payments_of(claimed.order_id) if row.pk == claimed.pk)
        if not payment.provider_id:
            _keep_answer(payment, charge, traits, now)
        crash_point(RECORDED)
        if order.paid_at is None and not payment.superseded and payment.state is PaymentStatus.PENDING:
            tell_ready(order, payment)
        # A notice may have come before this very answer; now it finds its charge.
        WebhookDelivery.objects.filter(
            account_id=payment.account_id,
            state=DeliveryState.UNMATCHED,
            references__contains=[payment.provider_id],
        ).update(state=DeliveryState.NEW, next_try_at=now)
    crash_point(COMMITTED)
    if charge.status is not PaymentStatus.PENDING:
        apply_notice(claimed.pk, charge.notice, source=EventSource.CREATE)


def _keep_answer(payment: Payment, charge: Charge, traits: Traits, now: datetime) -> None:
    payment.provider_id = charge.provider_id
    payment.br_code = charge.br_code
    payment.txid = charge.txid or _txid_in(charge.br_code)
    payment.page_url = charge.page_url
    payment.legal_text = charge.legal_text or traits.legal_text
    payment.expires_at = charge.expires_at or payment.expires_at
    payment.charged_at = now
    payment.creating_until = None
    payment.creation_unknown = False
    payment.next_poll_at = next_poll(created_at=payment.created_at, expires_at=payment.expires_at, now=now)
    payment.save()
    write_event(payment, key="created", kind=EventKind.CREATED, source=EventSource.CREATE, raw=charge.raw)


def _txid_in(br_code: str) -> str:
    """The code's own txid, by which a receipt is found."""
    txid = parse_br_code(br_code).txid if br_code else ""
    return "" if txid == ANY_TXID else txid


def _record_failure(claimed: Payment, error: GatewayError) -> None:
    with work_for(claimed.organization_id):
        lock_order(claimed.order_id)
        payment = next(row for row in lock_payments_of(claimed.order_id) if row.pk == claimed.pk)
        if payment.provider_id:
            return
        payment.creating_until = None
        payment.creation_unknown = payment.creation_unknown or error.unknown_outcome
        payment.save(update_fields=["creating_until", "creation_unknown"])
        write_event(
            payment,
            key=f"failed:{payment.attempt}:{error.code}",
            kind=EventKind.CREATION_FAILED,
            source=EventSource.CREATE,
            note=f"{error.code}: {error}",
        )


def _current(payments: Sequence[Payment]) -> Payment | None:
    """The charge that stands for the order now: the newest that none has replaced."""
    return next((payment for payment in reversed(payments) if not payment.superseded), None)
