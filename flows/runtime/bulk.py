"""What a drain writes, by name: one raw statement each, however many rows it takes. The inbox has its own.

Rows travel as one JSON parameter: PostgreSQL takes them apart faster than Python can quote them one by one. Where they
meet a table that grows, their ids go there as an array as well, so that the plan is index probes however small the
planner believes the table to be.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from bots import statements
from bots.storable import dump_json

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
        statements.execute(cursor, _WRITE_RUNS, [joined(rows)])
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
        statements.execute(cursor, _WRITE_TIMERS, [joined(voids), joined(arms)])


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
        parts = [joined(timeline), joined(kept_answers), joined(messages)]
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
        statements.execute(cursor, _WRITE_PEOPLE, [joined(contacts), joined(conversations)])


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


def joined(rows: Sequence[str]) -> str:
    """Rows that are JSON already, as one array."""
    return f"[{','.join(rows)}]"
