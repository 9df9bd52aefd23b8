"""What the team does with what stands still and is no run: try it again, or let it go."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, NotFound
from bots.jobs import enqueue_on_commit
from bots.outbox.models import MessageState, OutboxMessage
from bots.outbox.services import let_go, resend_dead
from bots.services import AnyActor
from bots.services.audit import record_audit
from flows.models import Conversation, InboxEvent, InboxState
from flows.runtime.runner import DRAIN_TASK, UPDATES_QUEUE


def retry_item(item_id: UUID, *, actor: AnyActor) -> None:
    """Sends a message that was given up once more, or works an event that was set aside off again, before everything
    that came later. Raises NotFound, and Conflict for what does not stand still (any more)."""
    with transaction.atomic():
        message = _given_up(item_id)
        if message is not None:
            resend_dead(message.pk)
            record_audit(message, "message.resend", actor=actor)
            return
        event = _set_aside(item_id)
        event.state, event.attempts, event.error, event.handled_at = InboxState.NEW, 0, "", None
        event.save(update_fields=["state", "attempts", "error", "handled_at"])
        enqueue_on_commit(
            DRAIN_TASK, queue=UPDATES_QUEUE, args=(event.shard,), coalesce_key=f"{DRAIN_TASK}:{event.shard}"
        )
        record_audit(event, "event.retry", actor=actor)


def dismiss_item(item_id: UUID, *, actor: AnyActor) -> None:
    """Lets a message or an event go for good. Raises as `retry_item` does."""
    with transaction.atomic():
        message = _given_up(item_id)
        if message is not None:
            let_go(message.pk)
            record_audit(message, "message.let_go", actor=actor)
            return
        event = _set_aside(item_id)
        event.state, event.handled_at = InboxState.IGNORED, timezone.now()
        event.save(update_fields=["state", "handled_at"])
        record_audit(event, "event.let_go", actor=actor)


def note_dead_message(conversation_id: UUID) -> None:
    """A message of this conversation was given up: it is for the team now. In the transaction that gives it up."""
    Conversation.unscoped.filter(pk=conversation_id, attention=False).update(attention=True)


def _given_up(item_id: UUID) -> OutboxMessage | None:
    """The message, if it is one; raises Conflict for one that is not given up (any more)."""
    message = OutboxMessage.objects.filter(pk=item_id).first()
    if message is not None and message.state not in (MessageState.DEAD, MessageState.UNKNOWN):
        raise _not_standing()
    return message


def _set_aside(item_id: UUID) -> InboxEvent:
    event = InboxEvent.objects.select_for_update(no_key=True).filter(pk=item_id).first()
    if event is None:
        raise NotFound("nothing_standing", _("There is nothing here that stands still (any more)."))
    if event.state != InboxState.SET_ASIDE:
        raise _not_standing()
    return event


def _not_standing() -> Conflict:
    return Conflict("not_standing", _("There is nothing here that stands still (any more)."))
