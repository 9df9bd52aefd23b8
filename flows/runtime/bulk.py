"""Every raw statement of the run loop, by name: one statement each, however many rows it takes.

Rows travel as one JSON parameter: PostgreSQL takes them apart faster than Python can quote them one by one. Where they
meet a table that grows, their ids go there as an array as well, so that the plan is index probes however small the
planner believes the table to be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from bots import statements
from bots.storable import dump_json

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


_INSERT_MISSING = """
WITH input AS (
    SELECT * FROM json_to_recordset(%s::json) AS row (
        contact_id uuid, conversation_id uuid, organization_id uuid, bot_id uuid, telegram_user_id bigint
    )
), arrived AS (
    INSERT INTO bots_contact (id, organization_id, bot_id, telegram_user_id)
    SELECT contact_id, organization_id, bot_id, telegram_user_id FROM input ORDER BY bot_id, telegram_user_id
    ON CONFLICT (bot_id, telegram_user_id) DO NOTHING RETURNING id, bot_id, telegram_user_id
), contact AS (
    SELECT id, bot_id, telegram_user_id FROM arrived
    UNION ALL
    SELECT known.id, known.bot_id, known.telegram_user_id FROM bots_contact known
    JOIN input USING (bot_id, telegram_user_id)
)
INSERT INTO flows_conversation (id, organization_id, bot_id, contact_id, telegram_user_id, stack, attention)
SELECT input.conversation_id, input.organization_id, input.bot_id, contact.id, input.telegram_user_id, '{}', false
FROM input JOIN contact USING (bot_id, telegram_user_id) ORDER BY input.bot_id, input.telegram_user_id
ON CONFLICT (bot_id, telegram_user_id) DO NOTHING
RETURNING id
"""


def insert_missing(rows: Sequence[dict[str, Any]]) -> list[UUID]:
    """Makes the contacts and conversations that do not exist yet, sorted; answers the conversations it made.

    Who loses the race against another drain makes nothing and finds the winner's row on its next look.
    """
    with connection.cursor() as cursor:
        statements.execute(cursor, _INSERT_MISSING, [dump_json(rows)])
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


_WRITE_RUNS = """
WITH input AS (
    SELECT * FROM json_to_recordset(%s::json) AS row (
        id uuid, organization_id uuid, conversation_id uuid, contact_id uuid, bot_id uuid, flow_id uuid,
        version_id uuid, status text, before integer, revision integer, step_id text, entered_at timestamptz,
        state jsonb, owes boolean, started_at timestamptz, ended_at timestamptz, failure text, parked text
    )
), made AS (
    INSERT INTO flows_run (
        id, organization_id, conversation_id, contact_id, bot_id, flow_id, version_id, status, revision, step_id,
        entered_at, state, owes, started_at, ended_at, failure, parked
    )
    SELECT id, organization_id, conversation_id, contact_id, bot_id, flow_id, version_id, status, revision, step_id,
           entered_at, state, owes, started_at, ended_at, failure, parked
    FROM input WHERE before IS NULL
    RETURNING id
), changed AS (
    UPDATE flows_run run SET
        version_id = input.version_id, status = input.status, revision = input.revision, step_id = input.step_id,
        entered_at = input.entered_at, state = coalesce(input.state, run.state), owes = input.owes,
        ended_at = input.ended_at, failure = input.failure, parked = input.parked
    FROM input
    WHERE run.id = input.id AND run.id = ANY ((SELECT array_agg(id) FROM input)::uuid[])
      AND run.revision = input.before
    RETURNING run.id
)
SELECT (SELECT count(*) FROM made) + (SELECT count(*) FROM changed)
"""


class LostRace(Exception):
    """A run was changed by somebody who did not hold its conversation: nothing of this transaction may stand."""


def write_runs(rows: Sequence[str]) -> None:
    """Inserts runs without a revision `before`, updates the others if they still have it; raises LostRace if not."""
    if not rows:
        return
    with connection.cursor() as cursor:
        statements.execute(cursor, _WRITE_RUNS, [_joined(rows)])
        (written,) = cursor.fetchone()
    if written != len(rows):
        raise LostRace


_WRITE_TIMERS = """
WITH void AS (
    SELECT * FROM json_to_recordset(%s::json) AS row (run_id uuid, kind text)
), voided AS (
    UPDATE flows_timer timer SET state = 'void' FROM void
    WHERE timer.run_id = void.run_id AND timer.state = 'armed' AND (void.kind IS NULL OR timer.kind = void.kind)
)
INSERT INTO flows_timer (id, organization_id, conversation_id, run_id, kind, wait, visit, due_at, state)
SELECT id, organization_id, conversation_id, run_id, kind, wait, visit, due_at, 'armed'
FROM json_to_recordset(%s::json) AS row (
    id uuid, organization_id uuid, conversation_id uuid, run_id uuid, kind text, wait integer, visit integer,
    due_at timestamptz
)
"""


def write_timers(*, voids: Sequence[str], arms: Sequence[str]) -> None:
    """Voids armed timers by run and kind (null: all of the run), then arms new ones."""
    if not voids and not arms:
        return
    with connection.cursor() as cursor:
        statements.execute(cursor, _WRITE_TIMERS, [_joined(voids), _joined(arms)])


_WRITE_HISTORY = """
WITH told AS (
    INSERT INTO flows_timelineentry
        (id, organization_id, bot_id, conversation_id, run_id, inbox_event_id, kind, step_id, data, at)
    SELECT id, organization_id, bot_id, conversation_id, run_id, inbox_event_id, kind, step_id, data, at
    FROM json_to_recordset(%s::json) AS row (
        id uuid, organization_id uuid, bot_id uuid, conversation_id uuid, run_id uuid, inbox_event_id uuid, kind text,
        step_id text, data jsonb, at timestamptz
    )
), kept AS (
    INSERT INTO flows_keptanswer
        (id, organization_id, conversation_id, run_id, step_id, variable, purpose, accepted, inbox_event_id, message_id,
         answered_at, due_at)
    SELECT id, organization_id, conversation_id, run_id, step_id, variable, purpose, accepted, inbox_event_id,
           message_id, answered_at, due_at
    FROM json_to_recordset(%s::json) AS row (
        id uuid, organization_id uuid, conversation_id uuid, run_id uuid, step_id text, variable text, purpose text,
        accepted boolean, inbox_event_id uuid, message_id uuid, answered_at timestamptz, due_at timestamptz
    )
)
INSERT INTO flows_message
    (id, organization_id, bot_id, conversation_id, run_id, direction, text, payload, telegram_message_id, at)
SELECT id, organization_id, bot_id, conversation_id, run_id, direction, text, payload, telegram_message_id, at
FROM json_to_recordset(%s::json) AS row (
    id uuid, organization_id uuid, bot_id uuid, conversation_id uuid, run_id uuid, direction text, text text,
    payload jsonb, telegram_message_id bigint, at timestamptz
)
"""


def write_history(*, timeline: Sequence[str], messages: Sequence[str], kept_answers: Sequence[str] = ()) -> None:
    """Appends timeline entries, lines of the transcript, and where answers are kept."""
    if not timeline and not messages and not kept_answers:
        return
    with connection.cursor() as cursor:
        parts = [_joined(timeline), _joined(kept_answers), _joined(messages)]
        statements.execute(cursor, _WRITE_HISTORY, parts)


_WRITE_MESSAGE_IDS = """
UPDATE flows_message message SET telegram_message_id = sent.message_id
FROM unnest(%(ids)s::uuid[], %(message_ids)s::bigint[]) AS sent (id, message_id)
WHERE message.id = sent.id AND message.id = ANY (%(ids)s::uuid[])
"""


def write_message_ids(ids: Sequence[UUID], message_ids: Sequence[int]) -> None:
    """What Telegram calls the messages that these lines of the transcript became."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _WRITE_MESSAGE_IDS, {"ids": list(ids), "message_ids": list(message_ids)})


_INSERT_PROBLEM = """
INSERT INTO flows_timelineentry
    (id, organization_id, bot_id, conversation_id, run_id, inbox_event_id, kind, step_id, data, at)
SELECT %(id)s, run.organization_id, run.bot_id, run.conversation_id, run.id, NULL, 'problem', NULL, %(data)s::jsonb,
       clock_timestamp()
FROM flows_run run WHERE run.id = %(run_id)s
"""


def insert_problem(run_id: UUID, *, entry_id: UUID, data: str) -> None:
    """Appends a problem that was met outside any step to a run's timeline; nothing for a run that is not there."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _INSERT_PROBLEM, {"id": entry_id, "run_id": run_id, "data": data})


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
        statements.execute(cursor, _MARK_INBOX, [_joined(rows), mark])


_WRITE_PEOPLE = """
WITH contact AS (
    UPDATE bots_contact contact SET
        first_name = input.first_name, last_name = input.last_name, username = input.username,
        language_code = input.language_code, blocked_at = input.blocked_at, updated_at = clock_timestamp(),
        -- Only what a run changed: others may write here at the same time.
        variables = (contact.variables - input.cleared) || input.variables,
        tags = array(
            SELECT tag FROM unnest(contact.tags || input.add_tags) WITH ORDINALITY AS every (tag, place)
            WHERE tag <> ALL (input.remove_tags) GROUP BY tag ORDER BY min(place)
        )
    FROM json_to_recordset(%s::json) AS input (
        id uuid, first_name text, last_name text, username text, language_code text, blocked_at timestamptz,
        variables jsonb, cleared text[], add_tags varchar(64)[], remove_tags varchar(64)[]
    ) WHERE contact.id = input.id
)
UPDATE flows_conversation conversation SET
    stack = input.stack, top_run_id = input.top_run_id, attention = input.attention,
    last_event_at = input.last_event_at, journal_digest = input.journal_digest
FROM json_to_recordset(%s::json) AS input (
    id uuid, stack uuid[], top_run_id uuid, attention boolean, last_event_at timestamptz, journal_digest text
) WHERE conversation.id = input.id
"""


def write_people(*, contacts: Sequence[str], conversations: Sequence[str]) -> None:
    """Writes what changed of contacts and conversations."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _WRITE_PEOPLE, [_joined(contacts), _joined(conversations)])


_ENSURE_WELCOME = """
WITH input AS (
    SELECT * FROM json_to_recordset(%s::json) AS row (
        id uuid, organization_id uuid, bot_id uuid, content_hash text, definition jsonb
    )
), made AS (
    INSERT INTO flows_flowversion (id, organization_id, bot_id, kind, definition, content_hash, note)
    SELECT id, organization_id, bot_id, 'welcome', definition, content_hash, '' FROM input
    ORDER BY bot_id, content_hash
    ON CONFLICT (bot_id, content_hash) WHERE kind = 'welcome' DO NOTHING
    RETURNING bot_id, id
)
SELECT bot_id, id FROM made
UNION ALL
SELECT version.bot_id, version.id FROM flows_flowversion version
JOIN input ON version.bot_id = input.bot_id AND version.content_hash = input.content_hash
WHERE version.kind = 'welcome'
"""


def ensure_welcome_versions(rows: Sequence[dict[str, Any]]) -> dict[UUID, UUID]:
    """The id of each bot's welcome version of this content, made where it does not exist yet.

    A bot is missing from the answer if another transaction was making the same version; it is there on the next look.
    """
    with connection.cursor() as cursor:
        statements.execute(cursor, _ENSURE_WELCOME, [dump_json(rows)])
        return dict(cursor.fetchall())


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


def _joined(rows: Sequence[str]) -> str:
    return f"[{','.join(rows)}]"
