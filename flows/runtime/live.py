"""What a turn changes in memory: a run, and what is known of the contact; and the rows they were read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bots.models import Contact
from flows.engine.codec import load_state
from flows.engine.compile import Flow
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

    @classmethod
    def of(cls, row: Contact) -> "KnownContact":
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
        )


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
