"""Inbox rows, read: each becomes an event, or a reason why it is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from flows.engine.codec import CorruptState, load_event
from flows.engine.events import AccessRecalled, Pressed, VersionMoved
from flows.models import InboxSource
from flows.ports import ParsedUpdate, event_source
from flows.runtime.inbox import UnreadRow

# Beside an event of ours, in its row: the version a run is to be started with.
START_WITH = "_start_with"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One row and what it says. `corrupt`: a row of ours that cannot be read back."""

    row: UnreadRow
    parsed: ParsedUpdate
    start_with: UUID | None = None
    corrupt: str | None = None

    @property
    def named_versions(self) -> set[UUID]:
        """The versions this row speaks of: one to begin a run of, or one to move a run to."""
        named = {self.start_with} if self.start_with is not None else set()
        event = self.parsed.event
        if isinstance(event, VersionMoved):
            named.add(event.version_id)
        return named

    @property
    def named_runs(self) -> set[UUID]:
        """The runs this row speaks of, besides those on the stack."""
        named = {self.row.run_id} if self.row.run_id is not None else set()
        event = self.parsed.event
        if isinstance(event, Pressed) and event.ref is not None:
            named.add(event.ref.run_id)
        if isinstance(event, AccessRecalled):
            named |= {access.run_id for access in event.accesses}
        return named


def read_row(row: UnreadRow) -> Incoming:
    """Total: bytes from outside are their source's to read, rows of ours that cannot be read are corrupt."""
    reader = event_source(InboxSource(row.source))
    if reader is not None:
        return Incoming(row, reader.parse(row.payload))
    try:
        data = orjson.loads(row.payload)
        start_with = data.pop(START_WITH, None)
        event = load_event(data)
        return Incoming(row, ParsedUpdate(event), UUID(start_with) if start_with else None)
    except (CorruptState, ValueError, AttributeError, TypeError) as error:
        return Incoming(row, ParsedUpdate(None), corrupt=f"{type(error).__name__}: {error}")


def in_order(arrived: Sequence[Incoming]) -> list[Incoming]:
    """Inbox order, but Telegram's rows among themselves by `update_id`: they may be stored the other way round."""
    from_telegram = iter(
        sorted(
            (incoming for incoming in arrived if incoming.row.source == InboxSource.TELEGRAM),
            key=lambda incoming: incoming.parsed.order,
        )
    )
    return [next(from_telegram) if incoming.row.source == InboxSource.TELEGRAM else incoming for incoming in arrived]
