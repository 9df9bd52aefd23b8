"""How far a sale has come, each stop with its time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.utils import timezone

from flows.engine.effects import TimelineKind
from flows.selectors import timeline_of_run
from payments.models import (
    Grant,
    GrantKind,
    Order,
    OrderStatus,
    Payment,
    Place,
)
from payments.selectors.ids import LIKE_UUID

# Longer than any honest way from paid to served; then a sale is shown in red.
SERVED_WITHIN = timedelta(minutes=5)
# By then two more links were sent.
INSIDE_WITHIN: Final = timedelta(hours=1)


class ProofKind(StrEnum):
    """The stops of a sale, in their order."""

    CHARGED = "charged"
    PAID = "paid"
    WENT_ON = "went_on"
    SENT = "sent"
    # Only of a sale that gives a place in a group or channel.
    INSIDE = "inside"


class ProofState(StrEnum):
    """`open`: not there yet; `broken`: it should be, and somebody must look."""

    DONE = "done"
    OPEN = "open"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class ProofStop:
    """One stop of the line, with its time once it was reached."""

    kind: ProofKind
    state: ProofState
    at: datetime | None = None


def proof_of_sale(order: Order, *, payments: tuple[Payment, ...] | None = None) -> tuple[ProofStop, ...]:
    """charged → paid → flow went on → access sent → inside the group, each with its time; red where it should be and is
    not."""
    charges = payments if payments is not None else tuple(Payment.objects.filter(order_id=order.pk))
    charged_at = min((charge.charged_at for charge in charges if charge.charged_at), default=None)
    now = timezone.now()
    overdue = order.paid_at is not None and now - order.paid_at > SERVED_WITHIN
    unmade = charged_at is None and order.status == OrderStatus.FAILED
    went_on_at = order.went_on_at or (heard_of_money_at(order) if order.paid_at else None)
    inside = _inside_stop(order, now) if order.paid_at is not None else None
    return (
        _stop(ProofKind.CHARGED, charged_at, broken=unmade),
        _stop(ProofKind.PAID, order.paid_at, broken=False),
        _stop(ProofKind.WENT_ON, went_on_at or order.served_at, broken=overdue),
        _stop(ProofKind.SENT, order.sent_at, broken=bool(order.send_failure) or overdue),
        *([inside] if inside is not None else []),
    )


def _inside_stop(order: Order, now: datetime) -> ProofStop | None:
    """Whether the buyer came into what the sale gives a place in; one who was inside before renewed."""
    assert order.paid_at is not None
    keys = Grant.objects.filter(order_id=order.pk, kind=GrantKind.CHAT).values_list("content_key", flat=True)
    chats = [UUID(key.removeprefix("chat:")) for key in keys if LIKE_UUID.fullmatch(key.removeprefix("chat:"))]
    if not chats:
        return None
    places = Place.objects.filter(chat__in=chats, telegram_user_id=order.telegram_user_id)
    entered = [place.entered_at for place in places if place.entered_at is not None]
    at = max(*entered, order.paid_at) if len(entered) == len(chats) else None
    return _stop(ProofKind.INSIDE, at, broken=now - order.paid_at > INSIDE_WITHIN)


def _stop(kind: ProofKind, at: datetime | None, *, broken: bool) -> ProofStop:
    if at is not None:
        return ProofStop(kind, ProofState.DONE, at)
    return ProofStop(kind, ProofState.BROKEN if broken else ProofState.OPEN)


def heard_of_money_at(order: Order) -> datetime | None:
    """When the run took its paid exit, by its own timeline."""
    entries = timeline_of_run(order.run_id)
    return next(
        (entry.at for entry in entries if entry.kind == TimelineKind.PAID.value and entry.at >= order.created_at), None
    )
