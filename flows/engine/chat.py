"""A conversation as routing sees it: its runs, what may be done to them, and how a run leaves it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from flows.engine.compile import Flow
from flows.engine.effects import Effect
from flows.engine.events import (
    Event,
    TimerFired,
)
from flows.engine.state import Facts, State


class Ending(StrEnum):
    """How a run left the stack. `closed`: another took its place, or the team ended it."""

    ENDED = "ended"
    FAILED = "failed"
    CLOSED = "closed"


class LiveRun(Protocol):
    """A run as it changes."""

    @property
    def id(self) -> UUID: ...
    @property
    def flow(self) -> Flow: ...
    @property
    def state(self) -> State: ...


R = TypeVar("R", bound=LiveRun)


class Chat(ABC, Generic[R]):
    """One conversation as routing sees it, and what routing may do to it.

    `stack` holds the ids of its live runs from bottom to top. `startable_version_id` is what a new run begins with
    (None is welcome mode), `pinned_version_id` what a test chat runs instead.
    """

    @property
    @abstractmethod
    def now(self) -> datetime: ...
    @property
    @abstractmethod
    def facts(self) -> Facts: ...
    @property
    @abstractmethod
    def stack(self) -> list[UUID]: ...
    @property
    @abstractmethod
    def welcome_message(self) -> str: ...
    @property
    @abstractmethod
    def closed_to_new(self) -> bool: ...
    @property
    @abstractmethod
    def startable_version_id(self) -> UUID | None: ...
    @property
    @abstractmethod
    def pinned_version_id(self) -> UUID | None: ...
    @property
    @abstractmethod
    def welcome_version_id(self) -> UUID | None: ...

    @abstractmethod
    def note_event(self) -> bool:
        """The contact did something now; whether it was the first thing ever."""

    @abstractmethod
    def run(self, run_id: UUID) -> R | None:
        """A run of this conversation."""

    @abstractmethod
    def begin(self, version_id: UUID, *, restarts: int = 0) -> R:
        """A new run on top of the stack; it has not been started yet."""

    @abstractmethod
    def advance(self, run: R, event: Event) -> tuple[Effect, ...]:
        """One event through the engine, with fresh facts; the run keeps the new state."""

    @abstractmethod
    def carry_out(self, run: R | None, effects: Sequence[Effect]) -> None:
        """What a run (or, outside any run, the conversation) asked for."""

    @abstractmethod
    def finish(self, run: R, ending: Ending, *, failure: str = "") -> None:
        """Takes a run off the stack for good, unless money reopens it."""

    @abstractmethod
    def close(self, run: R) -> None:
        """Ends a run from outside, its timers with it: another took its place."""

    @abstractmethod
    def reopen(self, run: R) -> None:
        """Puts a run on top, an ended one or a covered one."""

    @abstractmethod
    def hold(self, run: R, timer: TimerFired) -> None:
        """Arms a covered run's timer again, for when it is on top."""

    @abstractmethod
    def needs_team(self, reason: str) -> None:
        """Puts the conversation on the team's unread list."""

    @property
    def flow_to_begin(self) -> Flow | None:
        """What a new run begins with, for its triggers; None where there is no flow, or none is known."""
        return None

    def drop_unreadable(self) -> None:
        """Takes runs off the stack that cannot be read; where runs are not stored there are none."""
        return

    @property
    def top(self) -> R | None:
        return self.run(self.stack[-1]) if self.stack else None

    @property
    def live_runs(self) -> list[R]:
        return [run for run in map(self.run, list(self.stack)) if run is not None]
