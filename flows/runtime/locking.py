"""The row locks on conversations and timers, each taken by one named function. A flow is locked before them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from flows.models import Conversation, Timer, TimerState

# What a drain reads: every further column is time, a hundred times over.
_CONVERSATION = (
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
_CONTACT = (
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


def claim_conversations(conversation_ids: Iterable[UUID]) -> list[Conversation]:
    """Those of these conversations nobody else holds, locked, with their contacts; sorted, in one statement."""
    rows: QuerySet[Conversation] = (
        Conversation.unscoped.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("contact")
        .only(*_CONVERSATION, *(f"contact__{name}" for name in _CONTACT))
        .filter(pk__in=list(conversation_ids))
        .order_by("pk")
    )
    return list(rows)


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
