"""What people and other apps do with messages that are already published."""

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bots.errors import Conflict, NotFound
from bots.outbox.models import UNFINISHED, MessageState, OutboxMessage, Queue
from bots.outbox.publish import ring
from bots.storable import dump_json

RESENDABLE = (MessageState.DEAD, MessageState.UNKNOWN, MessageState.CANCELLED)

# Behind whatever waits for the same chat now: what was given up no longer has a place in the order.
RESEND = """
UPDATE outbox_outboxmessage
SET state = 'new', due_at = statement_timestamp(), expires_at = NULL, position = nextval('outbox_position'),
    attempts = 0, losses = 0, done_at = NULL
WHERE id = %s AND state = ANY(%s)
RETURNING queue
"""


def resend_dead(message_id: uuid.UUID) -> None:
    """Send a message that was given up, cancelled or of unknown outcome once more. Its attempts so far stay visible.

    Raises NotFound, or Conflict where it is not in one of these states. Looks in the active scope.
    """
    message = OutboxMessage.objects.filter(id=message_id).first()
    if message is None:
        raise NotFound("message_not_found", _("There is no such message."))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RESEND, [message_id, [state.value for state in RESENDABLE]])
        row = cursor.fetchone()
        if row is None:
            raise Conflict("message_not_resendable", _("Only a message that was given up can be sent again."))
        transaction.on_commit(partial(ring, Queue(row[0])), robust=True)


def let_go(message_id: uuid.UUID) -> None:
    """Give up a message for good that was given up already: nobody is asked about it any more. Looks in the active
    scope. Safe to repeat."""
    OutboxMessage.objects.filter(id=message_id, state__in=(MessageState.DEAD, MessageState.UNKNOWN)).update(
        state=MessageState.CANCELLED
    )


def cancel_waiting(*, ordering_key: str, reason: str) -> int:
    """Cancel what still waits under an ordering key (a contact blocked the bot); answers how many. Safe to repeat.

    What is being sent at this moment is left to its handler.
    """
    return OutboxMessage.unscoped.filter(ordering_key=ordering_key, state=MessageState.NEW).update(
        state=MessageState.CANCELLED, last_error=reason, done_at=Now()
    )


def release_held(*, bot_ids: Sequence[uuid.UUID]) -> int:
    """Make everything that waits for these bots due now (a token works again); answers how many. Safe to repeat."""
    changed = OutboxMessage.unscoped.filter(
        lane__in=bot_ids, state=MessageState.NEW, attempts=0, due_at__gt=Now()
    ).update(due_at=Now())
    for queue in Queue:
        transaction.on_commit(partial(ring, queue), robust=True)
    return changed


def has_unfinished(*, ordering_key: str) -> bool:
    """Whether anything still waits or is under way for this order."""
    return OutboxMessage.unscoped.filter(ordering_key=ordering_key, state__in=UNFINISHED).exists()


def forget_payloads(message_ids: Sequence[uuid.UUID]) -> int:
    """Forget what these messages said, as far as they are over and done with; answers how many. Safe to repeat."""
    over = OutboxMessage.unscoped.filter(id__in=message_ids, state__in=(MessageState.DONE, MessageState.CANCELLED))
    return over.update(payload={})


def note_progress(message_id: uuid.UUID, progress: Mapping[str, Any]) -> None:
    """Add to the payload of a message that goes back how far its handler came; the next attempt reads it there. Called
    in an outcome's `follow_up`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_outboxmessage SET payload = payload || %s::jsonb WHERE id = %s",
            [dump_json(progress), message_id],
        )
