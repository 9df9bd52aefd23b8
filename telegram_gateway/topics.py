"""Outbox topics the Telegram gateway publishes to itself."""

from typing import Final

from bots.outbox.models import Queue
from bots.outbox.registry import declare_topic

# Answers a `pre_checkout_query`. Payload: {"query_id": str, "error": str}; an empty error lets the buyer pay.
CHECKOUT_ANSWER: Final = declare_topic("checkout.answer", queue=Queue.CHECKOUT)
