"""Outbox topics the payments app publishes."""

from typing import Final

from bots.outbox.models import Queue
from bots.outbox.registry import declare_topic

# The sandbox posts a signed notice to the account's webhook address, as a gateway would.
# Payload: {"charge": "<uuid of the sandbox charge>", "status": "<status at that moment>", "event": "<uuid>"}.
SANDBOX_NOTIFY: Final = declare_topic("sandbox.notify", queue=Queue.PAYMENTS)

# Money goes back through the gateway. Payload: {"refund": "<uuid of the refund>"}.
PAYMENT_REFUND: Final = declare_topic("payment.refund", queue=Queue.PAYMENTS)
