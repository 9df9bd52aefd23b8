"""What the flows app asks of apps above it: reading a raw inbox row, and knowing what an organization has."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flows.catalogue import CataloguePartProvider, catalogue_parts, register_catalogue_part
from flows.engine.events import Event
from flows.models.enums import InboxSource

__all__ = [
    "CataloguePartProvider",
    "ContactFacts",
    "EventSource",
    "InboxSource",
    "ParsedUpdate",
    "catalogue_parts",
    "event_source",
    "register_catalogue_part",
    "register_event_source",
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
