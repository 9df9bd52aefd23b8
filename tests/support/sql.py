"""The statements a piece of code sends, to prove what it locks, in which order, and how many it needs."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

LOCKED_TABLE = re.compile(r'FROM "?(\w+)"?.* FOR (?:NO KEY )?UPDATE', re.DOTALL)


@contextmanager
def recorded_sql() -> Iterator[list[str]]:
    """Every statement sent inside the block, in order; transaction control is left out."""
    statements: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if not str(sql).startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")):
            statements.append(str(sql).strip())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


@contextmanager
def expect_statements(number: int) -> Iterator[None]:
    """Fail unless the block sends exactly so many statements; says which."""
    with recorded_sql() as statements:
        yield
    listing = "\n".join(f"{place}. {sql[:300]}" for place, sql in enumerate(statements, 1))
    assert len(statements) == number, f"{len(statements)} statements instead of {number}:\n{listing}"


def locked_tables(statements: Sequence[str]) -> list[str]:
    """The tables whose rows the statements lock, in that order."""
    found = (LOCKED_TABLE.search(sql) for sql in statements)
    return [match[1] for match in found if match]


def assert_locked_in_order(statements: Sequence[str], *tables: str) -> None:
    """The rows of these tables were locked in this order, each before it was first written."""
    assert locked_tables(statements) == list(tables)
    for table in tables:
        lock = next(place for place, sql in enumerate(statements) if table in locked_tables([sql]))
        writes = [place for place, sql in enumerate(statements) if sql.startswith(f'UPDATE "{table}"')]
        assert all(lock < write for write in writes), f"{table} is written before it is locked"
