"""The relay's other statements: giving back, recording. Set-based, so that a batch costs what one row costs.

Every time is the database's; every result is written only by the claim that made it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from bots import statements
from bots.outbox.models import AttemptOutcome, MessageState, OutboxMessage, Queue
from bots.outbox.registry import Claim

# After so many workers died in the middle of it, a message is held to be the cause.
LOSSES_LIMIT = 5
# What a dead worker left: back to the others, its attempt kept as lost. A topic that must not be repeated ends here.
RECLAIM = """
WITH lost AS (
    SELECT id FROM outbox_outboxmessage
    WHERE queue = %(queue)s AND state = 'leased' AND lease_until < statement_timestamp()
    ORDER BY lease_until LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), attempt AS (
    INSERT INTO outbox_outboxattempt (id, organization_id, message_id, number, started_at, ended_at, outcome, error)
    SELECT claim_token, organization_id, message.id, attempts, claimed_at, statement_timestamp(), 'lost', ''
    FROM outbox_outboxmessage AS message JOIN lost ON lost.id = message.id
    ON CONFLICT (id) DO NOTHING
)
UPDATE outbox_outboxmessage AS message
SET losses = losses + 1, lease_until = NULL, due_at = statement_timestamp(),
    last_error = 'The worker was lost; whether it happened is not known.', error_code = 'lost',
    state = CASE WHEN topic = ANY(%(once)s) THEN 'unknown' WHEN losses + 1 >= %(losses)s THEN 'dead' ELSE 'new' END,
    done_at = CASE WHEN topic = ANY(%(once)s) OR losses + 1 >= %(losses)s THEN statement_timestamp() END
FROM lost WHERE message.id = lost.id
RETURNING message.id, message.state
"""

# The attempt is kept even where the row is no longer ours: both are shown.
RECORD = """
WITH answer AS (
    SELECT * FROM unnest(
        %(ids)s::uuid[], %(tokens)s::uuid[], %(states)s::text[], %(delays)s::double precision[], %(counts)s::boolean[],
        %(outcomes)s::text[], %(errors)s::text[], %(codes)s::text[], %(results)s::jsonb[]
    ) AS row (id, token, state, delay, counts, outcome, error, code, result)
), attempt AS (
    INSERT INTO outbox_outboxattempt (id, organization_id, message_id, number, started_at, ended_at, outcome, error)
    SELECT answer.token, kept.organization_id, answer.id, kept.number, kept.started_at, statement_timestamp(),
           answer.outcome, answer.error
    FROM answer JOIN unnest(
        %(tokens)s::uuid[], %(organizations)s::uuid[], %(numbers)s::int[], %(started)s::timestamptz[]
    ) AS kept (token, organization_id, number, started_at) USING (token)
    WHERE answer.counts
    ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome, error = excluded.error
)
UPDATE outbox_outboxmessage AS message
SET state = answer.state,
    due_at = CASE WHEN answer.state = 'new'
                  THEN statement_timestamp() + make_interval(secs => answer.delay) ELSE due_at END,
    attempts = CASE WHEN answer.counts THEN attempts ELSE attempts - 1 END,
    lease_until = NULL, last_error = answer.error, error_code = answer.code, result = answer.result,
    done_at = CASE WHEN answer.state = 'new' THEN NULL ELSE statement_timestamp() END
FROM answer
WHERE message.id = answer.id AND message.claim_token = answer.token AND message.state = 'leased'
  AND message.id = ANY (%(ids)s::uuid[])
RETURNING message.id
"""


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be written about one claim. `delay` in seconds, for a row that goes back."""

    claim: Claim
    state: MessageState
    outcome: AttemptOutcome
    delay: float = 0.0
    counts: bool = True
    error: str = ""
    code: str = ""
    result: str = "{}"


def reclaim(queue: Queue, *, once: Sequence[str], limit: int = 500) -> list[tuple[uuid.UUID, MessageState]]:
    """Give back what dead workers hold; answers the rows and what became of them."""
    with connection.cursor() as cursor:
        statements.execute(
            cursor, RECLAIM, {"queue": queue.value, "limit": limit, "once": list(once), "losses": LOSSES_LIMIT}
        )
        return [(row_id, MessageState(state)) for row_id, state in cursor.fetchall()]


def claim_of(message_id: uuid.UUID) -> Claim:
    """A message as its last worker held it."""
    row = OutboxMessage.unscoped.get(pk=message_id)
    return Claim(
        id=row.pk,
        token=row.claim_token or row.pk,
        organization_id=row.organization_id,
        bot_id=row.bot_id,
        topic=row.topic,
        key=row.key,
        ordering_key=row.ordering_key,
        payload=row.payload,
        attempt=row.attempts,
        created_at=row.created_at,
        expires_at=row.expires_at,
        lease_until=row.lease_until or row.created_at,
        claimed_at=row.claimed_at or row.created_at,
    )


def record(records: Sequence[Record]) -> frozenset[uuid.UUID]:
    """Write the outcomes; answers the ids of those that were still ours."""
    if not records:
        return frozenset()
    claims = [record.claim for record in records]
    with connection.cursor() as cursor:
        statements.execute(
            cursor,
            RECORD,
            {
                "ids": [claim.id for claim in claims],
                "tokens": [claim.token for claim in claims],
                "organizations": [claim.organization_id for claim in claims],
                "numbers": [claim.attempt for claim in claims],
                "started": [claim.claimed_at for claim in claims],
                "states": [record.state.value for record in records],
                "delays": [record.delay for record in records],
                "counts": [record.counts for record in records],
                "outcomes": [record.outcome.value for record in records],
                "errors": [record.error for record in records],
                "codes": [record.code for record in records],
                "results": [record.result for record in records],
            },
        )
        return frozenset(row[0] for row in cursor.fetchall())
