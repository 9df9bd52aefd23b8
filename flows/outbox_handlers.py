"""Outbox topics the flows app handles itself: calls to other systems."""

from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from django.utils import timezone

from bots.models import Channel
from bots.outbox.registry import Claim, Dead, Done, Outcome, RetryAt, handler
from bots.outgoing import LONGEST_SECONDS
from flows.adapters.http import HttpResult, NoRoom, ask
from flows.engine.effects import CallHttp
from flows.engine.events import HttpAnswered, HttpOutcome
from flows.models import InboxSource
from flows.runtime.metrics import HTTP_CALLS
from flows.services import post_event
from flows.topics import HTTP_CALL, Envelope

logger = structlog.get_logger(__name__)

# The person is waiting in the chat: a second and a third try, and soon.
ATTEMPTS: Final = 3
PAUSES: Final = (timedelta(seconds=1), timedelta(seconds=3))
HELD_FOR: Final = timedelta(seconds=1)
# What was certainly not sent may be tried for so long, whatever it would do.
UNSENT_FOR: Final = timedelta(seconds=30)


def _abandon(claim: Claim, outcome: Dead) -> None:
    """It will not be made any more: the run learns of it, if it still waits."""
    envelope = Envelope.load(claim.payload)
    if isinstance(envelope.effect, CallHttp):
        _post(claim, envelope, HttpAnswered(envelope.effect.wait, HttpOutcome.NO_ANSWER))


@handler(HTTP_CALL, deadline=LONGEST_SECONDS + 2, on_dead=_abandon)
async def handle_http_call(claim: Claim) -> Outcome:
    """Call another system and tell the run what came of it. A call that must not be repeated is made once: after a lost
    worker or a cut line its outcome is unknown, and that is what the run learns."""
    envelope = Envelope.load(claim.payload)
    effect = envelope.effect
    assert isinstance(effect, CallHttp)
    if claim.attempt > 1 and not effect.repeatable:
        return _told(claim, envelope, HttpAnswered(effect.wait, HttpOutcome.UNKNOWN))
    try:
        result = await ask(
            effect,
            organization_id=envelope.organization_id,
            key=claim.key,
            is_test=envelope.channel == Channel.SIMULATOR,
        )
    except NoRoom:
        return RetryAt(timezone.now() + HELD_FOR, "its organization's share is taken", counts=False)
    told = {"outcome": str(result.outcome), "status": result.status, "milliseconds": result.milliseconds}
    logger.info("http_call", run_id=str(envelope.run_id), **told)
    return _once_more(claim, effect, result) or _told(
        claim,
        envelope,
        HttpAnswered(effect.wait, result.outcome, result.status, result.values, result.milliseconds),
    )


def _once_more(claim: Claim, effect: CallHttp, result: HttpResult) -> RetryAt | None:
    """Another try, where one may help and harms nobody."""
    if result.outcome is HttpOutcome.OK or result.is_final or result.outcome is HttpOutcome.HELD_OFF:
        return None
    now, code = timezone.now(), str(result.outcome)
    if effect.repeatable:
        return RetryAt(now + PAUSES[claim.attempt - 1], code) if claim.attempt < ATTEMPTS else None
    # It did not leave, so it is no attempt: the next one must still be the first.
    return RetryAt(now + PAUSES[0], code, counts=False) if now - claim.created_at < UNSENT_FOR else None


def _told(claim: Claim, envelope: Envelope, answer: HttpAnswered) -> Outcome:
    HTTP_CALLS.labels(str(answer.outcome)).inc()
    return Done(
        {"outcome": str(answer.outcome), "status": answer.status}, follow_up=partial(_post, claim, envelope, answer)
    )


def _post(claim: Claim, envelope: Envelope, answer: HttpAnswered) -> None:
    """The answer as an inbox row; by the claim, so that a call sent again by hand has an answer of its own."""
    post_event(
        organization_id=envelope.organization_id,
        bot_id=envelope.bot_id,
        telegram_user_id=envelope.telegram_user_id,
        event=answer,
        source=InboxSource.OUTSIDE,
        external_id=f"http:{claim.token}",
        run_id=envelope.run_id,
    )
