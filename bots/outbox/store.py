"""The relay's statements: claiming, giving back, recording. Set-based, so that a batch costs what one row costs.

Every time is the database's; every result is written only by the claim that made it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import orjson
from django.conf import settings
from django.db import connection

from bots.ids import uuid7
from bots.outbox.models import AttemptOutcome, MessageState, Queue
from bots.outbox.registry import Claim

# After so many workers died in the middle of it, a message is held to be the cause.
LOSSES_LIMIT = 5
# So many bots are looked at for one claim; where there are more, the next claim goes on behind them.
LANES_LIMIT = 500
BEFORE_ALL_LANES = (-(2**15), uuid.UUID(int=0))

# 1. `lanes`: every bot with waiting rows, found by hopping along the index.
# 2. `candidates`: from each, its oldest due rows; with an ordering key only the head of that key.
# 3. `picked`: round robin over the bots, so that none waits for another's backlog; rows another worker has just
#    locked are passed over, and those it has finished since are seen to be so when the lock is taken.
# Keys go by array, so that the plan is index probes however old the table's statistics are.
CLAIM = """
WITH RECURSIVE lanes AS (
    (
        SELECT priority, lane, 1 AS number FROM outbox_outboxmessage
        WHERE queue = %(queue)s AND state = 'new' AND (priority, lane) > (%(after_priority)s, %(after_lane)s::uuid)
        ORDER BY priority, lane LIMIT 1
    )
    UNION ALL
    SELECT following.priority, following.lane, lanes.number + 1
    FROM lanes CROSS JOIN LATERAL (
        SELECT priority, lane FROM outbox_outboxmessage
        WHERE queue = %(queue)s AND state = 'new' AND (priority, lane) > (lanes.priority, lanes.lane)
        ORDER BY priority, lane LIMIT 1
    ) AS following
    WHERE lanes.number < %(lanes_limit)s
), candidates AS (
    SELECT head.id, head.due_at, head.position, lanes.priority,
           row_number() OVER (PARTITION BY lanes.lane ORDER BY lanes.priority, head.due_at, head.position) AS turn
    FROM lanes CROSS JOIN LATERAL (
        SELECT id, due_at, position FROM outbox_outboxmessage AS message
        WHERE queue = %(queue)s AND state = 'new' AND priority = lanes.priority AND lane = lanes.lane
          AND due_at <= statement_timestamp()
          AND (ordering_key IS NULL OR position = (
              SELECT position FROM outbox_outboxmessage AS head
              WHERE head.ordering_key = message.ordering_key AND head.state IN ('new', 'leased')
              ORDER BY position LIMIT 1
          ))
        ORDER BY due_at, position LIMIT %(window)s
    ) AS head
), chosen AS (
    SELECT array_agg(id ORDER BY turn, priority, due_at, position) AS ids FROM (
        SELECT * FROM candidates ORDER BY turn, priority, due_at, position LIMIT %(window)s
    ) AS first
), picked AS (
    SELECT id FROM outbox_outboxmessage
    WHERE id = ANY ((SELECT ids FROM chosen)::uuid[]) AND state = 'new'
    ORDER BY array_position((SELECT ids FROM chosen), id)
    LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
), taken AS (
    SELECT array_agg(id) AS ids FROM picked
), claimed AS (
    UPDATE outbox_outboxmessage
    SET state = 'leased', attempts = attempts + 1, claimed_at = statement_timestamp(),
        lease_until = statement_timestamp() + make_interval(secs => %(lease)s),
        claim_token = (%(tokens)s::uuid[])[array_position((SELECT ids FROM taken), id)]
    WHERE id = ANY ((SELECT ids FROM taken)::uuid[])
    RETURNING id, claim_token, organization_id, bot_id, topic, key, ordering_key, attempts, created_at,
              expires_at, lease_until, claimed_at, position, payload
)
SELECT reached.priority, reached.lane, claimed.*
FROM (SELECT) AS always
LEFT JOIN (SELECT priority, lane FROM lanes WHERE number = %(lanes_limit)s) AS reached ON true
LEFT JOIN claimed ON true
"""
CLAIM_COLUMNS = (
    "id",
    "token",
    "organization_id",
    "bot_id",
    "topic",
    "key",
    "ordering_key",
    "attempt",
    "created_at",
    "expires_at",
    "lease_until",
    "claimed_at",
)

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


@dataclass(frozen=True, slots=True)
class Batch:
    """What one claim took, in the order it is to leave; `more` if there may be something left that is due now."""

    claims: tuple[Claim, ...]
    more: bool


# Where the next claim of each queue begins: only fairness rests on it, so it may be forgotten or shared by threads.
_resume: dict[Queue, tuple[int, uuid.UUID]] = {}


def claim(queue: Queue, *, limit: int) -> Batch:
    """Take up to `limit` due rows under a lease that is committed before anything is called."""
    after_priority, after_lane = _resume.pop(queue, BEFORE_ALL_LANES)
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "queue": queue.value,
                "lanes_limit": LANES_LIMIT,
                "after_priority": after_priority,
                "after_lane": after_lane,
                # Twice as many as wanted from each bot: what a rival has just locked is made up for.
                "window": 2 * limit,
                "limit": limit,
                "lease": settings.TRILHO_LEASE_SECONDS,
                "tokens": [uuid7() for _ in range(limit)],
            },
        )
        found = cursor.fetchall()
    reached = found[0][:2]
    if reached[1] is not None:
        _resume[queue] = reached
    rows = sorted((row[2:] for row in found if row[2] is not None), key=itemgetter(-2))
    claims = tuple(Claim(payload=orjson.loads(row[-1]), **dict(zip(CLAIM_COLUMNS, row, strict=False))) for row in rows)
    return Batch(claims, more=len(claims) == limit or reached[1] is not None)


def reclaim(queue: Queue, *, once: Sequence[str], limit: int = 500) -> list[tuple[uuid.UUID, MessageState]]:
    """Give back what dead workers hold; answers the rows and what became of them."""
    with connection.cursor() as cursor:
        cursor.execute(RECLAIM, {"queue": queue.value, "limit": limit, "once": list(once), "losses": LOSSES_LIMIT})
        return [(row_id, MessageState(state)) for row_id, state in cursor.fetchall()]


def record(records: Sequence[Record]) -> frozenset[uuid.UUID]:
    """Write the outcomes; answers the ids of those that were still ours."""
    if not records:
        return frozenset()
    claims = [record.claim for record in records]
    with connection.cursor() as cursor:
        cursor.execute(
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
