"""Months of rows: made ahead, filled from the default, dropped when old."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from bots.ids import uuid7, uuid7_floor
from bots.outbox.models import OutboxAttempt
from bots.partitions import Month, coming_months, create_month, drop_month, existing_months, maintain

pytestmark = pytest.mark.django_db

TABLE = "outbox_outboxattempt"
NOW = datetime.now(UTC)
LATER = Month.of(NOW + timedelta(days=400))
EARLIER = Month.of(NOW - timedelta(days=400))


def an_attempt_in(month: Month) -> OutboxAttempt:
    return OutboxAttempt.unscoped.create(
        id=uuid7_floor(month.start + timedelta(days=3)),
        organization_id=uuid7(),
        message_id=uuid7(),
        number=1,
        started_at=month.start,
        ended_at=month.start,
        outcome="done",
    )


def partition_of(attempt: OutboxAttempt) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tableoid::regclass::text FROM {TABLE} WHERE id = %s", [attempt.pk])
        (name,) = cursor.fetchone()
    return str(name)


def test_months_follow_each_other_over_the_year() -> None:
    assert Month(2026, 12).following == Month(2027, 1)
    assert Month(2026, 1).following == Month(2026, 2)
    assert Month(2026, 11).bounds[1] == Month(2026, 12).bounds[0]
    assert list(coming_months(datetime(2026, 11, 30, 23, tzinfo=UTC))) == [
        Month(2026, 11),
        Month(2026, 12),
        Month(2027, 1),
        Month(2027, 2),
    ]


def test_a_row_of_today_lies_in_its_month() -> None:
    attempt = an_attempt_in(Month.of(NOW))
    assert partition_of(attempt) == Month.of(NOW).partition_of(TABLE)


def test_a_row_of_no_month_is_kept_in_the_default_and_moves_when_its_month_is_made() -> None:
    attempt = an_attempt_in(LATER)
    assert partition_of(attempt) == f"{TABLE}_default"
    create_month(TABLE, LATER)
    assert partition_of(attempt) == LATER.partition_of(TABLE)
    create_month(TABLE, LATER)
    assert LATER in existing_months(TABLE)


def test_upkeep_makes_the_coming_months_and_drops_old_ones() -> None:
    create_month(TABLE, EARLIER)
    old = an_attempt_in(EARLIER)
    kept = an_attempt_in(Month.of(NOW))
    done = maintain(NOW + timedelta(days=31))
    assert f"dropped {EARLIER.partition_of(TABLE)}" in done
    newest = list(coming_months(NOW + timedelta(days=31)))[-1]
    assert f"created {newest.partition_of(TABLE)}" in done
    assert not OutboxAttempt.unscoped.filter(pk=old.pk).exists()
    assert OutboxAttempt.unscoped.filter(pk=kept.pk).exists()
    assert maintain(NOW + timedelta(days=31)) == []


def test_a_month_with_young_rows_is_never_dropped() -> None:
    attempt = an_attempt_in(Month.of(NOW))
    OutboxAttempt.unscoped.filter(pk=attempt.pk).delete()
    an_attempt = OutboxAttempt.unscoped.create(
        organization_id=uuid7(), message_id=uuid7(), number=1, started_at=NOW, ended_at=NOW, outcome="done"
    )
    with pytest.raises(DatabaseError, match="young rows"), transaction.atomic():
        drop_month(TABLE, Month.of(NOW))
    assert OutboxAttempt.unscoped.filter(pk=an_attempt.pk).exists()


@pytest.mark.parametrize(
    ("parent", "partition"), [(TABLE, f"{TABLE}_default"), (TABLE, "bots_bot"), ("outbox_outboxmessage", TABLE)]
)
def test_nothing_but_a_monthly_partition_can_be_dropped(parent: str, partition: str) -> None:
    refusal = pytest.raises(DatabaseError, match="no monthly partition")
    with connection.cursor() as cursor, refusal, transaction.atomic():
        cursor.execute("SELECT trilho_drop_partition(%s, %s)", [parent, partition])


def test_a_plain_table_gets_no_partitions() -> None:
    with pytest.raises(DatabaseError, match="not partitioned"), transaction.atomic():
        create_month("bots_bot", LATER)
