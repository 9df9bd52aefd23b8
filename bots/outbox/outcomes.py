"""What an outcome means for the row: pure, but for the jitter."""

import functools
import random
from datetime import datetime
from typing import assert_never

from bots.errors import DomainError, Unavailable
from bots.outbox.models import AttemptOutcome, MessageState
from bots.outbox.registry import Cancelled, Claim, Dead, Done, Outcome, RetryAt, Topic, Unknown
from bots.outbox.store import Record
from bots.storable import clean_text, dump_json

FIRST_DELAY = 1.0
LONGEST_DELAY = 300.0
ERROR_LENGTH = 2_000


def backoff(attempt: int) -> float:
    """Seconds before the next try: 1 s · 2ⁿ, at most five minutes, less up to a quarter so that crowds spread out."""
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(attempt - 1, 30))
    return longest * random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, guards nothing


@functools.lru_cache(maxsize=32)
def attempts_within(seconds: float) -> int:
    """How many attempts the backoff makes in that time. Counted so, since a message may be held back for days (a
    revoked token) without having been tried."""
    attempts, passed = 1, 0.0
    while passed < seconds:
        passed += min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (attempts - 1))
        attempts += 1
    return attempts


def outcome_of_error(error: Exception, *, now: datetime) -> Outcome:
    """What a handler's exception means: a refusal is final, all else is worth another try.

    The text of foreign exceptions is left out: it may hold a token.
    """
    match error:
        case Unavailable(retry_after=float() | int() as seconds):
            return RetryAt(datetime.fromtimestamp(now.timestamp() + seconds, tz=now.tzinfo), f"{error.code}: {error}")
        case Unavailable():
            return RetryAt(None, f"{error.code}: {error}")
        case DomainError():
            return Dead(f"{error.code}: {error}", error.code)
        case _:
            return RetryAt(None, type(error).__name__)


def settled(claim: Claim, outcome: Outcome, topic: Topic | None, *, now: datetime) -> Outcome:
    """The outcome, or Dead where there is no time for another try."""
    if not isinstance(outcome, RetryAt):
        return outcome
    at = now.timestamp() + backoff(claim.attempt) if outcome.at is None else outcome.at.timestamp()
    if claim.expires_at is not None and at >= claim.expires_at.timestamp():
        return Dead(outcome.error, "expired", outcome.follow_up)
    if topic is not None and outcome.counts and claim.attempt >= attempts_within(topic.give_up_after):
        return Dead(outcome.error, "gave_up", outcome.follow_up)
    return RetryAt(datetime.fromtimestamp(at, tz=now.tzinfo), outcome.error, outcome.counts, outcome.follow_up)


def record_of(claim: Claim, outcome: Outcome, *, now: datetime) -> Record:
    """What is written for an outcome that `settled` has seen."""
    match outcome:
        case Done(result=result):
            return Record(claim, MessageState.DONE, AttemptOutcome.DONE, result=dump_json(result))
        case RetryAt(at=at, error=error, counts=counts):
            delay = 0.0 if at is None else max(0.0, (at - now).total_seconds())
            return Record(
                claim, MessageState.NEW, AttemptOutcome.RETRY, delay=delay, counts=counts, error=_short(error)
            )
        case Dead(error=error, code=code):
            return Record(claim, MessageState.DEAD, AttemptOutcome.DEAD, error=_short(error), code=code[:64])
        case Unknown(error=error):
            return Record(claim, MessageState.UNKNOWN, AttemptOutcome.UNKNOWN, error=_short(error))
        case Cancelled(reason=reason):
            return Record(claim, MessageState.CANCELLED, AttemptOutcome.CANCELLED, error=_short(reason))
        case _:
            assert_never(outcome)


def _short(text: str) -> str:
    return clean_text(str(text))[:ERROR_LENGTH]
