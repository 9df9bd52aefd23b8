"""The three database roles; none is a superuser."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

OWNER = "trilho_owner"
APP = "trilho_app"
RUNTIME = "trilho_runtime"
DATABASE = "trilho"
ROLES = (OWNER, APP, RUNTIME)

ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER NOCREATEROLE BYPASSRLS",
    APP: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS",
    RUNTIME: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS",
}


@contextmanager
def autocommit(url: str) -> Iterator[Connection]:
    """A connection outside any transaction, closed at the end; psycopg2's own `with` does neither."""
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        connection.autocommit = True
        yield connection
    finally:
        connection.close()


def create_roles(superuser_url: str, passwords: dict[str, str], *, owner_makes_databases: bool) -> None:
    """Make the roles, or bring them to what they should be. Safe to repeat."""
    with autocommit(superuser_url) as database, database.cursor() as cursor:
        for role in ROLES:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            verb = sql.SQL("ALTER" if cursor.fetchone() else "CREATE")
            attributes = ATTRIBUTES[role]
            if role == OWNER:
                attributes += " CREATEDB" if owner_makes_databases else " NOCREATEDB"
            cursor.execute(
                sql.SQL("{} ROLE {} {} PASSWORD {}").format(
                    verb, sql.Identifier(role), sql.SQL(attributes), sql.Literal(passwords[role])
                )
            )
        # So that the owner can take the others' part (SET ROLE): in the tests of row-level security.
        cursor.execute(
            sql.SQL("GRANT {}, {} TO {}").format(sql.Identifier(APP), sql.Identifier(RUNTIME), sql.Identifier(OWNER))
        )


def create_database(superuser_url: str, name: str = DATABASE) -> None:
    """Make the database, owned by the owner role; leave one that is there alone."""
    with autocommit(superuser_url) as database, database.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER)))
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        for role in (APP, RUNTIME):
            cursor.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(role)
                )
            )
