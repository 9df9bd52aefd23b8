"""Upkeep of the outbox: keys are kept as long as something could be published under them again."""

from datetime import timedelta

from django.db import connection

KEY_RETENTION = timedelta(days=30)
BATCH = 10_000

PURGE = """
DELETE FROM outbox_outboxkey WHERE key IN (
    SELECT key FROM outbox_outboxkey WHERE created_at < statement_timestamp() - make_interval(secs => %s)
    LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


def purge_keys(older_than: timedelta = KEY_RETENTION) -> int:
    """Forget old keys, a batch at a time; answers how many. Safe to repeat."""
    purged = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(PURGE, [older_than.total_seconds(), BATCH])
            deleted: int = cursor.rowcount
        purged += deleted
        if deleted < BATCH:
            return purged
