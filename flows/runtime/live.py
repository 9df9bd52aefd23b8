"""What a turn changes in memory: a run, and what is known of the contact; and the rows they were read from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from bots import statements
from bots.models import Contact
from flows.engine.codec import load_state
from flows.engine.compile import Flow
from flows.engine.effects import SetContact
from flows.engine.state import Facts, State
from flows.models import RunStatus


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as it was read."""

    id: UUID
    conversation_id: UUID
    version_id: UUID
    flow_id: UUID | None
    status: str
    revision: int
    started_at: datetime
    ended_at: datetime | None
    failure: str
    owes: bool
    state_text: str


# Raw for the reason `flows.runtime.locking` gives.
_STORED = """
SELECT id, conversation_id, version_id, flow_id, status, revision, started_at, ended_at, failure, owes, state::text
FROM flows_run WHERE id = ANY(%s::uuid[])
"""


def stored_runs(run_ids: Iterable[UUID]) -> dict[UUID, StoredRun]:
    """These runs as they are now, in one statement; one that is not there is left out."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _STORED, [list(run_ids)])
        return {row[0]: StoredRun(*row) for row in cursor.fetchall()}


@dataclass(slots=True)
class KnownContact:
    """The contact as it changes; the row it was read from stays as it is, for another turn."""

    id: UUID
    telegram_user_id: int
    channel: str
    first_name: str
    last_name: str
    username: str
    language_code: str
    blocked_at: datetime | None
    variables: Mapping[str, Any]
    tags: tuple[str, ...]
    grants: tuple[str, ...] = ()
    change: "ContactChange" = field(default_factory=lambda: ContactChange())  # noqa: PLW0108 - defined below

    @classmethod
    def of(cls, row: Contact, grants: tuple[str, ...] = ()) -> "KnownContact":
        return cls(
            id=row.id,
            telegram_user_id=row.telegram_user_id,
            channel=row.channel,
            first_name=row.first_name,
            last_name=row.last_name,
            username=row.username,
            language_code=row.language_code,
            blocked_at=row.blocked_at,
            variables=row.variables,
            tags=tuple(row.tags),
            grants=grants,
        )

    def take(self, effect: SetContact) -> None:
        """What a run changed of the contact: known at once, and gathered for the row."""
        kept = {name: value for name, value in self.variables.items() if name not in effect.cleared}
        self.variables = {**kept, **effect.variables}
        left = [tag for tag in self.tags if tag not in effect.remove_tags and tag not in effect.add_tags]
        self.tags = (*left, *effect.add_tags)
        self.change.add(effect)


@dataclass(slots=True)
class ContactChange:
    """What is to change of a contact's variables and tags, apart from what others write there at the same time."""

    variables: dict[str, object] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    add_tags: dict[str, None] = field(default_factory=dict)
    remove_tags: dict[str, None] = field(default_factory=dict)

    def add(self, effect: SetContact) -> None:
        for name in effect.cleared:
            self.variables.pop(name, None)
            self.cleared.add(name)
        self.variables.update(effect.variables)
        for tag in effect.remove_tags:
            self.add_tags.pop(tag, None)
            self.remove_tags[tag] = None
        for tag in effect.add_tags:
            self.remove_tags.pop(tag, None)
            self.add_tags[tag] = None


class LiveRun:
    """A run as it changes. `before` is the revision its row has; None for a run that has no row yet."""

    __slots__ = ("before", "changed", "ended_at", "failure", "flow", "flow_id", "id", "started_at", "state", "status")

    def __init__(self, run_id: UUID, flow: Flow, flow_id: UUID | None, state: State, *, before: int | None) -> None:
        self.id = run_id
        self.flow = flow
        self.flow_id = flow_id
        self.state = state
        self.before = before
        self.status = RunStatus.ACTIVE
        self.started_at = state.started_at
        self.ended_at: datetime | None = None
        self.failure = ""
        self.changed = before is None

    @classmethod
    def stored(cls, row: StoredRun, flow: Flow, facts: Facts) -> "LiveRun":
        """Raises `CorruptState` when its state cannot be read."""
        run = cls(row.id, flow, row.flow_id, load_state(orjson.loads(row.state_text), facts), before=row.revision)
        run.status, run.started_at, run.ended_at, run.failure = (
            RunStatus(row.status),
            row.started_at,
            row.ended_at,
            row.failure,
        )
        return run
