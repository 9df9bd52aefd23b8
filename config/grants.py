"""What the app and runtime roles may do with the tables; given by the owner after every migration."""

from django.db import connection
from psycopg2 import sql

from config.supervisor.roles import APP, RUNTIME

# People's passwords, sessions and second factors: the runtime serves conversations and needs none of them.
HIDDEN_FROM_RUNTIME = ("account_", "mfa_", "django_session", "django_admin_log", "auth_")


def present_roles() -> list[str]:
    """Those of the two roles that this server has; a server with one role for everything has none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[APP, RUNTIME]])
        return [name for (name,) in cursor.fetchall()]


def grant_tables() -> list[str]:
    """Give each role that exists what it needs, on today's tables and the owner's coming ones. Safe to repeat."""
    roles = present_roles()
    with connection.cursor() as cursor:
        for name in roles:
            role = sql.Identifier(name)
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
                "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
                # What has been migrated is for the owner alone to say; `/readyz` reads it.
                "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}",
            ):
                cursor.execute(sql.SQL(statement).format(role))
        if RUNTIME in roles:
            for table in connection.introspection.table_names(cursor):
                if table.startswith(HIDDEN_FROM_RUNTIME):
                    cursor.execute(
                        sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.Identifier(table), sql.Identifier(RUNTIME))
                    )
    return roles
