"""Outbox topics the payments app handles: three lines each, the work is in the services."""

from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.utils import timezone

from bots.ids import uuid7_time
from bots.outbox.registry import Claim, Dead, Done, Outcome, RetryAt, handler
from bots.topics import CHAT_CHANGED
from flows.engine.effects import (
    CheckPayment,
    Effect,
    GrantAccess,
    LinkSaid,
    OrderServed,
    RecallAccess,
    RenewPayment,
    RequestPayment,
)
from flows.topics import (
    ACCESS_GRANT,
    ACCESS_RECALL,
    LINK_SAID,
    ORDER_SERVED,
    PAYMENT_CHECK,
    PAYMENT_RENEW,
    PAYMENT_REQUEST,
    Envelope,
)
from payments.services import handling
from payments.services.handling import Progress
from payments.services.recalling import recall_accesses
from payments.services.refunds import carry_out_refund, give_up_refund
from payments.services.sandbox import post_notice
from payments.services.serving import mark_link_sent, mark_served
from payments.services.tending import chat_is_back, chat_is_lost
from payments.topics import PAYMENT_REFUND, SANDBOX_NOTIFY

SOON = timedelta(seconds=1)
SELDOM = timedelta(minutes=1)
# A gateway that recovers is noticed within this, while the person still looks at the chat.
LATER = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=5)
# A press is answered or forgotten: its buyer has pressed again by then.
MOST_CHECKS = 10

AnyEffect = TypeVar("AnyEffect", bound=Effect)


def _abandon(claim: Claim, _outcome: Dead) -> None:
    handling.abandon(Envelope.load(claim.payload), key=claim.key)


@handler(PAYMENT_REQUEST, deadline=20, on_dead=_abandon)
def handle_payment_request(claim: Claim) -> Outcome:
    envelope, effect = _open(claim, RequestPayment)
    return _outcome(claim, handling.request_payment(envelope, effect, key=claim.key))


@handler(PAYMENT_RENEW, deadline=20, on_dead=_abandon)
def handle_payment_renew(claim: Claim) -> Outcome:
    envelope, effect = _open(claim, RenewPayment)
    return _outcome(claim, handling.renew(envelope, effect, key=claim.key))


@handler(PAYMENT_CHECK, deadline=20)
def handle_payment_check(claim: Claim) -> Outcome:
    envelope, effect = _open(claim, CheckPayment)
    if claim.attempt > MOST_CHECKS:
        return Dead("the visit never had a charge", code="no_charge")
    return _outcome(claim, handling.check(envelope, effect, key=claim.key))


@handler(ACCESS_GRANT)
def handle_access_grant(claim: Claim) -> Outcome:
    envelope, effect = _open(claim, GrantAccess)
    handling.grant_access(envelope, effect)
    return Done()


@handler(ACCESS_RECALL)
def handle_access_recall(claim: Claim) -> Outcome:
    envelope, _effect = _open(claim, RecallAccess)
    recall_accesses(envelope, key=claim.key)
    return Done()


@handler(ORDER_SERVED)
def handle_order_served(claim: Claim) -> Outcome:
    envelope, effect = _open(claim, OrderServed)
    sent = mark_served(
        organization_id=envelope.organization_id, order_id=effect.order_id, note_id=claim.id, effect_key=claim.key
    )
    return (
        Done() if sent else RetryAt(next_look(claim.id, timezone.now()), "its messages have not left yet", counts=False)
    )


@handler(LINK_SAID)
def handle_link_said(claim: Claim) -> Outcome:
    envelope, effect = _open(claim, LinkSaid)
    sent = mark_link_sent(
        organization_id=envelope.organization_id, grant_id=effect.grant_id, note_id=claim.id, effect_key=claim.key
    )
    return (
        Done() if sent else RetryAt(next_look(claim.id, timezone.now()), "its message has not left yet", counts=False)
    )


@handler(CHAT_CHANGED)
def handle_chat_changed(claim: Claim) -> Outcome:
    chat_id = UUID(claim.payload["chat"])
    if claim.payload["lost"]:
        return Done({"told": chat_is_lost(claim.organization_id, chat_id, key=claim.key)})
    return Done({"links": chat_is_back(claim.organization_id, chat_id, links=bool(claim.payload["back"]))})


@handler(SANDBOX_NOTIFY)
def handle_sandbox_notify(claim: Claim) -> Outcome:
    status = post_notice(claim.payload)
    return Done({"status": status}) if status is not None and status < 300 else RetryAt(None, f"answered {status}")


def _refund_failed(claim: Claim, outcome: Dead) -> None:
    give_up_refund(UUID(claim.payload["refund"]), organization_id=claim.organization_id, error=outcome.error)


@handler(PAYMENT_REFUND, deadline=20, on_dead=_refund_failed)
def handle_payment_refund(claim: Claim) -> Outcome:
    pending = carry_out_refund(UUID(claim.payload["refund"]), organization_id=claim.organization_id)
    return Done() if pending is None else RetryAt(pending.at, pending.why, counts=pending.tried)


def next_look(note_id: UUID, now: datetime) -> datetime:
    """When to see again whether a walk's messages have left: soon while it is young, seldom while Telegram is away."""
    return now + min(max((now - uuid7_time(note_id)) / 4, SOON), SELDOM)


def _not_yet(claim: Claim, why: str) -> RetryAt:
    return RetryAt(next_look(claim.id, timezone.now()), why, counts=False)


def _open(claim: Claim, kind: type[AnyEffect]) -> tuple[Envelope, AnyEffect]:
    envelope = Envelope.load(claim.payload)
    if not isinstance(envelope.effect, kind):
        raise TypeError(f"{claim.topic} carries {type(envelope.effect).__name__}")
    return envelope, envelope.effect


def _outcome(claim: Claim, progress: Progress) -> Outcome:
    match progress:
        case Progress.DONE:
            return Done()
        case Progress.SOON:
            return RetryAt(timezone.now() + SOON, "somebody else is at it")
        case Progress.LATER:
            wait = min(LATER * claim.attempt, LONGEST_WAIT)
            return RetryAt(timezone.now() + wait, "no gateway answers")
