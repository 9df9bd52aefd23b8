"""Outbox topics the payments app publishes."""

from typing import Final

from bots.outbox.models import Queue
from bots.outbox.registry import declare_topic

# The sandbox posts a signed notice to the account's webhook address, as a gateway would.
# Payload: {"charge": "<uuid of the sandbox charge>", "status": "<status at that moment>", "event": "<uuid>"}.
SANDBOX_NOTIFY: Final = declare_topic("sandbox.notify", queue=Queue.PAYMENTS)

# Money goes back through the gateway. Payload: {"refund": "<uuid of the refund>"}.
PAYMENT_REFUND: Final = declare_topic("payment.refund", queue=Queue.PAYMENTS)

# Groups and channels; whoever handles them calls the platform. `invite.create` is answered by `AccessReady`.
INVITE_CREATE: Final = declare_topic("invite.create", queue=Queue.PAYMENTS)
# Payload: {"telegram_chat_id": int, "link": str}.
INVITE_REVOKE: Final = declare_topic("invite.revoke", queue=Queue.PAYMENTS)
# Whether somebody may come in is decided when it is answered.
JOIN_ANSWER: Final = declare_topic("join.answer", queue=Queue.PAYMENTS)
# Payload: {"chat": "<uuid>", "telegram_chat_id": int, "telegram_user_id": int}; asked once more before it is done.
MEMBER_REMOVE: Final = declare_topic("member.remove", queue=Queue.PAYMENTS)
# The same payload: whoever was put out may come in again.
MEMBER_READMIT: Final = declare_topic("member.readmit", queue=Queue.PAYMENTS)
