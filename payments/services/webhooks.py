"""Gateway notices: kept as they came, handled by the sweep, believed only after the gateway was asked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from bots import jobs
from bots.crashpoints import crash_point, register
from bots.storable import clean_text
from bots.tenancy import no_scope, organization_scope
from payments import metrics
from payments.domain.events import EventKind, EventSource
from payments.domain.states import STILL_HERE, UNPAID, Alarm, Notice, PaymentStatus
from payments.gateways.base import GatewayError, Hint, UnreadableWebhook, Verification, WebhookCall, fingerprint
from payments.gateways.registry import SECRET_HEADERS, gateway_of
from payments.locking import lock_order, lock_payment
from payments.models import DeliveryState, GatewayAccount, Payment, PaymentEvent, WebhookDelivery
from payments.services.accounts import access_to, note_webhook
from payments.services.asking import ask_gateway, is_worth_asking
from payments.services.ledger import write_event
from payments.services.transactions import work_for
from payments.services.transitions import apply_notice

logger = structlog.get_logger(__name__)

STORED = register("payments.webhook.stored")
CLAIMED = register("payments.webhook.claimed")
ASKED = register("payments.webhook.asked")

PROCESS_TASK = "payments.tasks.process_webhooks"
BATCH = 20
LEASE = timedelta(seconds=2 * settings.TRILHO_LEASE_SECONDS)
MOST_ATTEMPTS = 5
# A charge that nobody knows by then is no charge of ours.
MATCHED_WITHIN = timedelta(hours=48)
CAME_TO_NOTHING = (
    DeliveryState.UNMATCHED,
    DeliveryState.FORGED,
    DeliveryState.UNREADABLE,
    DeliveryState.SET_ASIDE,
)
# Copies of a notice come in bursts: what is told so soon after it was handled was most likely known by then.
ASKED_AGAIN_AFTER = timedelta(seconds=30)
KEPT_DONE = timedelta(days=90)
KEPT_FOR_STAFF = timedelta(days=180)
# Kept for the signature and the staff; what browsers and proxies add is nobody's business.
_DROPPED_HEADERS = frozenset({"cookie", "authorization"})


@dataclass(frozen=True, slots=True)
class AccountAddress:
    """What a webhook address leads to."""

    account_id: UUID
    organization_id: UUID


def account_at(gateway: str, public_id: str) -> AccountAddress | None:
    """The account behind a webhook address, in one statement; None if there is none."""
    row = (
        GatewayAccount.unscoped.filter(gateway=gateway, public_id=public_id)
        .values_list("pk", "organization_id")
        .first()
    )
    return AccountAddress(*row) if row else None


def store_delivery(address: AccountAddress, *, headers: Mapping[str, str], query: str, body: bytes) -> None:
    """Keeps a notice and rings the bell. The very same bytes with the same signature are kept once; where they were
    handled already the gateway is asked once more, as some gateways only ever say which charge. One statement."""
    kept = {
        name: fingerprint(value) if name in SECRET_HEADERS else clean_text(value)[:2000]
        for name, value in ((name.lower(), value) for name, value in headers.items())
        if name not in _DROPPED_HEADERS
    }
    signature = "\n".join(f"{name}:{value}" for name, value in sorted(kept.items()) if "signature" in name)
    digest = hashlib.sha256(b"\n".join((signature.encode(), query.encode(errors="replace"), body))).hexdigest()
    delivery = WebhookDelivery(
        organization_id=address.organization_id,
        account_id=address.account_id,
        digest=digest,
        headers=kept,
        query=clean_text(query)[:2000],
        body=body,
        next_try_at=timezone.now(),
    )
    _insert(delivery)
    crash_point(STORED)
    jobs.enqueue_on_commit(PROCESS_TASK, queue="payments", coalesce_key=PROCESS_TASK)


def _insert(delivery: WebhookDelivery) -> None:
    quote = connection.ops.quote_name
    table, theirs = quote(WebhookDelivery._meta.db_table), {"created_at", "came_again_at"}
    fields = [field for field in WebhookDelivery._meta.concrete_fields if field.column not in theirs]
    values: dict[str, Any] = {
        str(field.column): field.get_db_prep_save(field.pre_save(delivery, add=True), connection) for field in fields
    }
    columns, places = ", ".join(map(quote, values)), ", ".join(f"%({name})s" for name in values)
    values["rest"] = ASKED_AGAIN_AFTER
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {table} AS known ({columns}) VALUES ({places})
            ON CONFLICT (account_id, digest) DO UPDATE SET
                came_again_at = EXCLUDED.created_at,
                state = CASE known.state WHEN 'done' THEN 'new' ELSE known.state END,
                attempts = CASE known.state WHEN 'done' THEN 0 ELSE known.attempts END,
                next_try_at = CASE known.state
                    WHEN 'done' THEN GREATEST(EXCLUDED.created_at, known.handled_at + %(rest)s) ELSE known.next_try_at
                END
            """,  # noqa: S608 - names of the model's own table and columns
            values,
        )


def process_deliveries() -> int:
    """Handles up to `BATCH` waiting notices; answers how many. Any number of workers may do this at once. Once an
    account's gateway gave no answer, its other notices of the batch wait for the next try."""
    with no_scope(reason="notices of every organization wait in one line"):
        claimed = _claim()
    silent: set[UUID] = set()
    for delivery_id, account_id in claimed:
        crash_point(CLAIMED)
        try:
            if account_id in silent:
                _postpone(delivery_id)
            elif not _handle(delivery_id):
                silent.add(account_id)
        except Exception as error:
            logger.exception("webhook_failed", delivery_id=str(delivery_id))
            _put_back(delivery_id, error)
    return len(claimed)


def process_again(delivery_id: UUID, *, organization_id: UUID) -> bool:
    """Puts a notice that came to nothing back in line, as if it had just come: its cause (a secret, an account, our own
    code) is mended. False where it was handled, or waits anyway. Safe to repeat."""
    with work_for(organization_id):
        final = WebhookDelivery.objects.filter(pk=delivery_id, state__in=CAME_TO_NOTHING)
        changed = final.update(
            state=DeliveryState.NEW, attempts=0, next_try_at=timezone.now(), lease_until=None, handled_at=None
        )
    return bool(changed)


def forget_deliveries() -> int:
    """Every night: what was handled, or came to nothing, is let go when it is old; what waits is kept. A ledger keeps
    its own copy of what mattered. One that comes again later is new, and makes us ask like any other. Answers their
    number."""
    now = timezone.now()
    done = Q(state=DeliveryState.DONE, created_at__lt=now - KEPT_DONE)
    nothing = Q(state__in=CAME_TO_NOTHING, created_at__lt=now - KEPT_FOR_STAFF) & ~Q(state=DeliveryState.UNMATCHED)
    with no_scope(reason="the night's work is everybody's"):
        gone, _rows = WebhookDelivery.unscoped.filter(done | nothing).delete()
    return gone


def _handle(delivery_id: UUID) -> bool:
    """False where the gateway was asked and gave no answer."""
    delivery = WebhookDelivery.unscoped.select_related("account").get(pk=delivery_id)
    account = delivery.account
    gateway, access = gateway_of(account.gateway), access_to(account)
    call = WebhookCall(
        headers=delivery.headers, query=delivery.query, body=bytes(delivery.body), received_at=delivery.created_at
    )
    with organization_scope(delivery.organization_id):
        try:
            verification = gateway.verify_webhook(access, call)
        except GatewayError as error:
            _wait(delivery, DeliveryState.NEW, verified=None, error=f"{error.code}: {error}")
            return False
        if verification is Verification.INVALID:
            _close(delivery, DeliveryState.FORGED, verified=False, error="signature")
            logger.warning("webhook_forged", account_id=str(account.pk), delivery_id=str(delivery_id))
            return True
        verified = True if verification is Verification.VERIFIED else None
        try:
            hints = gateway.parse_webhook(call)
        except UnreadableWebhook as error:
            _close(delivery, DeliveryState.UNREADABLE, verified=verified, error=str(error))
            return True
        note_webhook(account, at=_came_at(delivery))
        return _follow(delivery, hints, verified=verified)


def _postpone(delivery_id: UUID) -> None:
    delivery = WebhookDelivery.unscoped.select_related("account").get(pk=delivery_id)
    with organization_scope(delivery.organization_id):
        _wait(delivery, DeliveryState(delivery.state), verified=delivery.verified, error="the gateway does not answer")


def _follow(delivery: WebhookDelivery, hints: tuple[Hint, ...], *, verified: bool | None) -> bool:
    """Asks the gateway about every charge named. A body that contradicts our charge is noted in its ledger."""
    matched: list[Payment] = []
    for hint in hints:
        payment = _payment_of(delivery.account_id, hint)
        if payment is None:
            continue
        matched.append(payment)
        contradiction = _contradiction(payment, hint)
        if contradiction:
            _note_contradiction(delivery, payment, contradiction)
        asked = ask_gateway(payment.pk, source=EventSource.WEBHOOK, named=hint.provider_id)
        crash_point(ASKED)
        if not asked.asked and _may_tell_more(payment, hint) and not asked.disbelieved:
            _wait(delivery, DeliveryState.NEW, verified=verified, error="the gateway could not be asked yet")
            return not asked.silent
        if verified:
            _note_signed_facts(delivery, payment, hint)
    delivery.references = [hint.provider_id or hint.key for hint in hints]
    if len(matched) < len(hints):
        _wait(delivery, DeliveryState.UNMATCHED, verified=verified, error="no such charge")
        return True
    delivery.payment_id = matched[0].pk if matched else None
    _close(delivery, DeliveryState.DONE, verified=verified)
    return True


def _may_tell_more(payment: Payment, hint: Hint) -> bool:
    """Whether a notice about which the gateway could not be asked must not be let go. Nobody polls what is paid: of a
    refund or a dispute its notice is the only word."""
    if payment.state in UNPAID:
        return is_worth_asking(payment)
    told_already = hint.status is payment.state or hint.status in UNPAID
    return payment.state is not PaymentStatus.REFUNDED and not told_already


def _payment_of(account_id: UUID, hint: Hint) -> Payment | None:
    """Only among the charges of the account whose address was called."""
    mine = Payment.objects.filter(account_id=account_id)
    if hint.provider_id and (found := mine.filter(provider_id=hint.provider_id).first()):
        return found
    if hint.key and (found := mine.filter(idempotency_key=hint.key, provider_id="").first()):
        return found
    only_receipt = hint.end_to_end_id and not hint.provider_id and not hint.key
    return mine.filter(end_to_end_id=hint.end_to_end_id).first() if only_receipt else None


def _note_signed_facts(delivery: WebhookDelivery, payment: Payment, hint: Hint) -> None:
    """What only a notice tells, taken from signed ones alone, and never to pay: the receipt's id, by which a payment is
    found; a dispute that the charge's own answer does not show, and its end."""
    with work_for(delivery.organization_id):
        lock_order(payment.order_id)
        row = lock_payment(payment.pk)
        if hint.end_to_end_id and not row.end_to_end_id and row.state not in UNPAID:
            row.end_to_end_id = hint.end_to_end_id
            row.save(update_fields=["end_to_end_id"])
        if hint.status is PaymentStatus.DISPUTED and row.state in STILL_HERE:
            _dispute(delivery, row, key=f"dispute:{hint.end_to_end_id or hint.provider_id}")
        elif hint.dispute_won and row.state is PaymentStatus.DISPUTED:
            apply_notice(row.pk, Notice(PaymentStatus.PAID, dispute_won=True), source=EventSource.WEBHOOK)


def _dispute(delivery: WebhookDelivery, payment: Payment, *, key: str) -> None:
    """Where no charge ever shows a dispute its signed notice opens it: once, as one that comes late or again after the
    dispute has ended opens nothing. Elsewhere the charge's own answer does, and the notice is put before the seller."""
    if PaymentEvent.objects.filter(payment_id=payment.pk, key=key).exists():
        return
    write_event(
        payment,
        key=key,
        kind=EventKind.FLAGGED,
        source=EventSource.WEBHOOK,
        alarm=Alarm.DISPUTED,
        note="a dispute was opened at the gateway",
    )
    if gateway_of(delivery.account.gateway).traits.disputes_in_notices:
        apply_notice(payment.pk, Notice(PaymentStatus.DISPUTED), source=EventSource.WEBHOOK)


def _contradiction(payment: Payment, hint: Hint) -> str:
    if hint.amount is not None and hint.amount != payment.amount:
        return f"says {hint.amount}, the charge is {payment.amount}"
    if hint.key and hint.key != payment.idempotency_key:
        return "names another reference"
    return ""


def _note_contradiction(delivery: WebhookDelivery, payment: Payment, contradiction: str) -> None:
    with work_for(delivery.organization_id):
        lock_order(payment.order_id)
        write_event(
            lock_payment(payment.pk),
            key=f"contradiction:{delivery.digest[:40]}",
            kind=EventKind.REFUSED,
            source=EventSource.WEBHOOK,
            note=contradiction,
        )
    delivery.error = contradiction


def _close(delivery: WebhookDelivery, state: DeliveryState, *, verified: bool | None, error: str = "") -> None:
    delivery.state = state
    delivery.verified = verified
    delivery.error = (error or delivery.error)[:300]
    delivery.handled_at = timezone.now()
    delivery.next_try_at = delivery.lease_until = None
    _save(delivery)
    metrics.NOTICES.labels(delivery.account.gateway, state.value).inc()


def _wait(delivery: WebhookDelivery, state: DeliveryState, *, verified: bool | None, error: str) -> None:
    now = timezone.now()
    if now - _came_at(delivery) > MATCHED_WITHIN:
        _close(delivery, DeliveryState.SET_ASIDE, verified=verified, error=error)
        return
    delivery.state = state
    delivery.verified = verified
    delivery.error = error[:300]
    delivery.next_try_at = _next_try(delivery.attempts, now)
    delivery.lease_until = None
    _save(delivery)


def _came_at(delivery: WebhookDelivery) -> datetime:
    return delivery.came_again_at or delivery.created_at


def _save(delivery: WebhookDelivery) -> None:
    """What came again while the gateway was being asked may tell of something later: it waits for another question."""
    known = delivery.came_again_at
    with transaction.atomic():
        row = WebhookDelivery.objects.select_for_update().only("came_again_at").get(pk=delivery.pk)
        delivery.came_again_at = row.came_again_at
        if row.came_again_at != known and delivery.state == DeliveryState.DONE:
            delivery.state, delivery.attempts = DeliveryState.NEW, 0
            delivery.next_try_at = timezone.now() + ASKED_AGAIN_AFTER
        delivery.save()


def _put_back(delivery_id: UUID, error: Exception) -> None:
    delivery = WebhookDelivery.unscoped.get(pk=delivery_id)
    with organization_scope(delivery.organization_id):
        if delivery.attempts >= MOST_ATTEMPTS:
            _close(delivery, DeliveryState.SET_ASIDE, verified=delivery.verified, error=type(error).__name__)
        else:
            _wait(delivery, DeliveryState.NEW, verified=delivery.verified, error=type(error).__name__)


def _next_try(attempts: int, now: datetime) -> datetime:
    """5 s, 10 s, 20 s … at most half an hour apart."""
    return now + min(timedelta(seconds=5 << min(attempts, 10)), timedelta(minutes=30))


def _claim() -> list[tuple[UUID, UUID]]:
    """Notices and their accounts."""
    now = timezone.now()
    table = connection.ops.quote_name(WebhookDelivery._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {table} SET lease_until = %(until)s, attempts = attempts + 1
            WHERE id IN (
                SELECT id FROM {table}
                WHERE state IN ('new', 'unmatched') AND next_try_at <= %(now)s
                    AND (lease_until IS NULL OR lease_until < %(now)s)
                ORDER BY next_try_at LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED
            )
            RETURNING id, account_id
            """,  # noqa: S608 - the table's own name
            {"now": now, "until": now + LEASE, "batch": BATCH},
        )
        return [(delivery_id, account_id) for delivery_id, account_id in cursor.fetchall()]
