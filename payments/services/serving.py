"""The end of a sale: the run reached its delivery, and the messages that carry it left."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.ids import uuid7_floor, uuid7_time
from bots.outbox.models import UNFINISHED, MessageState, OutboxMessage
from flows.topics import MESSAGE_SEND
from payments.locking import lock_order
from payments.selectors import heard_of_money_at
from payments.services.notices import tell_not_served
from payments.services.transactions import work_for

MARKED = register("payments.served.marked")

# The delivery's messages were published by the same statement as the note that it was served.
_SAME_MOMENT = timedelta(seconds=5)


def mark_served(*, organization_id: UUID, order_id: UUID, note_id: UUID, effect_key: str) -> bool:
    """Notes that the run reached its delivery, then, once its messages have left, when; answers whether all is known.

    `note_id` and `effect_key` (`<run>:<revision>:<n>`) are the outbox message's own: the messages of the same walk have
    keys that begin alike. Locks the order. The first delivery counts. Safe to repeat.
    """
    with work_for(organization_id):
        order = lock_order(order_id)
        if order.served_at is None:
            order.served_at = uuid7_time(note_id)
            order.went_on_at = heard_of_money_at(order) or order.served_at
            order.save(update_fields=["served_at", "went_on_at"])
    crash_point(MARKED)
    with work_for(organization_id):
        messages = _messages_of(note_id, effect_key)
        if any(message.state in UNFINISHED for message in messages):
            return False
        order = lock_order(order_id)
        if order.sent_at is None:
            order.sent_at, order.send_failure = _outcome(messages)
            order.save(update_fields=["sent_at", "send_failure"])
            if order.send_failure:
                tell_not_served(order)
    return True


def _messages_of(note_id: UUID, effect_key: str) -> list[OutboxMessage]:
    moment = uuid7_time(note_id)
    walk = effect_key.rpartition(":")[0]
    return list(
        OutboxMessage.objects.filter(
            id__gte=uuid7_floor(moment - _SAME_MOMENT),
            id__lt=uuid7_floor(moment + _SAME_MOMENT),
            topic=MESSAGE_SEND,
            key__startswith=f"{walk}:",
        )
    )


def _outcome(messages: Sequence[OutboxMessage]) -> tuple[datetime | None, str]:
    """When the last one left; or why one did not. A delivery that says nothing is sent at once."""
    failed = next((message.state for message in messages if message.state != MessageState.DONE), "")
    if failed:
        return None, str(failed)
    return max((message.done_at for message in messages if message.done_at), default=timezone.now()), ""
