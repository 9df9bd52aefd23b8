"""Reads of the flows app, in the active scope unless they say otherwise. Test chats appear in no list and no number."""

from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from bots.errors import NotFound
from bots.models import Channel, User
from flows.engine.catalogue import CatalogueFacts
from flows.engine.compile import VersionKind
from flows.models import (
    Conversation,
    Direction,
    Flow,
    FlowVersion,
    InboxEvent,
    InboxState,
    Message,
    Run,
    RunStatus,
    TimelineEntry,
    Timer,
    TimerState,
)

# How many lines of a chat a page shows: the newest.
TRANSCRIPT_LIMIT = 500


def flows_of(*, bot_id: UUID | None = None, query: str = "") -> QuerySet[Flow]:
    """Flows that are not deleted, those changed last first."""
    found = Flow.objects.filter(deleted_at=None).select_related("bot").order_by("-updated_at", "-id")
    if bot_id is not None:
        found = found.filter(bot_id=bot_id)
    return found.filter(name__icontains=query) if query else found


def versions_of(flow_id: UUID) -> QuerySet[FlowVersion]:
    """Published versions, newest first."""
    return (
        FlowVersion.objects.filter(flow_id=flow_id, kind=VersionKind.PUBLISHED.value)
        .select_related("created_by")
        .order_by("-number")
    )


def has_published_flow() -> bool:
    """Whether anything could run at all."""
    return FlowVersion.objects.filter(kind=VersionKind.PUBLISHED.value, flow__deleted_at=None).exists()


def flow_id_of_version(version_id: UUID) -> UUID | None:
    """The flow a version was published from; None for a bot's welcome and for a version that is not there."""
    return FlowVersion.objects.filter(pk=version_id).values_list("flow_id", flat=True).first()


def flows_part(organization_id: UUID, bot_id: UUID | None) -> CatalogueFacts:
    """This app's part of the catalogue: the bot's flows that others may run within them."""
    found = FlowVersion.unscoped.filter(
        organization_id=organization_id, kind=VersionKind.PUBLISHED.value, flow__deleted_at=None
    )
    if bot_id is not None:
        found = found.filter(bot_id=bot_id)
    return CatalogueFacts(
        flows=frozenset(str(flow_id) for flow_id in found.values_list("flow_id", flat=True).distinct())
    )


def runs_of(*, query: str = "", status: str = "", bot_id: UUID | None = None) -> QuerySet[Run]:
    """Runs of real people, newest first; `query` finds a name, a @username or a Telegram id."""
    found = (
        Run.objects.filter(contact__channel=Channel.TELEGRAM)
        .select_related("contact", "bot", "flow")
        .defer("state")
        .order_by("-started_at", "-id")
    )
    if status:
        found = found.filter(status=status)
    if bot_id is not None:
        found = found.filter(bot_id=bot_id)
    return found.filter(_matching(query.strip())) if query.strip() else found


def standing_runs() -> QuerySet[Run]:
    """Runs that stand still by fault."""
    return runs_of(status=RunStatus.FAILED)


def people_inside() -> int:
    """How many runs of real people are under way."""
    return Run.objects.filter(contact__channel=Channel.TELEGRAM, status=RunStatus.ACTIVE).count()


def run_with_everything(run_id: UUID) -> Run | None:
    """A run with its contact, bot, flow and version."""
    return Run.objects.select_related("contact", "bot", "flow", "version", "conversation").filter(pk=run_id).first()


def timeline_of_run(run_id: UUID) -> QuerySet[TimelineEntry]:
    """What happened in a run, in order."""
    return TimelineEntry.objects.filter(run_id=run_id).order_by("id")


def transcript_of(conversation_id: UUID) -> list[Message]:
    """The newest lines of a chat, in order."""
    newest = Message.objects.filter(conversation_id=conversation_id).order_by("-id")[:TRANSCRIPT_LIMIT]
    return list(newest)[::-1]


def inbox_set_aside() -> QuerySet[InboxEvent]:
    """Rows that were given up on, newest first."""
    return InboxEvent.objects.filter(state=InboxState.SET_ASIDE).order_by("-id")


def unread_conversations() -> QuerySet[Conversation]:
    """What the team has not looked at yet."""
    return (
        Conversation.objects.filter(attention=True, contact__channel=Channel.TELEGRAM)
        .select_related("contact", "bot")
        .order_by("-last_event_at")
    )


# Test chats


def simulator_user_id(user_id: UUID, flow_id: UUID) -> int:
    """The Telegram id of a member's own contact for a flow: negative, so that no person has it; always the same."""
    digest = blake2b(user_id.bytes + flow_id.bytes, digest_size=8).digest()
    return -(int.from_bytes(digest, "big") >> 2) - 1


def test_conversation(*, flow_id: UUID, user: User) -> Conversation:
    """A member's test chat of a flow; raises NotFound before it was opened for the first time."""
    conversation = (
        Conversation.objects.select_related("contact", "bot", "pinned_version")
        .filter(
            contact__channel=Channel.SIMULATOR,
            telegram_user_id=simulator_user_id(user.pk, flow_id),
            bot__flows__pk=flow_id,
        )
        .first()
    )
    if conversation is None:
        raise NotFound("test_chat_not_found", _("This test chat was not opened yet."))
    return conversation


def is_busy(conversation: Conversation) -> bool:
    """Whether a test chat still has something to work off or to show."""
    waiting = InboxEvent.objects.filter(
        bot_id=conversation.bot_id, telegram_user_id=conversation.telegram_user_id, state=InboxState.NEW
    )
    if waiting.exists():
        return True
    newest = Message.objects.filter(conversation_id=conversation.pk).order_by("-id")[:20]
    return any(message.direction == Direction.OUT and "calls" not in message.payload for message in newest)


def test_run(conversation: Conversation) -> Run | None:
    """The run a test chat's person is in, or was in last."""
    runs = Run.objects.filter(conversation=conversation).select_related("version")
    on_top = runs.filter(pk__in=[conversation.top_run_id]).first()
    return on_top or runs.order_by("-id").first()


def next_wait(run: Run) -> datetime | None:
    """When the next of a run's timers is due."""
    armed = Timer.objects.filter(run=run, state=TimerState.ARMED)
    return armed.order_by("due_at").values_list("due_at", flat=True).first()


def _matching(query: str) -> Q:
    name = query.removeprefix("@")
    matching = (
        Q(contact__first_name__icontains=name)
        | Q(contact__last_name__icontains=name)
        | Q(contact__username__icontains=name)
    )
    if name.isascii() and name.isdigit() and len(name) <= 18:
        matching |= Q(contact__telegram_user_id=int(name))
    return matching
