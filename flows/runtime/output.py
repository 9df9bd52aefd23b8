"""What one conversation's turn will write, gathered as rows until the whole drain writes them together."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bots.outbox.publish import NewMessage


@dataclass(slots=True)
class Output:
    """Rows as JSON texts (see `flows.runtime.bulk`), outbox messages, and what is logged after the commit."""

    runs: list[str] = field(default_factory=list)
    timeline: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    kept_answers: list[str] = field(default_factory=list)
    voids: list[str] = field(default_factory=list)
    arms: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)
    conversations: list[str] = field(default_factory=list)
    outbox: list[NewMessage] = field(default_factory=list)
    flow_events: list["FlowEvent"] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)

    def extend(self, other: "Output") -> None:
        """Adds another conversation's rows to these."""
        self.runs += other.runs
        self.timeline += other.timeline
        self.messages += other.messages
        self.kept_answers += other.kept_answers
        self.voids += other.voids
        self.arms += other.arms
        self.marks += other.marks
        self.contacts += other.contacts
        self.conversations += other.conversations
        self.outbox += other.outbox
        self.flow_events += other.flow_events
        self.alarms += other.alarms


@dataclass(frozen=True, slots=True)
class FlowEvent:
    """One line of the `flow_event` log; see docs/flow_events.md."""

    event_type: str
    organization_id: UUID
    bot_id: UUID
    telegram_user_id: int
    run_id: UUID | None
    step_id: str | None
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


def per_bot(events: list[FlowEvent]) -> Counter[tuple[UUID, str]]:
    """How many events of each type each bot had."""
    return Counter((event.bot_id, event.event_type) for event in events)
