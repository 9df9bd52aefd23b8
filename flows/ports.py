"""What the flows app asks of apps above it: to read a raw inbox row, to know what organization and contact have."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from flows.catalogue import CataloguePartProvider, catalogue_parts, register_catalogue_part
from flows.engine.events import Event
from flows.models.enums import InboxSource

__all__ = [
    "CataloguePartProvider",
    "ContactFacts",
    "EventSource",
    "GrantNames",
    "GrantOwner",
    "InboxSource",
    "ParsedUpdate",
    "catalogue_parts",
    "event_source",
    "grant_names",
    "has_grant_names",
    "register_catalogue_part",
    "register_event_source",
    "register_grant_names",
]


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What an update tells of the person who sent it."""

    telegram_user_id: int
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""


@dataclass(frozen=True, slots=True)
class ParsedUpdate:
    """A raw row, read. `event` is None when nothing in it concerns a run; `ignored` then says why.

    `order` sorts the rows of one source among themselves (Telegram's `update_id`). `wants_answer` is the callback that
    must be answered even though its row moves nothing.
    """

    event: Event | None
    contact: ContactFacts | None = None
    sent_at: datetime | None = None
    order: int = 0
    ignored: str | None = None
    wants_answer: str | None = None


class EventSource(Protocol):
    """Turns the raw bytes of one source into an event. Total: it never raises, whatever the bytes are."""

    def parse(self, raw: bytes) -> ParsedUpdate: ...


_event_sources: dict[InboxSource, EventSource] = {}


def register_event_source(source: InboxSource, implementation: EventSource) -> None:
    """Called once per source, in `AppConfig.ready()`."""
    _event_sources[source] = implementation


def event_source(source: InboxSource) -> EventSource | None:
    """The reader of raw rows of this source; None for sources whose rows hold an event of ours."""
    return _event_sources.get(source)


# An access belongs to (organization, Telegram user).
GrantOwner = tuple[UUID, int]


class GrantNames(Protocol):
    """By which names conditions know the open accesses of each of these people: the chat's id, the id of the step that
    gave it, what was bought. One statement for all, inside the drain's transaction. Who has none may be left out.
    """

    def __call__(self, owners: Collection[GrantOwner]) -> Mapping[GrantOwner, tuple[str, ...]]: ...


_grant_names: GrantNames | None = None


def register_grant_names(implementation: GrantNames) -> None:
    """Called once, in `AppConfig.ready()`, by the app that keeps accesses."""
    global _grant_names  # noqa: PLW0603 - a port has one implementation per process
    _grant_names = implementation


def grant_names() -> GrantNames:
    """The registered port; RuntimeError where none is (the start-up check says so first)."""
    if _grant_names is None:
        raise RuntimeError("No GrantNames are registered.")
    return _grant_names


def has_grant_names() -> bool:
    """Whether the start-up check may be content."""
    return _grant_names is not None
