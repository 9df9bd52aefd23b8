"""The app and runtime roles, on a server that was given to the suite."""

from django.db import DatabaseError, connection, transaction
from psycopg2 import sql

from config.supervisor.roles import APP, OWNER, RUNTIME


def make_missing_roles() -> None:
    """Make the roles row-level-security tests change into; a server that does not let us has them already, or not."""
    for name in (APP, RUNTIME, OWNER):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            if cursor.fetchone():
                continue
            try:
                with transaction.atomic():
                    cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
            except DatabaseError:
                # Another run on the same server was faster, or may make roles and we may not.
                continue
