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


# What is ours in the schema, by kind. What an extension brought (pg_stat_statements, pg_trgm) is whoever's installed
# it: granting that too is refused, and would take our own grants along.
_OURS = """
SELECT kind, string_agg(name, ', ' ORDER BY name) FROM (
    SELECT CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, oid::regclass::text AS name, oid,
           'pg_class'::regclass AS catalogue
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'routine', oid::regprocedure::text, oid, 'pg_proc'::regclass
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
) AS object
WHERE NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = catalogue AND objid = object.oid AND deptype = 'e'
)
GROUP BY kind
"""
_RIGHTS = {
    "table": "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE {objects} TO {role}",
    "sequence": "GRANT USAGE, SELECT ON SEQUENCE {objects} TO {role}",
    "routine": "GRANT EXECUTE ON ROUTINE {objects} TO {role}",
}


def grant_tables() -> list[str]:
    """Give each role that exists what it needs, on today's tables and the owner's coming ones. Safe to repeat."""
    roles = present_roles()
    with connection.cursor() as cursor:
        cursor.execute(_OURS)
        # Names as PostgreSQL itself quotes them.
        ours = {kind: sql.SQL(names) for kind, names in cursor.fetchall()}
        for name in roles:
            role = sql.Identifier(name)
            for kind, objects in ours.items():
                cursor.execute(sql.SQL(_RIGHTS[kind]).format(objects=objects, role=role))
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {}",
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
