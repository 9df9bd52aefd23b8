"""A row that mixes two organizations is refused by the database itself, whichever key of whichever table it is."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, models, transaction

from bots.models.base import TenantForeignKey
from tests.support.everything import Everything, make_everything, tenant_models

pytestmark = pytest.mark.django_db

# Each unique index of a table but those that others point to.
UNIQUE_INDEXES = """
    SELECT indexrelid::regclass::text, conname
    FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid AND contype = 'u'
    WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary AND coalesce(conname, '') NOT LIKE '%%_tenant'
"""


@pytest.fixture
def ours() -> Everything:
    return make_everything("Nossa")


@pytest.fixture
def theirs() -> Everything:
    return make_everything("Alheia")


def keys() -> Iterator[tuple[type[models.Model], TenantForeignKey, Any]]:
    for model in tenant_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, TenantForeignKey):
                yield model, constraint, model._meta.get_field(constraint.field)


def refused_by(model: type[models.Model], column: str, row_id: UUID, value: UUID) -> str:
    """The constraint that refuses this value in a row; empty where none does. Everything is as before afterwards."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _make_way(cursor, model._meta.db_table)
            quote = connection.ops.quote_name
            table = quote(model._meta.db_table)
            cursor.execute(f"UPDATE {table} SET {quote(column)} = %s WHERE id = %s", [value, row_id])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except IntegrityError as error:
        return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    return ""


def _make_way(cursor: Any, table: str) -> None:
    """Let nothing but keys to other tables speak: no trigger that refuses any change, no rule of row or uniqueness."""
    # What is left to check from making the rows would stand in the way of altering the table.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table])
    for (name,) in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    cursor.execute(UNIQUE_INDEXES, [table])
    for index, constraint in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}")


def test_no_row_can_point_to_another_organizations_row(ours: Everything, theirs: Everything) -> None:
    refused = {
        key.name: refused_by(model, field.column, ours.row(model).pk, theirs.row(field.related_model).pk)
        for model, key, field in keys()
    }
    assert refused == {name: name for name in refused}
    assert len(refused) >= 30


def test_the_same_statement_with_an_id_of_ones_own_is_taken(ours: Everything) -> None:
    for model, key, field in keys():
        assert refused_by(model, field.column, ours.row(model).pk, ours.row(field.related_model).pk) == "", key.name


def test_no_row_can_move_away_from_what_it_points_to(ours: Everything, theirs: Everything) -> None:
    for model, _key, field in keys():
        if getattr(ours.row(model), field.attname) is not None:
            moved = refused_by(model, "organization_id", ours.row(model).pk, theirs.organization_id)
            assert moved.endswith("_tenant"), model
