"""What the relay counts."""

from collections.abc import Sequence

from prometheus_client import Counter, Histogram

from bots.outbox.models import MessageState, Queue
from bots.outbox.store import Record

OUTCOMES = Counter("trilho_outbox_outcomes", "Attempts at messages, by what came of them", ["topic", "outcome"])
LOST = Counter("trilho_outbox_lost", "Messages taken back from lost workers", ["queue"])
SUPERSEDED = Counter("trilho_outbox_superseded", "Outcomes that came after the lease had run out", ["topic"])
WAIT = Histogram(
    "trilho_outbox_wait_seconds",
    "From publishing to the claim that finished it",
    ["topic"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600),
)


def count_outcomes(records: Sequence[Record], written: frozenset[object]) -> None:
    """Count these outcomes; `written` holds the messages that were still ours."""
    for record in records:
        claim = record.claim
        if claim.id not in written:
            SUPERSEDED.labels(claim.topic).inc()
            continue
        OUTCOMES.labels(claim.topic, record.outcome.value if record.counts else "held").inc()
        if record.state is MessageState.DONE:
            WAIT.labels(claim.topic).observe(max(0.0, (claim.claimed_at - claim.created_at).total_seconds()))


def count_lost(queue: Queue, number: int) -> None:
    """Count rows taken back from lost workers."""
    if number:
        LOST.labels(queue.value).inc(number)
