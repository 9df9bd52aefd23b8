"""Claiming: which messages leave next, taken under a lease in one statement."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

import orjson
from django.conf import settings
from django.db import connection

from bots import statements
from bots.outbox.models import Queue
from bots.outbox.registry import Claim

# What one claim looks at, so that it costs the same however long the backlog is: so many bots, and so many due rows of
# all of them together. Where there is more, the next claim goes on behind it.
LANES_LIMIT = 500
ROWS_LIMIT = 2_000
ROWS_OF_EACH = 20

# 1. `lanes`: every bot with waiting rows, found by hopping along the index.
# 2. `candidates`: from each, its oldest due rows; with an ordering key only the head of that key.
# 3. `picked`: round robin over the bots, so that none waits for another's backlog; rows another worker has just
#    locked are passed over, and those it has finished since are seen to be so when the lock is taken.
# `unseen` is where a bot's rows were not looked at any more: behind thousands that wait for the heads of their keys.
# A token is a UUIDv7, as the attempts want it for their partitions; hundreds sent along cost more than the claim.
# Keys go by array, so that the plan is index probes however old the table's statistics are.
CLAIM = """
WITH RECURSIVE lanes AS (
    (
        SELECT priority, lane, 1 AS number FROM outbox_outboxmessage
        WHERE queue = %(queue)s AND state = 'new' AND (priority, lane) > (%(priority)s, %(lane)s::uuid)
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
), share AS (
    SELECT greatest(%(rows_of_each)s, %(rows_limit)s / greatest(count(*), 1)) AS rows FROM lanes
), candidates AS (
    SELECT head.id, head.due_at, head.position, lanes.priority,
           row_number() OVER (PARTITION BY lanes.lane ORDER BY lanes.priority, head.due_at, head.position) AS turn
    FROM lanes CROSS JOIN LATERAL (
        SELECT id, due_at, position FROM (
            SELECT id, due_at, position, ordering_key FROM outbox_outboxmessage
            WHERE queue = %(queue)s AND state = 'new' AND priority = lanes.priority AND lane = lanes.lane
              AND due_at <= statement_timestamp()
              AND (due_at, position) > (%(due_at)s::timestamptz, %(position)s)
            ORDER BY due_at, position LIMIT (SELECT rows FROM share)
        ) AS message
        WHERE ordering_key IS NULL OR position = (
            SELECT position FROM outbox_outboxmessage AS head
            WHERE head.ordering_key = message.ordering_key AND head.state IN ('new', 'leased')
            ORDER BY position LIMIT 1
        )
        LIMIT %(window)s
    ) AS head
), unseen AS (
    SELECT last.due_at, last.position
    FROM lanes CROSS JOIN LATERAL (
        SELECT due_at, position FROM outbox_outboxmessage
        WHERE queue = %(queue)s AND state = 'new' AND priority = lanes.priority AND lane = lanes.lane
          AND due_at <= statement_timestamp()
          AND (due_at, position) > (%(due_at)s::timestamptz, %(position)s)
        ORDER BY due_at, position OFFSET (SELECT rows - 1 FROM share) LIMIT 1
    ) AS last
    ORDER BY last.due_at, last.position LIMIT 1
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
    SELECT array_agg(id) AS ids, overlay(
        lpad(to_hex((extract(epoch FROM statement_timestamp()) * 1000)::bigint), 12, '0') PLACING '-' FROM 9 FOR 0
    ) || '-7' AS token_head
    FROM picked
), claimed AS (
    UPDATE outbox_outboxmessage
    SET state = 'leased', attempts = attempts + 1, claimed_at = statement_timestamp(),
        lease_until = statement_timestamp() + make_interval(secs => %(lease)s),
        claim_token = ((SELECT token_head FROM taken) || substr(gen_random_uuid()::text, 16))::uuid
    WHERE id = ANY ((SELECT ids FROM taken)::uuid[])
    RETURNING id, claim_token, organization_id, bot_id, topic, key, ordering_key, attempts, created_at,
              expires_at, lease_until, claimed_at, position, payload
)
SELECT last_lane.priority, last_lane.lane, unseen.due_at, unseen.position, claimed.*
FROM (SELECT) AS always
LEFT JOIN (SELECT priority, lane FROM lanes WHERE number = %(lanes_limit)s) AS last_lane ON true
LEFT JOIN unseen ON true
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
PLACE_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """What one claim took, in the order it is to leave; `more` if there may be something left that is due now behind
    what it looked at, which began `from_beginning` or where the last one ended."""

    claims: tuple[Claim, ...]
    more: bool
    from_beginning: bool


NO_LANE = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a claim begins to look: behind this bot, and in each bot behind this row."""

    priority: int = -(2**15)
    lane: uuid.UUID = NO_LANE
    due_at: datetime | str = "-infinity"
    position: int = 0


BEGINNING = Place()
# Only fairness rests on it, so it may be forgotten, or shared by threads.
_places: dict[Queue, Place] = {}


def claim(queue: Queue, *, limit: int) -> Batch:
    """Take up to `limit` due rows under a lease that is committed before anything is called."""
    place = _places.pop(queue, BEGINNING)
    with connection.cursor() as cursor:
        statements.execute(
            cursor,
            CLAIM,
            {
                "queue": queue.value,
                "priority": place.priority,
                "lane": place.lane,
                "due_at": place.due_at,
                "position": place.position,
                "lanes_limit": LANES_LIMIT,
                "rows_limit": ROWS_LIMIT,
                "rows_of_each": ROWS_OF_EACH,
                # Twice as many as wanted: what a rival has just locked is made up for.
                "window": 2 * limit,
                "limit": limit,
                "lease": settings.TRILHO_LEASE_SECONDS,
            },
        )
        found = cursor.fetchall()
    claimed = sorted((row[PLACE_COLUMNS:] for row in found if row[PLACE_COLUMNS] is not None), key=itemgetter(-2))
    claims = tuple(
        Claim(payload=orjson.loads(row[-1]), **dict(zip(CLAIM_COLUMNS, row, strict=False))) for row in claimed
    )
    following = _following(place, found[0], is_full=len(claims) == limit)
    if following is not None:
        _places[queue] = following
    return Batch(claims, more=following is not None, from_beginning=place == BEGINNING)


def _following(place: Place, reached: tuple[object, ...], *, is_full: bool) -> Place | None:
    """Where to look next: from the first row again while there is plenty, else behind what was looked at in vain, else
    behind the last bot that was looked at. None when everything was seen."""
    priority, lane, due_at, position = reached[:PLACE_COLUMNS]
    if is_full and lane is None:
        return BEGINNING
    if not is_full and isinstance(due_at, datetime) and isinstance(position, int):
        return replace(place, due_at=due_at, position=position)
    if isinstance(priority, int) and isinstance(lane, uuid.UUID):
        return Place(priority, lane)
    return None
