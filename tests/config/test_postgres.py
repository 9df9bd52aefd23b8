"""How an idle connection is looked at."""

from datetime import datetime
from typing import cast

import psycopg2
import pytest
from django.db import connection

from config.postgres.base import DatabaseWrapper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> DatabaseWrapper:
    """A connection of its own."""
    wrapper = connection.copy()
    assert isinstance(wrapper, DatabaseWrapper)
    wrapper.ensure_connection()
    return wrapper


def test_a_healthy_one_is_not_asked(other: DatabaseWrapper) -> None:
    asked_before = last_statement_at(other)
    assert other.is_usable()
    assert last_statement_at(other) == asked_before
    other.close()


def last_statement_at(wrapper: DatabaseWrapper) -> datetime:
    """When its session got its last statement, as the server knows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT query_start FROM pg_stat_activity WHERE pid = %s", [wrapper.connection.info.backend_pid])
        return cast(datetime, cursor.fetchone()[0])


def test_one_that_the_server_has_ended_is_seen(other: DatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [other.connection.info.backend_pid])
    assert not other.is_usable()
    other.close()


def test_one_that_was_closed_is_seen(other: DatabaseWrapper) -> None:
    other.connection.close()
    assert not other.is_usable()
    other.close()
    assert not other.is_usable()


def test_one_whose_transaction_has_failed_is_not_usable(other: DatabaseWrapper) -> None:
    other.set_autocommit(False)
    with pytest.raises(psycopg2.DataError):
        other.connection.cursor().execute("SELECT 1 / 0")
    assert not other.is_usable()
    other.close()
