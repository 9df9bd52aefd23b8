"""Finds what webhooks did not tell: charges that are due are asked about, whatever else is down."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.tenancy import no_scope
from payments.domain.events import EventSource
from payments.domain.polling import next_poll
from payments.domain.states import UNPAID
from payments.models import Payment
from payments.services.asking import ask_gateway
from payments.services.quota import next_free_question
from payments.services.transactions import work_for

logger = structlog.get_logger(__name__)

CLAIMED = register("payments.poll.claimed")
ASKED = register("payments.poll.asked")

BATCH = 20
POLL_LEASE = timedelta(seconds=2 * settings.TRILHO_LEASE_SECONDS)
# A gateway that did not answer at all is asked again soon, not at the next milestone.
SILENT_AGAIN = timedelta(minutes=1)


def poll_due() -> int:
    """Asks about up to `BATCH` due charges; answers how many. Any number of workers may do this at once: the due
    charges are claimed under a lease by one statement, and each belongs to one of them.

    An account whose gateway gave no answer is not asked again in the same batch, so that a dead gateway costs everybody
    else one call's deadline and no lease runs out."""
    with no_scope(reason="the sweep serves every organization"):
        claimed = _claim()
    silent: set[UUID] = set()
    for payment_id, account_id in claimed:
        crash_point(CLAIMED)
        if account_id in silent:
            _schedule(payment_id, asked=False)
            continue
        try:
            answer = ask_gateway(payment_id, source=EventSource.POLL)
        except Exception:
            # One charge that cannot be asked about must not keep the others waiting; its lease brings it back.
            logger.exception("poll_failed", payment_id=str(payment_id))
            continue
        crash_point(ASKED)
        if answer.silent:
            silent.add(account_id)
        _schedule(payment_id, asked=answer.asked)
    return len(claimed)


def _claim() -> list[tuple[UUID, UUID]]:
    """Charges and their accounts."""
    now = timezone.now()
    table = connection.ops.quote_name(Payment._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {table} SET poll_lease_until = %(until)s, polls = polls + 1
            WHERE id IN (
                SELECT id FROM {table}
                WHERE next_poll_at <= %(now)s AND (poll_lease_until IS NULL OR poll_lease_until < %(now)s)
                ORDER BY next_poll_at LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED
            )
            RETURNING id, account_id
            """,  # noqa: S608 - the table's own name
            {"now": now, "until": now + POLL_LEASE, "batch": BATCH},
        )
        return [(payment_id, account_id) for payment_id, account_id in cursor.fetchall()]


def _schedule(payment_id: UUID, *, asked: bool) -> None:
    """Sets the next question, under the state the payment has by now."""
    payment = Payment.unscoped.select_related("account").get(pk=payment_id)
    now = timezone.now()
    following = next_poll(created_at=payment.created_at, expires_at=payment.expires_at, now=now)
    if payment.state not in UNPAID:
        following = None
    elif not asked and following is not None:
        following = min(following, max(now + SILENT_AGAIN, next_free_question(payment)))
    with work_for(payment.organization_id):
        due = Payment.objects.filter(pk=payment_id, status=payment.status)
        changed = due.update(next_poll_at=following, poll_lease_until=None)
        if not changed:  # it moved meanwhile, and its move set what comes next
            Payment.objects.filter(pk=payment_id).update(poll_lease_until=None)
