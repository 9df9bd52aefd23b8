"""What became of the lines of a transcript: their ids at Telegram, what could not be sent, a test chat's calls."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from bots.ids import uuid7
from bots.storable import dump_json
from bots.tenancy import no_scope
from flows.models import Conversation, Message
from flows.runtime import bulk

# Why a test chat's message did not arrive.
BLOCKED = "blocked"
# As large as JavaScript counts exactly.
MESSAGE_ID_BITS = 52


def store_simulated_calls(outbox_id: UUID, calls: Sequence[Mapping[str, Any]]) -> None:
    """Keeps the Bot API calls of one outbox row with its line of the transcript, and names the message they made. Of a
    contact who blocks the bot it keeps that nothing came of them.

    Safe to repeat. A line that is gone (its month was dropped) is left alone.
    """
    with no_scope(reason="the relay records outcomes of every organization together"):
        line = Message.unscoped.filter(pk=outbox_id).first()
        if line is None:
            return
        if Conversation.unscoped.filter(pk=line.conversation_id, contact__blocked_at__isnull=False).exists():
            line.payload = {**line.payload, "calls": [], "unsent": BLOCKED}
            line.save(update_fields=["payload"])
            return
        line.payload = {**line.payload, "calls": [dict(call) for call in calls]}
        line.telegram_message_id = (outbox_id.int >> 64) & ((1 << MESSAGE_ID_BITS) - 1)
        line.save(update_fields=["payload", "telegram_message_id"])


def note_sent(message_ids: Mapping[UUID, int]) -> None:
    """Keep what Telegram calls each of these lines: one statement, however many. Safe to repeat."""
    if message_ids:
        bulk.write_message_ids(list(message_ids), list(message_ids.values()))


def note_delivery_problem(run_id: UUID, code: str, **data: Any) -> None:
    """Tell in a run's timeline that something of a message did not reach the chat. `data` holds no one's words."""
    bulk.insert_problem(run_id, entry_id=uuid7(), data=dump_json({"code": code, **data}))
