"""The row locks on conversations and timers, each taken by one named function. A flow is locked before them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F, Model
from django.db.models.functions import Now

from bots import statements
from bots.models import Contact
from flows.models import Conversation, Timer, TimerState


def _columns(model: type[Model], *names: str) -> tuple[str, ...]:
    """These of its columns in the order of its fields, which is how `from_db` takes their values."""
    known = tuple(field.attname for field in model._meta.concrete_fields if field.attname in names)
    assert len(known) == len(names)
    return known


# What a drain reads: every further column is time, a hundred times over.
_CONVERSATION: Final = _columns(
    Conversation,
    "id",
    "bot_id",
    "contact_id",
    "telegram_user_id",
    "stack",
    "attention",
    "clock_offset",
    "pinned_version_id",
    "last_event_at",
    "journal_digest",
)
_CONTACT: Final = _columns(
    Contact,
    "id",
    "telegram_user_id",
    "channel",
    "first_name",
    "last_name",
    "username",
    "language_code",
    "variables",
    "tags",
    "blocked_at",
)
_VARIABLES: Final = len(_CONVERSATION) + _CONTACT.index("variables")
# Raw, so that each connection plans it once: the models' query cost more to build and to plan than to answer.
_CLAIM: Final = f"""
SELECT {", ".join(f"conversation.{name}" for name in _CONVERSATION)},
       {", ".join(f"contact.{name}" for name in _CONTACT)}
FROM flows_conversation conversation JOIN bots_contact contact ON contact.id = conversation.contact_id
WHERE conversation.id = ANY(%s::uuid[])
ORDER BY conversation.id
FOR NO KEY UPDATE OF conversation SKIP LOCKED
"""  # noqa: S608 - names of columns, all of them above


def claim_conversations(conversation_ids: Iterable[UUID]) -> list[Conversation]:
    """Those of these conversations nobody else holds, locked, with their contacts; sorted, in one statement."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _CLAIM, [list(conversation_ids)])
        return [_claimed(row) for row in cursor.fetchall()]


def _claimed(row: Sequence[Any]) -> Conversation:
    values = list(row)
    values[_VARIABLES] = json.loads(values[_VARIABLES])
    conversation = Conversation.from_db(connection.alias, _CONVERSATION, values[: len(_CONVERSATION)])
    conversation.contact = Contact.from_db(connection.alias, _CONTACT, values[len(_CONVERSATION) :])
    return conversation


def lock_conversation(conversation_id: UUID) -> Conversation | None:
    """The conversation, locked until the transaction ends; waits for its holder. None if there is none in scope."""
    return Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(pk=conversation_id).first()


def claim_due_timers(limit: int) -> list[tuple[Timer, Conversation]]:
    """Due timers of runs that are on top, locked, oldest first; a covered run's timers are held."""
    rows = (
        Timer.unscoped.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("conversation")
        .filter(state=TimerState.ARMED, due_at__lte=Now(), conversation__top_run_id=F("run_id"))
        .order_by("due_at")[:limit]
    )
    return [(timer, timer.conversation) for timer in rows]
