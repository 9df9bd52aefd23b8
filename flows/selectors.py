"""Reads of the flows app, in the active scope unless they say otherwise. Test chats appear in no list and no number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.errors import NotFound
from bots.models import Bot, Channel, ConnectedChat, Organization, User
from bots.tenancy import current_organization_id
from flows.engine.catalogue import CatalogueFacts
from flows.engine.compile import VersionKind
from flows.engine.content import MediaType
from flows.engine.facts import local_time
from flows.engine.menu import MenuItem, menu_items
from flows.engine.parse import parse_lenient
from flows.engine.texts import ENGLISH, PORTUGUESE, edits_in
from flows.models import (
    Asset,
    Conversation,
    ConversationTest,
    Direction,
    Flow,
    FlowVersion,
    InboxEvent,
    InboxState,
    KeptAnswer,
    Message,
    Run,
    RunStatus,
    TimelineEntry,
    Timer,
    TimerState,
)
from flows.subflow_facts import facts_of_versions

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


def menus_of_bot(bot_id: UUID) -> dict[str, tuple[MenuItem, ...]]:
    """The commands a bot shows now, by language ("" for people of any other). Empty for a bot that is not there."""
    bot = Bot.objects.filter(pk=bot_id).first()
    if bot is None:
        return {}
    definition = active_definition(bot) or {}
    triggers = parse_lenient(definition).document.triggers if definition else ()
    languages = {"": bot.locale, "pt": PORTUGUESE, "en": ENGLISH}
    return {
        code: menu_items(triggers, locale=locale, texts=edits_in(bot.texts, locale))
        for code, locale in languages.items()
    }


def active_definition(bot: Bot) -> dict[str, Any] | None:
    """What new runs of a bot begin with; None in welcome mode."""
    newest = FlowVersion.objects.filter(
        bot_id=bot.pk, flow__active=True, flow__closed=False, kind=VersionKind.PUBLISHED.value
    ).order_by("-number")
    return newest.values_list("definition", flat=True).first() if bot.flow_enabled else None


def flows_part(organization_id: UUID, bot_id: UUID | None) -> CatalogueFacts:
    """This app's part of the catalogue: the bot's published flows, which others may run within them."""
    newest = FlowVersion.unscoped.filter(
        organization_id=organization_id, kind=VersionKind.PUBLISHED.value, flow__deleted_at=None
    )
    if bot_id is not None:
        newest = newest.filter(bot_id=bot_id)
    newest = newest.order_by("flow_id", "-number").distinct("flow_id")
    names = {
        version_id: (str(flow_id), name)
        for version_id, flow_id, name in newest.values_list("pk", "flow_id", "flow__name")
    }
    return CatalogueFacts(flows={facts.flow_id: facts for facts in facts_of_versions(names)})


def calendar_part(organization_id: UUID, bot_id: UUID | None) -> CatalogueFacts:
    """The day it is where the organization is: what ends on a day has ended or not."""
    zone = Organization.objects.filter(pk=organization_id).values_list("time_zone", flat=True).first()
    return CatalogueFacts(today=local_time(timezone.now(), zone or "UTC").date())


def runs_of(*, query: str = "", status: str = "", bot_id: UUID | None = None) -> QuerySet[Run]:
    """Runs of real people, newest first; `query` finds a name, a @username or a Telegram id. `inside` and `inner_step`
    say where in its subflows each run is."""
    found = (
        Run.objects.filter(contact__channel=Channel.TELEGRAM)
        .select_related("contact", "bot", "flow")
        .annotate(inside=KeyTransform("frames", "state"), inner_step=KeyTextTransform("step_id", "state"))
        .defer("state")
        .order_by("-started_at", "-id")
    )
    if status:
        found = found.filter(status=status)
    if bot_id is not None:
        found = found.filter(bot_id=bot_id)
    return found.filter(_matching(query.strip())) if query.strip() else found


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


def tests_of(flow_id: UUID) -> QuerySet[ConversationTest]:
    """A flow's saved test conversations, oldest first."""
    return ConversationTest.objects.filter(flow_id=flow_id)


def beginning_of(run: Run) -> UUID | None:
    """The inbox row that began a run; None where its timeline is gone."""
    entries = TimelineEntry.objects.filter(run_id=run.pk).order_by("id")
    return entries.values_list("inbox_event_id", flat=True).first()


def inbox_of(
    conversation: Conversation, *, since: UUID, states: Iterable[InboxState], until: UUID | None = None
) -> list[InboxEvent]:
    """What came into a conversation from that row on, in inbox order. Reads along the primary key: nothing that every
    event would have to keep up is indexed for it."""
    rows = InboxEvent.objects.filter(
        bot_id=conversation.bot_id,
        telegram_user_id=conversation.telegram_user_id,
        id__gte=since,
        state__in=list(states),
    )
    if until is not None:
        rows = rows.filter(id__lte=until)
    return list(rows.order_by("id"))


def has_unsent(conversation: Conversation, *, since: UUID) -> bool:
    """Whether something the bot said to a test chat since that row did not arrive."""
    lines = Message.objects.filter(conversation_id=conversation.pk, id__gte=since)
    return lines.filter(payload__has_key="unsent").exists()


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


# Uploaded files


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as whoever sends it needs it."""

    name: str
    mime: str
    size: int
    stored: str


def assets_of(*, query: str = "", kind: str = "") -> QuerySet[Asset]:
    """Files that are not deleted, newest first."""
    found = Asset.objects.filter(deleted_at=None).order_by("-created_at", "-id")
    if kind:
        found = found.filter(kind=kind)
    return found.filter(name__icontains=query) if query else found


def asset_of(asset_id: UUID) -> Asset:
    """A file that is not deleted; raises NotFound."""
    asset = Asset.objects.filter(pk=asset_id, deleted_at=None).first()
    if asset is None:
        raise NotFound("asset_not_found", _("There is no such file."))
    return asset


def assets_named(ids: Iterable[str]) -> dict[str, Asset]:
    """Files by their ids as texts, deleted ones too: what was sent is shown. What is no id is nobody's."""
    return {str(asset.pk): asset for asset in Asset.objects.filter(pk__in=set(filter(None, map(_as_uuid, ids))))}


def file_to_send(organization_id: UUID, asset_id: str) -> StoredFile | None:
    """A file of this organization, also a deleted one; None for what is not there."""
    pk = _as_uuid(asset_id)
    found = Asset.unscoped.filter(pk=pk, organization_id=organization_id).first() if pk else None
    return StoredFile(found.name, found.mime, found.size, found.file.name or "") if found else None


def assets_part(organization_id: UUID, bot_id: UUID | None) -> CatalogueFacts:
    """This app's part of the catalogue: the files a definition may name."""
    kinds = Asset.unscoped.filter(organization_id=organization_id, deleted_at=None).values_list("pk", "kind")
    return CatalogueFacts(media={str(pk): MediaType(kind) for pk, kind in kinds})


def chats_part(organization_id: UUID, bot_id: UUID | None) -> CatalogueFacts:
    """The groups and channels a definition may name: those of the organization's bots, for grants outlive a bot."""
    known = {str(chat.pk): chat for chat in ConnectedChat.unscoped.filter(organization_id=organization_id)}
    closed = frozenset(chat_id for chat_id, chat in known.items() if not chat.lets_people_in)
    return CatalogueFacts(chats=frozenset(known), closed_chats=closed)


# Every value of an `asset` key, wherever it stands; one pass over each document, however many files there are. The
# newest published version counts beside the draft: it is what people run.
_USES = """
WITH document AS (
    SELECT flow.name, flow.draft AS body FROM flows_flow flow
    WHERE flow.organization_id = %(organization)s AND flow.deleted_at IS NULL
    UNION ALL
    SELECT flow.name, newest.definition FROM flows_flow flow CROSS JOIN LATERAL (
        SELECT definition FROM flows_flowversion version
        WHERE version.flow_id = flow.id AND version.kind = 'published' ORDER BY version.number DESC LIMIT 1
    ) newest
    WHERE flow.organization_id = %(organization)s AND flow.deleted_at IS NULL
    UNION ALL
    SELECT bot.name, bot.main_buttons FROM bots_bot bot WHERE bot.organization_id = %(organization)s
)
SELECT DISTINCT used.id #>> '{}', document.name
FROM document CROSS JOIN LATERAL jsonb_path_query(document.body, 'strict $.**.asset', silent => true) AS used (id)
WHERE jsonb_typeof(used.id) = 'string' AND used.id #>> '{}' = ANY (%(ids)s)
ORDER BY 2, 1
"""


def uses_of_assets(ids: Iterable[UUID]) -> dict[str, list[str]]:
    """The names of the flows and bots that send each of these files, by the file's id."""
    uses: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_USES, {"organization": current_organization_id(), "ids": [str(pk) for pk in ids]})
        for asset_id, name in cursor.fetchall():
            uses.setdefault(asset_id, []).append(name)
    return uses


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# Privacy


def kept_answers_of(conversation_id: UUID) -> QuerySet[KeptAnswer]:
    """What was asked of a person for a purpose or for a time, newest first."""
    return KeptAnswer.objects.filter(conversation_id=conversation_id, accepted=True).order_by("-id")
