"""Publishing: messages become rows of the caller's own transaction."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from bots import jobs, statements
from bots.ids import uuid7
from bots.outbox.models import Queue
from bots.outbox.registry import queue_of
from bots.storable import dump_json

RING_TASK = "bots.outbox.ring"


class PublishedOutsideTransaction(RuntimeError):
    """A message published outside a transaction could leave although what caused it was never stored."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """Something to be done outside. `key` is its identity: a second message of the same key is absorbed.

    Messages of one `ordering_key` leave one after the other, in the order they were published; whoever publishes with
    one holds the lock that orders it. `expires_at`: not worth doing later. Lower `priority` leaves first.
    """

    topic: str
    key: str
    organization_id: uuid.UUID
    bot_id: uuid.UUID | None = None
    ordering_key: str | None = None
    payload: Mapping[str, Any] | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    priority: int = 0
    id: uuid.UUID | None = None


INSERT = """
WITH input AS (
    SELECT * FROM unnest(
        %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[],
        %s::jsonb[], %s::timestamptz[], %s::timestamptz[]
    ) WITH ORDINALITY AS row (
        id, organization_id, bot_id, queue, topic, key, ordering_key, priority, payload, due_at, expires_at, number
    )
), fresh AS (
    INSERT INTO outbox_outboxkey (key) SELECT key FROM input ORDER BY key ON CONFLICT DO NOTHING RETURNING key
)
INSERT INTO outbox_outboxmessage (
    id, organization_id, bot_id, queue, lane, topic, key, ordering_key, position, priority, payload, state, due_at,
    expires_at, attempts, losses, last_error, error_code, result
)
SELECT id, organization_id, bot_id, queue, coalesce(bot_id, organization_id), topic, key, ordering_key,
       nextval('outbox_position'), priority, payload, 'new', coalesce(due_at, statement_timestamp()), expires_at,
       0, 0, '', '', '{}'
FROM (SELECT input.* FROM input JOIN fresh USING (key) ORDER BY number) AS row
RETURNING id
"""


def publish(messages: Sequence[NewMessage]) -> frozenset[uuid.UUID]:
    """Write the messages in one statement, however many; answers the ids of those whose key was new.

    Raises PublishedOutsideTransaction. Safe to repeat. Rings the relay once the transaction is committed.
    """
    if not connection.in_atomic_block:
        raise PublishedOutsideTransaction("publish() needs the transaction of what it announces.")
    unique = {message.key: message for message in reversed(messages)}
    rows = [message for message in messages if unique.get(message.key) is message]
    if not rows:
        return frozenset()
    queues = [queue_of(message.topic) for message in rows]
    with connection.cursor() as cursor:
        statements.execute(
            cursor,
            INSERT,
            [
                [message.id or uuid7() for message in rows],
                [message.organization_id for message in rows],
                [message.bot_id for message in rows],
                [queue.value for queue in queues],
                [message.topic for message in rows],
                [message.key for message in rows],
                [message.ordering_key for message in rows],
                [message.priority for message in rows],
                [dump_json(message.payload or {}) for message in rows],
                [message.due_at for message in rows],
                [message.expires_at for message in rows],
            ],
        )
        written = frozenset(row[0] for row in cursor.fetchall())
    for queue in sorted(set(queues)):
        transaction.on_commit(partial(ring, queue), robust=True)
    return written


def ring(queue: Queue) -> None:
    """Tell the queue's workers that there is something to look at."""
    jobs.enqueue(RING_TASK, queue=queue.bells, args=(queue.value,), coalesce_key=bell_key(queue))


def bell_key(queue: Queue) -> str:
    """By which bells of one queue become one."""
    return f"{RING_TASK}:{queue.value}"
