"""What stands still: runs that failed or wait for the team, events set aside, messages given up, timers overdue.

One list over five tables. All their keys are UUIDv7, so the newest of each, put together, are the newest of all. Test
chats appear here as little as anywhere.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from bots.models import Channel, Contact
from bots.outbox.models import MessageState, OutboxMessage
from flows.models import InboxEvent, InboxState, Run, RunStatus, Timer, TimerState
from flows.topics import KEYBOARD_REMOVE, MESSAGE_SEND

# A timer so late was not taken up by anybody.
OVERDUE: Final = timedelta(minutes=5)
# What a counter counts to: beyond it the number tells nothing more.
MOST_COUNTED: Final = 100
# Of a message that nobody saw the end of, the team decides; an answer to a press is worth nothing after seconds.
_TOPICS: Final = (MESSAGE_SEND, KEYBOARD_REMOVE)


class Kind(StrEnum):
    """What it is that stands still."""

    FAILED = "failed"
    PARKED = "parked"
    EVENT = "event"
    MESSAGE = "message"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class Standing:
    """One of them. `id` is the row's own; `code` its cause, said in words by `flows.causes`; `detail` is technical."""

    kind: Kind
    id: UUID
    code: str
    since: datetime
    detail: str = ""
    contact: Contact | None = None
    run: Run | None = None


def standing(*, limit: int, kind: Kind | None = None, before: UUID | None = None) -> list[Standing]:
    """The newest, older than `before`. A fixed number of statements, whatever there is."""
    found: list[Standing] = []
    for one, read in _READERS.items():
        if kind in (None, one):
            found += read(limit, before)
    found.sort(key=lambda item: item.id, reverse=True)
    return found[:limit]


def count_standing() -> int:
    """How many there are, each kind counted to `MOST_COUNTED` at most."""
    rows: Sequence[QuerySet[Any]] = (_failed(), _parked(), _events(), _messages(), _timers())
    return sum(query.order_by()[:MOST_COUNTED].count() for query in rows)


def _failed() -> QuerySet[Run]:
    return _runs().filter(status=RunStatus.FAILED)


def _parked() -> QuerySet[Run]:
    return _runs().filter(status=RunStatus.ACTIVE).exclude(parked="")


def _runs() -> QuerySet[Run]:
    found = Run.objects.filter(contact__channel=Channel.TELEGRAM)
    return found.select_related("contact", "bot", "flow", "version").defer("state")


def _events() -> QuerySet[InboxEvent]:
    # A test chat's people have ids of ours, all negative.
    return InboxEvent.objects.filter(state=InboxState.SET_ASIDE, telegram_user_id__gt=0).defer("payload")


def _messages() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(
        Q(payload__channel=Channel.TELEGRAM), state__in=(MessageState.DEAD, MessageState.UNKNOWN), topic__in=_TOPICS
    )


def _timers() -> QuerySet[Timer]:
    """Only of runs that are on top: a covered run's timers are held."""
    late = Timer.objects.filter(
        state=TimerState.ARMED,
        due_at__lt=timezone.now() - OVERDUE,
        conversation__top_run_id=F("run_id"),
        run__contact__channel=Channel.TELEGRAM,
    )
    return late.select_related("run__contact", "run__bot", "run__flow", "run__version").defer("run__state")


def _newest(rows: QuerySet[Any], limit: int, before: UUID | None) -> list[Any]:
    found = rows.order_by("-id")
    return list((found.filter(pk__lt=before) if before is not None else found)[:limit])


def _read_failed(limit: int, before: UUID | None) -> Iterator[Standing]:
    for run in _newest(_failed(), limit, before):
        since = run.ended_at or run.entered_at or run.started_at
        yield Standing(Kind.FAILED, run.pk, run.failure or "failed", since, contact=run.contact, run=run)


def _read_parked(limit: int, before: UUID | None) -> Iterator[Standing]:
    for run in _newest(_parked(), limit, before):
        yield Standing(Kind.PARKED, run.pk, run.parked, run.entered_at or run.started_at, contact=run.contact, run=run)


def _read_timers(limit: int, before: UUID | None) -> Iterator[Standing]:
    for timer in _newest(_timers(), limit, before):
        yield Standing(Kind.TIMER, timer.pk, "overdue", timer.due_at, contact=timer.run.contact, run=timer.run)


def _read_events(limit: int, before: UUID | None) -> Iterator[Standing]:
    events: list[InboxEvent] = _newest(_events(), limit, before)
    people = _people((event.bot_id, event.telegram_user_id) for event in events)
    for event in events:
        contact = people.get((event.bot_id, event.telegram_user_id))
        since = event.handled_at or event.received_at
        yield Standing(Kind.EVENT, event.pk, "set_aside", since, event.error, contact)


def _read_messages(limit: int, before: UUID | None) -> Iterator[Standing]:
    messages: list[OutboxMessage] = _newest(_messages(), limit, before)
    people = _people((one.bot_id, one.payload.get("telegram_user_id")) for one in messages)
    for one in messages:
        contact = people.get((one.bot_id, one.payload.get("telegram_user_id")))
        code = "message_unknown" if one.state == MessageState.UNKNOWN else "message_dead"
        yield Standing(Kind.MESSAGE, one.pk, code, one.done_at or one.created_at, one.last_error, contact)


def _people(keys: Iterable[tuple[UUID | None, Any]]) -> Mapping[tuple[UUID | None, Any], Contact]:
    wanted = {(bot_id, user_id) for bot_id, user_id in keys if bot_id is not None and isinstance(user_id, int)}
    found = Contact.objects.filter(
        bot_id__in={bot_id for bot_id, _ in wanted}, telegram_user_id__in={user_id for _, user_id in wanted}
    )
    return {(one.bot_id, one.telegram_user_id): one for one in found.select_related("bot")}


_READERS: Final = {
    Kind.FAILED: _read_failed,
    Kind.PARKED: _read_parked,
    Kind.EVENT: _read_events,
    Kind.MESSAGE: _read_messages,
    Kind.TIMER: _read_timers,
}
if set(_READERS) != set(Kind):
    raise RuntimeError("Every kind of standing still needs its reader.")
