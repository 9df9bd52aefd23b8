"""The inbox's raw statements, by name: rows come in, are found, read, marked and forgotten."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from bots import statements
from bots.storable import dump_json
from flows.runtime.bulk import joined

_INSERT_INBOX = """
WITH fresh AS (
    INSERT INTO flows_inboxkey (bot_id, source, external_id) VALUES (%(bot_id)s, %(source)s, %(external_id)s)
    ON CONFLICT DO NOTHING RETURNING bot_id
)
INSERT INTO flows_inboxevent
    (id, organization_id, bot_id, telegram_user_id, run_id, shard, source, external_id, payload)
SELECT %(id)s, %(organization_id)s, bot_id, %(telegram_user_id)s, %(run_id)s, %(shard)s, %(source)s, %(external_id)s,
       %(payload)s
FROM fresh
"""


@dataclass(frozen=True, slots=True)
class NewInboxRow:
    """An inbox row about to be written."""

    id: UUID
    organization_id: UUID
    bot_id: UUID
    telegram_user_id: int
    run_id: UUID | None
    shard: int
    source: str
    external_id: str
    payload: bytes


def insert_inbox(row: NewInboxRow) -> bool:
    """Writes the row and its dedupe key; False if the key was there already, and then nothing is written."""
    with connection.cursor() as cursor:
        statements.execute(
            cursor,
            _INSERT_INBOX,
            {
                "id": row.id,
                "organization_id": row.organization_id,
                "bot_id": row.bot_id,
                "telegram_user_id": row.telegram_user_id,
                "run_id": row.run_id,
                "shard": row.shard,
                "source": row.source,
                "external_id": row.external_id,
                "payload": row.payload,
            },
        )
        written: int = cursor.rowcount
        return written == 1


# One payload for all of them: it says the same to every run.
_INSERT_INBOX_ROWS = """
WITH input AS (
    SELECT * FROM json_to_recordset(%s::json) AS row (
        id uuid, organization_id uuid, bot_id uuid, telegram_user_id bigint, run_id uuid, shard smallint, source text,
        external_id text
    )
), fresh AS (
    INSERT INTO flows_inboxkey (bot_id, source, external_id)
    SELECT bot_id, source, external_id FROM input ORDER BY bot_id, source, external_id
    ON CONFLICT DO NOTHING RETURNING bot_id, source, external_id
)
INSERT INTO flows_inboxevent
    (id, organization_id, bot_id, telegram_user_id, run_id, shard, source, external_id, payload)
SELECT id, organization_id, bot_id, telegram_user_id, run_id, shard, source, external_id, %s
FROM input JOIN fresh USING (bot_id, source, external_id)
"""


def insert_inbox_rows(rows: Sequence[dict[str, Any]], payload: bytes) -> int:
    """Writes many rows that hold the same event, each with its dedupe key; answers how many were not there yet."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_INBOX_ROWS, [dump_json(rows), payload])
        written: int = cursor.rowcount
        return written


_FIRE_TIMERS = """
WITH input AS (
    SELECT * FROM json_to_recordset(%s::json) AS row (
        id uuid, timer_id uuid, organization_id uuid, bot_id uuid, telegram_user_id bigint, run_id uuid, shard smallint,
        payload text
    )
), fired AS (
    UPDATE flows_timer SET state = 'fired' FROM input WHERE flows_timer.id = input.timer_id
), fresh AS (
    INSERT INTO flows_inboxkey (bot_id, source, external_id)
    SELECT bot_id, 'timer', timer_id::text FROM input ORDER BY bot_id, timer_id::text
    ON CONFLICT DO NOTHING RETURNING external_id
)
INSERT INTO flows_inboxevent
    (id, organization_id, bot_id, telegram_user_id, run_id, shard, source, external_id, payload)
SELECT id, organization_id, bot_id, telegram_user_id, run_id, shard, 'timer', timer_id::text,
       convert_to(payload, 'UTF8')
FROM input WHERE timer_id::text IN (SELECT external_id FROM fresh)
"""


def fire_timers(rows: Sequence[dict[str, Any]]) -> int:
    """Marks these timers fired and writes their inbox rows; the caller holds the timers' row locks."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _FIRE_TIMERS, [dump_json(rows)])
        fired: int = cursor.rowcount
        return fired


# A bot's waiting rows stand together in the index, so the recursion jumps from bot to bot instead of reading a backlog.
# At most `quota` conversations of one bot come before those of others; rows that were tried before come last.
_WAITING = """
WITH RECURSIVE waiting_bot AS (
    (SELECT bot_id FROM flows_inboxevent WHERE state = 'new' AND shard = %(shard)s ORDER BY bot_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT event.bot_id FROM flows_inboxevent event
        WHERE event.state = 'new' AND event.shard = %(shard)s AND event.bot_id > waiting_bot.bot_id
        ORDER BY event.bot_id LIMIT 1
    ) FROM waiting_bot WHERE waiting_bot.bot_id IS NOT NULL
), head AS (
    SELECT bot.organization_id, oldest.*,
           row_number() OVER (PARTITION BY oldest.bot_id ORDER BY oldest.attempts, oldest.id) AS place
    FROM waiting_bot
    JOIN bots_bot bot ON bot.id = waiting_bot.bot_id AND bot.status <> 'paused'
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (first.telegram_user_id) first.bot_id, first.telegram_user_id, first.id, first.attempts
        FROM (
            SELECT event.bot_id, event.telegram_user_id, event.id, event.attempts FROM flows_inboxevent event
            WHERE event.state = 'new' AND event.shard = %(shard)s AND event.bot_id = waiting_bot.bot_id
            ORDER BY event.id LIMIT %(reach)s
        ) first
        ORDER BY first.telegram_user_id, first.id
    ) oldest
    WHERE (oldest.bot_id, oldest.telegram_user_id) NOT IN (
        SELECT * FROM unnest(%(skip_bots)s::uuid[], %(skip_users)s::bigint[])
    )
), taken AS (
    SELECT * FROM head ORDER BY (place > %(quota)s), attempts, id LIMIT %(limit)s
), marked AS (
    INSERT INTO flows_drainmark (id, shard, heads, lease_until)
    SELECT %(mark)s::uuid, %(shard)s, array_agg(id), clock_timestamp() + make_interval(secs => %(lease)s)
    FROM taken WHERE attempts = 0 AND %(mark)s::uuid IS NOT NULL HAVING count(*) > 0
)
SELECT taken.organization_id, taken.bot_id, taken.telegram_user_id, taken.attempts, taken.id, conversation.id
FROM taken LEFT JOIN flows_conversation conversation
     ON conversation.bot_id = taken.bot_id AND conversation.telegram_user_id = taken.telegram_user_id
ORDER BY taken.attempts, taken.id
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation with unread rows: `head` is the oldest of them, tried `attempts` times before."""

    organization_id: UUID
    bot_id: UUID
    telegram_user_id: int
    attempts: int
    head: UUID
    conversation_id: UUID | None

    @property
    def key(self) -> tuple[UUID, int]:
        return self.bot_id, self.telegram_user_id


def waiting(
    shard: int, *, limit: int, skip: Iterable[tuple[UUID, int]] = (), mark: UUID | None = None, lease: float = 0.0
) -> list[Waiting]:
    """Up to `limit` conversations of a shard with unread rows, fairly among bots; paused bots keep theirs.

    With `mark`, the untried heads are noted under it, so that they count an attempt should this process die.
    """
    skipped = list(skip)
    with connection.cursor() as cursor:
        statements.execute(
            cursor,
            _WAITING,
            {
                "shard": shard,
                "limit": limit,
                "quota": max(1, limit // 4),
                "reach": 2 * limit,
                "skip_bots": [bot_id for bot_id, _ in skipped],
                "skip_users": [user_id for _, user_id in skipped],
                "mark": mark,
                "lease": lease,
            },
        )
        return [Waiting(*row) for row in cursor.fetchall()]


_SHARDS_WAITING = """
SELECT number FROM generate_series(0, %s) AS every (number)
WHERE EXISTS (SELECT 1 FROM flows_inboxevent event WHERE event.state = 'new' AND event.shard = every.number)
"""


def shards_waiting(last_shard: int) -> list[int]:
    """The shards with unread rows, those of an earlier, larger `FLOW_SHARDS` included."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _SHARDS_WAITING, [last_shard])
        return [row[0] for row in cursor.fetchall()]


_UNREAD = """
SELECT event.bot_id, event.telegram_user_id, event.id, event.run_id, event.source, event.external_id, event.payload,
       event.attempts
FROM unnest(%s::uuid[], %s::bigint[]) AS claimed (bot_id, telegram_user_id)
CROSS JOIN LATERAL (
    SELECT * FROM flows_inboxevent waiting
    WHERE waiting.state = 'new' AND waiting.bot_id = claimed.bot_id
      AND waiting.telegram_user_id = claimed.telegram_user_id
    ORDER BY waiting.id LIMIT %s
) event
ORDER BY event.id
"""


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """An inbox row as the drain reads it."""

    id: UUID
    run_id: UUID | None
    source: str
    external_id: str
    payload: bytes
    attempts: int


def unread_rows(keys: Sequence[tuple[UUID, int]], *, per_conversation: int) -> dict[tuple[UUID, int], list[UnreadRow]]:
    """The oldest unread rows of each of these conversations, in inbox order. Read under their row locks."""
    found: dict[tuple[UUID, int], list[UnreadRow]] = {}
    with connection.cursor() as cursor:
        statements.execute(
            cursor, _UNREAD, [[bot_id for bot_id, _ in keys], [user_id for _, user_id in keys], per_conversation]
        )
        for bot_id, user_id, row_id, run_id, source, external_id, payload, attempts in cursor.fetchall():
            row = UnreadRow(row_id, run_id, source, external_id, bytes(payload), attempts)
            found.setdefault((bot_id, user_id), []).append(row)
    return found


_MARK_INBOX = """
WITH input AS (
    SELECT * FROM json_to_recordset(%s::json) AS row (
        id uuid, state text, error text, at timestamptz, journal text
    )
), over AS (
    DELETE FROM flows_drainmark WHERE id = %s
)
UPDATE flows_inboxevent event SET
    state = input.state, error = input.error, handled_at = coalesce(input.at, clock_timestamp()),
    journal = input.journal::jsonb
FROM input WHERE event.id = input.id AND event.id = ANY ((SELECT array_agg(id) FROM input)::uuid[])
"""


def mark_inbox(rows: Sequence[str], *, mark: UUID | None) -> None:
    """Marks rows handled, and lifts the drain's own mark with them."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _MARK_INBOX, [joined(rows), mark])


_COUNT_ATTEMPTS = """
UPDATE flows_inboxevent SET attempts = attempts + 1, error = %s WHERE id = ANY(%s) AND state = 'new'
RETURNING id, attempts
"""


def count_attempts(row_ids: Sequence[UUID], *, error: str = "") -> dict[UUID, int]:
    """Counts one attempt for each row that is still unread; answers how many each has now."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _COUNT_ATTEMPTS, [error, list(row_ids)])
        return dict(cursor.fetchall())


_LIFT_MARK = "DELETE FROM flows_drainmark WHERE id = %s"


def lift_mark(mark: UUID) -> None:
    """Forgets a mark whose drain failed in an orderly way and counts its own attempts."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _LIFT_MARK, [mark])


_COUNT_DEAD_DRAINS = """
WITH dead AS (
    DELETE FROM flows_drainmark WHERE id IN (
        SELECT id FROM flows_drainmark WHERE lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED
    ) RETURNING heads
)
UPDATE flows_inboxevent SET attempts = attempts + 1, error = 'worker_lost'
WHERE state = 'new' AND id IN (SELECT unnest(heads) FROM dead)
"""


def count_dead_drains() -> int:
    """Counts an attempt for every row a worker was trying when it died, and forgets those marks."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _COUNT_DEAD_DRAINS)
        counted: int = cursor.rowcount
        return counted


_PURGE_INBOX_KEYS = """
DELETE FROM flows_inboxkey WHERE (bot_id, source, external_id) IN (
    SELECT bot_id, source, external_id FROM flows_inboxkey
    WHERE created_at < statement_timestamp() - make_interval(secs => %s) LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


def purge_inbox_keys(older_than: timedelta, *, limit: int) -> int:
    """Forgets up to `limit` dedupe keys of that age; answers how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PURGE_INBOX_KEYS, [older_than.total_seconds(), limit])
        deleted: int = cursor.rowcount
        return deleted
