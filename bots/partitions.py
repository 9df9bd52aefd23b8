"""Monthly partitions by key: the migration operation that makes them, and their upkeep.

A key is a UUIDv7, so a month of time is a range of keys. There is always a default partition, so that a late or early
row is kept; upkeep makes months well before they begin.

In a migration, change the generated `migrations.CreateModel(...)` of a `PartitionedModel` to
`CreatePartitionedModel(...)`: same arguments, same state. Indexes, constraints and fields added later are ordinary.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from django.apps import apps
from django.db import connection, migrations, models, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from bots.ids import uuid7_floor
from bots.models.base import PartitionedModel

logger = structlog.get_logger(__name__)

MONTHS_AHEAD = 3


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> "Month":
        moment = moment.astimezone(UTC)
        return cls(moment.year, moment.month)

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def following(self) -> "Month":
        return Month(self.year + 1, 1) if self.number == 12 else Month(self.year, self.number + 1)

    @property
    def bounds(self) -> tuple[uuid.UUID, uuid.UUID]:
        return uuid7_floor(self.start), uuid7_floor(self.following.start)

    def partition_of(self, table: str) -> str:
        return f"{table}_{self.year:04d}_{self.number:02d}"


def coming_months(now: datetime) -> Iterator[Month]:
    """This month and the next few."""
    month = Month.of(now)
    for _ in range(MONTHS_AHEAD + 1):
        yield month
        month = month.following


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel whose table is partitioned by range of its key, with a default partition and the coming months."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        template = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{template} PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = template
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')
        for month in coming_months(timezone.now()):
            lower, upper = month.bounds
            schema_editor.execute(
                f'CREATE TABLE "{month.partition_of(table)}" PARTITION OF "{table}"'
                f" FOR VALUES FROM ('{lower}') TO ('{upper}')"
            )


def partitioned_models() -> tuple[type[models.Model], ...]:
    """Every model kept in partitions."""
    return tuple(model for model in apps.get_models() if issubclass(model, PartitionedModel))


def existing_months(table: str) -> dict[Month, str]:
    """The monthly partitions a table has now, by month."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
            " WHERE inhparent = %s::regclass",
            [table],
        )
        names = [row[0] for row in cursor.fetchall()]
    found = {name: re.fullmatch(r".*_(\d{4})_(\d{2})", name) for name in names}
    return {Month(int(match[1]), int(match[2])): name for name, match in found.items() if match}


def maintain(now: datetime | None = None) -> list[str]:
    """Make the coming months of every partitioned table and drop those past its retention; answers what was done.

    Each step is a transaction of its own, so that a table is locked for a moment only. Safe to repeat.
    """
    now = now or timezone.now()
    done: list[str] = []
    for model in partitioned_models():
        table = model._meta.db_table
        there = existing_months(table)
        for month in coming_months(now):
            if month not in there:
                create_month(table, month)
                done.append(f"created {month.partition_of(table)}")
        retention = model.partition_retention  # type: ignore[attr-defined]
        for month, name in sorted(there.items()):
            if month.following.start < now - retention:
                drop_month(table, month)
                done.append(f"dropped {name}")
    for line in done:
        logger.info("partition_maintained", change=line)
    return done


def create_month(table: str, month: Month) -> None:
    """Make one month; rows of it that already lie in the default partition move over."""
    lower, upper = month.bounds
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT trilho_create_partition(%s, %s, %s, %s)", [table, month.partition_of(table), lower, upper]
        )


def drop_month(table: str, month: Month) -> None:
    """Drop one month with everything in it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT trilho_drop_partition(%s, %s)", [table, month.partition_of(table)])
