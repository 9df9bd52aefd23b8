"""Test chats: what the outbox would have sent, kept with the line it belongs to."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from bots.tenancy import no_scope
from flows.models import Message

# As large as JavaScript counts exactly.
MESSAGE_ID_BITS = 52


def store_simulated_calls(outbox_id: UUID, calls: Sequence[Mapping[str, Any]]) -> None:
    """Keeps the Bot API calls of one outbox row with its line of the transcript, and names the message they made.

    Safe to repeat. A line that is gone (its month was dropped) is left alone.
    """
    with no_scope(reason="the relay records outcomes of every organization together"):
        line = Message.unscoped.filter(pk=outbox_id).first()
        if line is None:
            return
        line.payload = {**line.payload, "calls": [dict(call) for call in calls]}
        line.telegram_message_id = (outbox_id.int >> 64) & ((1 << MESSAGE_ID_BITS) - 1)
        line.save(update_fields=["payload", "telegram_message_id"])
