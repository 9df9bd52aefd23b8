"""What an outcome means for the row."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from bots.errors import NotFound, Unavailable
from bots.ids import uuid7
from bots.outbox.models import MessageState, Queue
from bots.outbox.outcomes import attempts_within, backoff, outcome_of_error, record_of, settled
from bots.outbox.registry import Cancelled, Claim, Dead, Done, Outcome, RetryAt, Topic, Unknown

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = 24 * 3600.0


def a_claim(attempt: int = 1, expires_in: float | None = None) -> Claim:
    return Claim(
        id=uuid7(),
        token=uuid7(),
        organization_id=uuid7(),
        bot_id=None,
        topic="t",
        key="k",
        ordering_key=None,
        payload={},
        attempt=attempt,
        created_at=NOW,
        expires_at=None if expires_in is None else NOW + timedelta(seconds=expires_in),
        lease_until=NOW + timedelta(seconds=30),
        claimed_at=NOW,
    )


def a_topic(give_up_after: float = DAY) -> Topic:
    return Topic("t", lambda _claim: Done(), Queue.OUTBOX, 15.0, True, give_up_after, None)


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 300), (300, 300), (5_000, 300)]
)
def test_backs_off_by_powers_of_two_up_to_five_minutes(attempt: int, longest: float) -> None:
    delays = [backoff(attempt) for _ in range(200)]
    assert max(delays) <= longest
    assert min(delays) >= longest * 0.75
    assert len(set(delays)) > 100


def test_gives_up_after_the_attempts_of_a_day() -> None:
    # 1 + 2 + … + 256 s are nine waits; the rest of the day is waits of five minutes.
    assert attempts_within(DAY) == 1 + 9 + 287
    assert attempts_within(10) == 5
    outcome = RetryAt(None, "502")
    assert isinstance(settled(a_claim(attempts_within(DAY) - 1), outcome, a_topic(), now=NOW), RetryAt)
    assert settled(a_claim(attempts_within(DAY)), outcome, a_topic(), now=NOW) == Dead("502", "gave_up")


def test_what_was_held_back_is_never_given_up() -> None:
    held = RetryAt(NOW + timedelta(seconds=5), "paused", counts=False)
    assert settled(a_claim(10_000), held, a_topic(), now=NOW) == held


def test_a_message_that_would_come_too_late_is_dead_now() -> None:
    wait = RetryAt(NOW + timedelta(seconds=10), "429", counts=False)
    assert settled(a_claim(expires_in=10), wait, a_topic(), now=NOW) == Dead("429", "expired")
    assert settled(a_claim(expires_in=11), wait, a_topic(), now=NOW) == wait


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Done({"id": 1}), MessageState.DONE),
        (Dead("no", "blocked"), MessageState.DEAD),
        (Unknown("cut"), MessageState.UNKNOWN),
        (Cancelled("stop"), MessageState.CANCELLED),
        (RetryAt(NOW, "x"), MessageState.NEW),
    ],
)
def test_each_outcome_has_its_state(outcome: Outcome, state: MessageState) -> None:
    assert settled(a_claim(), outcome, a_topic(), now=NOW) == outcome
    assert record_of(a_claim(), outcome, now=NOW).state == state


def test_errors_are_stored_short_and_clean() -> None:
    record = record_of(a_claim(), Dead("a\0b" + "x" * 5_000, "c" * 100), now=NOW)
    assert record.error.startswith("abx")
    assert (len(record.error), len(record.code)) == (2_000, 64)


def test_a_moment_in_the_past_is_now() -> None:
    assert record_of(a_claim(), RetryAt(NOW - timedelta(hours=1), "x"), now=NOW).delay == 0.0
    assert record_of(a_claim(), RetryAt(NOW + timedelta(seconds=7), "x"), now=NOW).delay == 7.0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unavailable("busy", "Busy.", retry_after=7), RetryAt(NOW + timedelta(seconds=7), "busy: Busy.")),
        (Unavailable("busy", "Busy."), RetryAt(None, "busy: Busy.")),
        (NotFound("gone", "Gone."), Dead("gone: Gone.", "gone")),
        (OperationalError("password=secret"), RetryAt(None, "OperationalError")),
        (RuntimeError("https://api/bot123:TOKEN/send"), RetryAt(None, "RuntimeError")),
    ],
)
def test_an_exception_is_a_refusal_or_another_try_and_its_text_is_not_told(error: Exception, outcome: Outcome) -> None:
    assert outcome_of_error(error, now=NOW) == outcome
