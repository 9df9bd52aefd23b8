"""Outbox topics the flows app publishes, and the envelope every one of their payloads has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

from bots.models import Channel
from bots.outbox.models import Queue
from bots.outbox.registry import declare_topic
from flows.engine.codec import dump_effect, load_effect
from flows.engine.effects import Effect

MESSAGE_SEND: Final = declare_topic("message.send")
PRESS_ANSWER: Final = declare_topic("message.answer")
KEYBOARD_REMOVE: Final = declare_topic("message.keyboard")
PAYMENT_REQUEST: Final = declare_topic("payment.request", queue=Queue.PAYMENTS)
PAYMENT_CHECK: Final = declare_topic("payment.check", queue=Queue.PAYMENTS)
PAYMENT_RENEW: Final = declare_topic("payment.renew", queue=Queue.PAYMENTS)
ACCESS_GRANT: Final = declare_topic("access.grant", queue=Queue.PAYMENTS)
ORDER_SERVED: Final = declare_topic("order.served", queue=Queue.PAYMENTS)
LINK_SAID: Final = declare_topic("link.said", queue=Queue.PAYMENTS)
# Answered by `HttpAnswered`; worth doing only while the run waits for it.
HTTP_CALL: Final = declare_topic("http.call")
ACCESS_RECALL: Final = declare_topic("access.recall", queue=Queue.PAYMENTS)

# What a message says that was said outside any run.
NO_RUN: Final = UUID(int=0)

ALL_TOPICS: Final = frozenset(
    {
        MESSAGE_SEND,
        PRESS_ANSWER,
        KEYBOARD_REMOVE,
        PAYMENT_REQUEST,
        PAYMENT_CHECK,
        PAYMENT_RENEW,
        ACCESS_GRANT,
        ORDER_SERVED,
        LINK_SAID,
        HTTP_CALL,
        ACCESS_RECALL,
    }
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every payload of these topics says: who it is for, which run asked, and the effect itself."""

    organization_id: UUID
    bot_id: UUID
    contact_id: UUID
    conversation_id: UUID
    telegram_user_id: int
    channel: Channel
    run_id: UUID
    version_id: UUID
    effect: Effect

    def dump(self) -> dict[str, Any]:
        return {
            "organization_id": str(self.organization_id),
            "bot_id": str(self.bot_id),
            "contact_id": str(self.contact_id),
            "conversation_id": str(self.conversation_id),
            "telegram_user_id": self.telegram_user_id,
            "channel": self.channel.value,
            "run_id": str(self.run_id),
            "version_id": str(self.version_id),
            "effect": dump_effect(self.effect),
        }

    @classmethod
    def load(cls, payload: Mapping[str, Any]) -> Self:
        return cls(
            organization_id=UUID(payload["organization_id"]),
            bot_id=UUID(payload["bot_id"]),
            contact_id=UUID(payload["contact_id"]),
            conversation_id=UUID(payload["conversation_id"]),
            telegram_user_id=payload["telegram_user_id"],
            channel=Channel(payload["channel"]),
            run_id=UUID(payload["run_id"]),
            version_id=UUID(payload["version_id"]),
            effect=load_effect(payload["effect"]),
        )
