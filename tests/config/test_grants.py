"""The roles' rights, in a database that has more in it than our own objects."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from config.grants import grant_tables, present_roles
from config.supervisor.roles import APP

pytestmark = pytest.mark.django_db

# One that any owner of a database may install, and one that only a superuser may: it brings views.
EXTENSIONS = ("pg_trgm", "pg_stat_statements")


def ask(statement: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return row[0] if row else None


@pytest.fixture(params=EXTENSIONS)
def extension(request: pytest.FixtureRequest) -> str:
    """An extension somebody has installed in our schema; its objects are that somebody's."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE EXTENSION {request.param} SCHEMA public")
    except DatabaseError as refused:
        pytest.skip(f"this server does not let us: {refused}")
    return str(request.param)


def granted_of(extension: str) -> list[str]:
    """The extension's own objects that the app role was given rights on by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(function.proname, relation.relname)
            FROM pg_depend depend
            JOIN pg_extension extension ON extension.oid = depend.refobjid AND extension.extname = %s
            LEFT JOIN pg_proc function ON depend.classid = 'pg_proc'::regclass AND function.oid = depend.objid
            LEFT JOIN pg_class relation ON depend.classid = 'pg_class'::regclass AND relation.oid = depend.objid
            WHERE depend.deptype = 'e' AND coalesce(function.proacl::text, relation.relacl::text) LIKE %s
            """,
            [extension, f"%{APP}=%"],
        )
        return [name for (name,) in cursor.fetchall()]


def test_an_extension_is_left_alone_and_ours_is_granted(extension: str) -> None:
    if APP not in present_roles():
        pytest.skip("this server has one role for everything")
    # What its installer's own default privileges gave.
    before = granted_of(extension)
    assert APP in grant_tables()
    assert granted_of(extension) == before
    assert ask("SELECT has_table_privilege(%s, 'bots_bot', 'UPDATE')", APP)
    assert ask("SELECT has_sequence_privilege(%s, 'outbox_position', 'USAGE')", APP)
    assert "=X/" in ask("SELECT proacl::text FROM pg_proc WHERE proname = 'trilho_bot_by_token_hash'")
    assert not ask("SELECT has_table_privilege(%s, 'django_migrations', 'UPDATE')", APP)


def test_may_be_done_again() -> None:
    assert grant_tables() == grant_tables()
