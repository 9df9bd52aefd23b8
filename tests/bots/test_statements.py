"""Statements that a connection plans once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DataError, ProgrammingError, connection, transaction

from bots import statements
from tests.support.sql import expect_statements

pytestmark = pytest.mark.django_db

SUM = "SELECT %(a)s::int + %(b)s::int + %(a)s::int, '100%%'"


def prepared() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return {row[0] for row in cursor.fetchall()}


def answer(sql: str, parameters: Any = ()) -> list[Any]:
    with connection.cursor() as cursor:
        statements.execute(cursor, sql, parameters)
        return list(cursor.fetchall())


@pytest.fixture(autouse=True)
def fresh_session() -> Iterator[None]:
    """No statement is left from another test, and none for another."""
    forget_all()
    yield
    forget_all()


def forget_all() -> None:
    """Of this session only: other threads' sessions keep theirs, and what is known of them."""
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    statements._prepared.pop(connection.connection, None)


def test_names_may_repeat_and_a_percent_sign_stays_one() -> None:
    assert answer(SUM, {"b": 5, "a": 2}) == [(9, "100%")]


def test_is_prepared_by_its_first_use_and_one_statement_each_time() -> None:
    for number in range(3):
        with expect_statements(1):
            assert answer("SELECT %s::int * 2", [number]) == [(number * 2,)]
    assert len(prepared()) == 1


def test_an_array_of_nothing_but_null_keeps_its_type() -> None:
    sql = "SELECT * FROM unnest(%s::timestamptz[], %s::double precision[])"
    assert answer(sql, [[None], [None]]) == [(None, None)]


def test_survives_the_transaction_it_was_prepared_in() -> None:
    with pytest.raises(DataError), transaction.atomic():
        answer("SELECT 1 / %s::int", [0])
    assert answer("SELECT 1 / %s::int", [1]) == [(1,)]


def test_what_cannot_be_prepared_is_refused_as_the_database_refuses_it() -> None:
    for _ in range(2):
        with pytest.raises(ProgrammingError), transaction.atomic():
            answer("SELECT nothing FROM nowhere WHERE id = %s", [1])


def test_nothing_is_prepared_behind_a_pooler(settings: Any) -> None:
    settings.DATABASE_PREPARE = False
    assert answer(SUM, {"a": 1, "b": 1}) == [(3, "100%")]
    assert prepared() == set()
