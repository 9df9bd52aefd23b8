"""What the flows app asks of apps above it: reading a raw inbox row, and knowing what an organization has."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from flows.engine.catalogue import CatalogueFacts
from flows.engine.events import Event
from flows.models.enums import InboxSource


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
    must be answered even though its row moves nothing. `blocked` tells that the contact blocked (True) or unblocked
    (False) the bot.
    """

    event: Event | None
    contact: ContactFacts | None = None
    sent_at: datetime | None = None
    order: int = 0
    ignored: str | None = None
    wants_answer: str | None = None
    blocked: bool | None = None


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


# What one app knows of an organization; called with the organization and, where known, the bot whose flow is checked.
CataloguePartProvider = Callable[[UUID, UUID | None], CatalogueFacts]

_catalogue_parts: dict[str, CataloguePartProvider] = {}


def register_catalogue_part(name: str, provider: CataloguePartProvider) -> None:
    """Called in `AppConfig.ready()`; `provider(organization_id, bot_id)` reads the database or memory only."""
    _catalogue_parts[name] = provider


def catalogue_parts() -> tuple[CataloguePartProvider, ...]:
    """Every registered provider, in order of name."""
    return tuple(_catalogue_parts[name] for name in sorted(_catalogue_parts))
