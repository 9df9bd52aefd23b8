"""Answers whose time is over are erased wherever they lie: run, contact, transcript, raw inbox row, outgoing rows.

Set-based: a batch costs a handful of statements, however many answers it holds, and each batch is a transaction of its
own. Safe to repeat, to break off and to run twice at once: what is erased is marked in the same transaction, and a
conversation that somebody works on is left for the next time.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from bots.outbox.services import forget_payloads
from bots.tenancy import no_scope
from flows.models import KeptAnswer

BATCH: Final = 500
# That something was asked and erased is itself a record, for so long.
RECORD_RETENTION: Final = timedelta(days=2 * 365)

# The drain writes runs from what it read under this lock, so that whoever changes one without it would be overwritten.
_CLAIM: Final = """
WITH due AS (
    SELECT id, conversation_id FROM flows_keptanswer
    WHERE erased_at IS NULL AND due_at <= %(now)s ORDER BY due_at LIMIT %(limit)s
), held AS (
    SELECT id FROM flows_conversation WHERE id = ANY (ARRAY(SELECT DISTINCT conversation_id FROM due))
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
SELECT due.id FROM due JOIN held ON held.id = due.conversation_id
"""

# What was said, and what was saved of it: unless the same question was answered anew since, and that answer stays.
_KEPT: Final = """
kept AS (
    SELECT kept.id, kept.conversation_id, conversation.contact_id, kept.run_id, kept.message_id, kept.inbox_event_id,
           btrim(line.text) AS said, kept.variable AS name,
           CASE WHEN starts_with(kept.variable, 'contact.') THEN contact.variables ->> substr(kept.variable, 9)
                ELSE run.state #>> ARRAY['variables', kept.variable] END AS saved,
           kept.variable <> '' AND NOT EXISTS (
               SELECT 1 FROM flows_keptanswer later
               WHERE later.conversation_id = kept.conversation_id AND later.id > kept.id
                 AND later.variable = kept.variable AND later.erased_at IS NULL AND later.id <> ALL (%(ids)s::uuid[])
                 AND (later.run_id = kept.run_id OR starts_with(kept.variable, 'contact.'))
           ) AS is_last
    FROM flows_keptanswer kept
    JOIN flows_conversation conversation ON conversation.id = kept.conversation_id
    JOIN bots_contact contact ON contact.id = conversation.contact_id
    LEFT JOIN flows_run run ON run.id = kept.run_id
    LEFT JOIN flows_message line ON line.id = kept.message_id
    WHERE kept.id = ANY (%(ids)s::uuid[])
), value AS (
    SELECT DISTINCT conversation_id, contact_id, text
    FROM kept CROSS JOIN unnest(ARRAY[said, CASE WHEN is_last THEN saved END]) AS every (text)
    WHERE text <> ''
)
"""

# A short answer ("sim") stands in many texts without being repeated there.
_ERASE_ECHOES: Final = f"""
WITH {_KEPT}, echoed AS (
    SELECT conversation_id, text FROM value WHERE length(text) >= 4
    UNION
    SELECT conversation_id, replace(replace(replace(text, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')
    FROM value WHERE length(text) >= 4
)
UPDATE flows_message line SET text = '', payload = '{{"erased": true, "calls": []}}'
WHERE line.direction = 'out' AND line.text <> '' AND line.id IN (
    SELECT message.id FROM flows_message message JOIN echoed ON message.conversation_id = echoed.conversation_id
    WHERE message.direction = 'out' AND strpos(message.text, echoed.text) > 0
)
RETURNING line.id
"""  # noqa: S608 - two constants of this module

# Where an answer was copied whole under another name, the copy goes too, if it is long enough to be told.
_ERASE: Final = f"""
WITH {_KEPT}, gone AS (
    SELECT run_id, array_agg(name) AS names FROM kept WHERE is_last GROUP BY run_id
), run AS (
    SELECT run.id, run.state || jsonb_build_object(
        'variables', (
            SELECT coalesce(jsonb_object_agg(variable.key, variable.value), '{{}}')
            FROM jsonb_each(run.state -> 'variables') AS variable
            WHERE variable.key <> ALL (coalesce((SELECT names FROM gone WHERE gone.run_id = run.id), '{{}}'))
              AND NOT EXISTS (
                  SELECT 1 FROM value WHERE value.conversation_id = run.conversation_id
                    AND value.text = variable.value #>> '{{}}' AND length(value.text) >= 5
              )
        ),
        'last_input', CASE WHEN EXISTS (
            SELECT 1 FROM value
            WHERE value.conversation_id = run.conversation_id AND value.text = btrim(run.state ->> 'last_input')
        ) THEN '' ELSE run.state ->> 'last_input' END
    ) AS state
    FROM flows_run run
    WHERE run.conversation_id IN (SELECT conversation_id FROM kept)
      AND jsonb_typeof(run.state -> 'variables') = 'object'
), of_runs AS (
    UPDATE flows_run SET state = run.state FROM run WHERE flows_run.id = run.id AND flows_run.state <> run.state
), contact AS (
    SELECT contact.id, (
        SELECT coalesce(jsonb_object_agg(variable.key, variable.value), '{{}}')
        FROM jsonb_each(contact.variables) AS variable
        WHERE NOT EXISTS (
                  SELECT 1 FROM kept
                  WHERE kept.contact_id = contact.id AND is_last AND name = 'contact.' || variable.key
              )
          AND NOT EXISTS (
                  SELECT 1 FROM value WHERE value.contact_id = contact.id
                    AND value.text = variable.value #>> '{{}}' AND length(value.text) >= 5
              )
    ) AS variables
    FROM bots_contact contact
    WHERE contact.id IN (SELECT contact_id FROM kept) AND jsonb_typeof(contact.variables) = 'object'
), of_contacts AS (
    UPDATE bots_contact SET variables = contact.variables, updated_at = clock_timestamp()
    FROM contact WHERE bots_contact.id = contact.id AND bots_contact.variables <> contact.variables
), of_transcript AS (
    UPDATE flows_message SET text = '', payload = '{{"erased": true}}'
    WHERE id = ANY (ARRAY(SELECT message_id FROM kept))
), of_inbox AS (
    UPDATE flows_inboxevent SET payload = '' WHERE id = ANY (ARRAY(SELECT inbox_event_id FROM kept)) AND state <> 'new'
)
UPDATE flows_keptanswer SET erased_at = %(now)s WHERE id = ANY (%(ids)s::uuid[])
"""  # noqa: S608 - two constants of this module


def erase_due(now: datetime | None = None, *, batch: int = BATCH) -> int:
    """Erase every answer that is due; answers how many were. See the module for what it promises."""
    now, erased = now or timezone.now(), 0
    with no_scope(reason="upkeep serves every organization"):
        while True:
            with transaction.atomic():
                ids = _claim(now, batch)
                if ids:
                    _erase(ids, now)
            erased += len(ids)
            if len(ids) < batch:
                return erased


def purge_records(now: datetime | None = None) -> int:
    """Forget that answers were kept which were erased long ago; answers how many. Safe to repeat."""
    with no_scope(reason="upkeep serves every organization"):
        count, _tables = KeptAnswer.unscoped.filter(erased_at__lt=(now or timezone.now()) - RECORD_RETENTION).delete()
        return count


def _claim(now: datetime, limit: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def _erase(ids: list[UUID], now: datetime) -> None:
    parameters: dict[str, Any] = {"ids": ids, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_ERASE_ECHOES, parameters)
        echoes = [row[0] for row in cursor.fetchall()]
        cursor.execute(_ERASE, parameters)
    if echoes:
        # A line to the contact has the id of its outgoing row, which holds the same words.
        forget_payloads(echoes)
