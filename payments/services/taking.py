"""Access ends when its money goes back or is disputed: after the seller's grace time, saying why; won, it returns.

What is due stands on the grant itself; a sweep takes it, whatever else is down.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import F, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.tenancy import no_scope
from flows.engine.events import MoneyWord
from payments.locking import lock_order
from payments.models import STILL_OWED, Grant, Order, OrderStatus, TakenFor
from payments.services.places import accesses_ended, open_place
from payments.services.rules import grace_for
from payments.services.telling import tell_money
from payments.services.transactions import work_for

logger = structlog.get_logger(__name__)

TAKEN = register("payments.access.taken")

BATCH = 100
_WHY = {OrderStatus.REFUNDED.value: TakenFor.REFUND, OrderStatus.DISPUTED.value: TakenFor.DISPUTE}
_WORDS = {TakenFor.REFUND: MoneyWord.ACCESS_REFUNDED, TakenFor.DISPUTE: MoneyWord.ACCESS_DISPUTED}


def follow_money(order: Order, *, revision: int) -> None:
    """Brings the accesses of a paid order in line with its money. The caller holds the order's lock; `revision` is the
    paying charge's, so that each change is told once. A refund in part takes nothing, and what was disputed after one
    returns like the rest."""
    why = _WHY.get(order.status)
    if why is not None:
        _schedule(order, why)
    elif order.status in STILL_OWED:
        _give_back(order, revision)


def keep_to_its_order(order_id: UUID) -> None:
    """An access that a step gives after its sale was refunded or disputed is due like the others. In a transaction."""
    order = lock_order(order_id)
    why = _WHY.get(order.status)
    if why is not None and order.paid_at is not None:
        _schedule(order, why)


def take_back_due() -> int:
    """Takes the accesses that are due, up to `BATCH`; answers how many sales lost theirs. Safe to repeat, and for any
    number of workers at once: the order's lock lets one of them do it."""
    with no_scope(reason="the sweep serves every organization"):
        due = Grant.unscoped.filter(take_back_at__lte=timezone.now(), revoked_at__isnull=True, order_id__isnull=False)
        found = list(dict.fromkeys(due.order_by("take_back_at").values_list("organization_id", "order_id")[:BATCH]))
    taken = 0
    for organization_id, order_id in found:
        with work_for(organization_id):
            taken += _take(lock_order(order_id))
        crash_point(TAKEN)
    return taken


def _schedule(order: Order, why: TakenFor) -> None:
    due = timezone.now() + grace_for(order.bot_id, why)
    # A dispute that is lost does not make the access live longer.
    Grant.objects.filter(order_id=order.pk, revoked_at__isnull=True).update(
        take_back_at=Least(F("take_back_at"), due), taken_for=why.value
    )


def _take(order: Order) -> bool:
    now = timezone.now()
    due = list(_due_of(order, now).order_by("id"))
    if not due:
        return False
    Grant.objects.filter(pk__in=[grant.pk for grant in due]).update(revoked_at=now)
    accesses_ended(due)
    tell_money(order, _WORDS[TakenFor(due[0].taken_for)], key=f"taken:{due[0].pk}:{due[0].take_back_at}")
    logger.info("access_taken_back", organization_id=str(order.organization_id), order_id=str(order.pk))
    return True


def _due_of(order: Order, now: datetime) -> QuerySet[Grant]:
    return Grant.objects.filter(order_id=order.pk, take_back_at__lte=now, revoked_at__isnull=True)


def _give_back(order: Order, revision: int) -> None:
    ours = Grant.objects.filter(order_id=order.pk).exclude(taken_for="")
    was_gone = ours.filter(revoked_at__isnull=False).exists()
    ours.update(take_back_at=None, taken_for="", revoked_at=None)
    if was_gone:
        for grant in Grant.objects.filter(order_id=order.pk):
            open_place(grant, link_in=timedelta(0))
        tell_money(order, MoneyWord.ACCESS_RETURNED, key=f"returned:{order.pk}:{revision}")
