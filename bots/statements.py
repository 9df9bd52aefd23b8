"""Statements that each connection plans once. Where tables have partitions, planning costs more than running."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg2.extensions import connection as Session

# An argument keeps its cast: an array of nothing but NULL has no type by itself.
_PLACEHOLDER: Final = re.compile(r"%(?:\((?P<name>\w+)\))?s(?P<cast>(?:::(?:double precision|\w+)(?:\[\])?)?)")

_prepared: WeakKeyDictionary[Session, set[str]] = WeakKeyDictionary()


def execute(cursor: CursorWrapper, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> None:
    """Run a statement on a cursor of the default connection, which then holds its rows; prepared by the first use.

    For fixed texts with the usual placeholders. PostgreSQL plans it anew whenever a table or its statistics change.
    Behind a pooler that hands one session to many clients nothing can be prepared (`DATABASE_PREPARE=off`): the
    statement is then sent whole.
    """
    if not settings.DATABASE_PREPARE:
        cursor.execute(sql, parameters)
        return
    prepared = _prepared_form(sql)
    session: Session = connection.connection
    known = _prepared.setdefault(session, set())
    if prepared.name not in known:
        # On a cursor of its own, so that whatever goes wrong here is never taken for the statement itself.
        with connection.wrap_database_errors, session.cursor() as own:
            own.execute(prepared.definition)
        # It outlives the transaction, also one that is rolled back.
        known.add(prepared.name)
    cursor.execute(prepared.call, parameters)


@dataclass(frozen=True, slots=True)
class _Prepared:
    name: str
    definition: str
    call: str


@lru_cache(maxsize=256)
def _prepared_form(sql: str) -> _Prepared:
    name = f"trilho_{hashlib.sha256(sql.encode()).hexdigest()[:16]}"
    numbers: dict[str, int] = {}
    arguments: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        key = match["name"] or f"%{len(arguments)}"
        if key not in numbers:
            numbers[key] = len(arguments) + 1
            arguments.append(match.group())
        elif match["cast"]:
            arguments[numbers[key] - 1] = match.group()
        return f"${numbers[key]}{match['cast']}"

    body = _PLACEHOLDER.sub(numbered, sql).replace("%%", "%")
    return _Prepared(
        name,
        f"PREPARE {name} AS {body}",
        f"EXECUTE {name} ({', '.join(arguments)})" if arguments else f"EXECUTE {name}",
    )
