"""The flow inbox's reader of Telegram's raw rows."""

from flows.ports import ContactFacts, ParsedUpdate
from telegram_gateway.protocol import to_event
from telegram_gateway.protocol.to_event import Sender


class TelegramEventSource:
    """Implements `flows.ports.EventSource`."""

    def parse(self, raw: bytes) -> ParsedUpdate:
        """Total: whatever the bytes are, the answer is a value."""
        reading = to_event.read(raw)
        sender = reading.sender
        return ParsedUpdate(
            event=reading.event,
            contact=_facts(sender) if sender else None,
            sent_at=reading.sent_at,
            order=reading.update_id,
            ignored=reading.ignored,
            wants_answer=reading.callback_id,
        )


def _facts(sender: Sender) -> ContactFacts:
    return ContactFacts(
        telegram_user_id=sender.telegram_user_id,
        first_name=sender.first_name,
        last_name=sender.last_name,
        username=sender.username,
        language_code=sender.language_code,
    )
