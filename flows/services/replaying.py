"""A stored run, made again from its inbox rows and held against what was stored. Reads only."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils import timezone

from bots.models import Contact
from bots.outbox.models import OutboxMessage
from bots.storable import dump_json
from flows import selectors
from flows.engine.events import Start
from flows.engine.routing import replace_runs
from flows.models import Conversation, InboxEvent, InboxState, Run, TimelineEntry
from flows.runtime.inbox import UnreadRow
from flows.runtime.incoming import Incoming, in_order, read_row
from flows.runtime.journal import read_bot, read_contact, read_conversation
from flows.runtime.live import StoredRun
from flows.runtime.output import Output
from flows.runtime.routing import StoredChat, set_aside, work_off
from flows.runtime.turn import Turn
from flows.runtime.version_cache import Version, compiled

# Rows are stamped by the database, runs by the turn.
SLACK = timedelta(minutes=1)
_HANDLED = (InboxState.DONE, InboxState.IGNORED, InboxState.SET_ASIDE)
_TIMELINE = ("inbox_event_id", "kind", "step_id", "data", "at")


class CannotReplay(Exception):
    """What a replay needs is not kept any more, or never was."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first thing that is stored otherwise than it is made."""

    what: str
    stored: object
    replayed: object


@dataclass(slots=True)
class Replay:
    """What came of a replay: how much was held against what is stored, and where it first differs."""

    events: int = 0
    revision: int = 0
    entries: int = 0
    messages: int = 0
    mismatch: Mismatch | None = None


@dataclass(slots=True)
class _Made:
    """What the replayed turns made, as rows by their tables."""

    runs: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    outbox: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, output: Output) -> None:
        for text in output.runs:
            row = json.loads(text)
            self.runs[UUID(row["id"])] = row
        self.timeline += [json.loads(text) for text in output.timeline]
        for message in output.outbox:
            if "effect" not in (message.payload or {}):
                # A notice for the team is no act of the run's.
                continue
            self.outbox[message.key] = json.loads(
                dump_json({"topic": str(message.topic), "effect": (message.payload or {})["effect"]})
            )


def replay_run(run_id: UUID) -> Replay:
    """Makes the run again, in memory, from the row that began it on: the same engine, routing and turns as the drain's.

    Raises CannotReplay where its rows or its journal are not kept (any more).
    """
    run = Run.objects.select_related("conversation", "conversation__contact").filter(pk=run_id).first()
    if run is None:
        raise CannotReplay("there is no such run")
    conversation = run.conversation
    beginnings = _beginnings(conversation)
    rows = _rows(run, conversation, beginnings)
    replay, made = Replay(), _Made()
    for turn in _Replayer(conversation, beginnings, rows).turns():
        replay.events += len(turn.rows)
        made.add(turn.output)
    _compare(replay, run, made)
    return replay


def _beginnings(conversation: Conversation) -> dict[UUID, UUID]:
    """Which row began each of the conversation's runs, in their order."""
    runs = Run.objects.filter(conversation=conversation).order_by("id")
    found = {run.pk: selectors.beginning_of(run) for run in runs}
    return {run_id: row_id for run_id, row_id in found.items() if row_id is not None}


def _rows(run: Run, conversation: Conversation, beginnings: Mapping[UUID, UUID]) -> list[InboxEvent]:
    """From the run's beginning on; from an earlier run's where a row names that, or where this one took its place
    because its step was missing."""
    wanted = {run.pk}
    while True:
        missing = [str(one) for one in wanted if one not in beginnings]
        if missing:
            raise CannotReplay(f"the timeline of {', '.join(missing)} does not say what began it")
        since = min(beginnings[one] for one in wanted)
        rows = selectors.inbox_of(conversation, since=since, states=_HANDLED)
        named = {one for row in rows for one in _incoming(row).named_runs if one in beginnings}
        lost = {_before(one, beginnings) for one in wanted if _is_restart(one)} - {None}
        more = {one for one in named | lost if one is not None and beginnings[one] < since}
        if not more - wanted:
            break
        wanted |= more
    if not rows or rows[0].pk != since:
        raise CannotReplay("the inbox rows from its beginning are not kept any more")
    return rows


def _is_restart(run_id: UUID) -> bool:
    state = Run.objects.filter(pk=run_id).values_list("state", flat=True).first() or {}
    return bool(state.get("restarts"))


def _before(run_id: UUID, beginnings: Mapping[UUID, UUID]) -> UUID | None:
    earlier = [one for one in beginnings if one < run_id]
    return max(earlier, default=None)


def _incoming(row: InboxEvent) -> Incoming:
    return read_row(UnreadRow(row.pk, row.run_id, row.source, row.external_id, bytes(row.payload), row.attempts))


@dataclass(frozen=True, slots=True)
class _Turned:
    rows: Sequence[InboxEvent]
    output: Output


class _ReplayedTurn(Turn):
    """A turn whose runs get the ids they had."""

    run_ids: Mapping[UUID, list[UUID]]

    def new_run_id(self) -> UUID:
        waiting = self.run_ids.get(self.row_id) if self.row_id is not None else None
        return waiting.pop(0) if waiting else super().new_run_id()


class _Replayer:
    """Takes the rows up as the drain did: those of one transaction in one turn, on its clock."""

    def __init__(self, conversation: Conversation, beginnings: Mapping[UUID, UUID], rows: Sequence[InboxEvent]) -> None:
        self.original = conversation
        self.rows = rows
        self.began: dict[UUID, list[UUID]] = {}
        for run_id in sorted(beginnings):
            self.began.setdefault(beginnings[run_id], []).append(run_id)
        runs = Run.objects.filter(pk__in=list(beginnings))
        self.version_of = {run.pk: run.version_id for run in runs}
        self.flow_of = {run.pk: run.flow_id for run in runs}
        self.stored: dict[UUID, StoredRun] = {}
        self.journal: Mapping[str, Any] | None = None
        self.conversation: Conversation | None = None
        self.grants: tuple[str, ...] = ()

    def turns(self) -> Iterator[_Turned]:
        """One after the other; what one stores, the next reads."""
        versions = compiled(self._versions())
        first = True
        for at, together in groupby(_in_time(self.rows), key=_handled_at):
            rows = list(together)
            # What changed between two turns was noted with a row of the second.
            turn = self._turn(rows, versions, at)
            for row in rows:
                incoming = _incoming(row)
                # A run that begins notes what is known already.
                self.journal = row.journal or self.journal
                if row.state == InboxState.SET_ASIDE:
                    set_aside(turn, incoming, row.error)
                elif first:
                    self._begin(turn, incoming)
                else:
                    work_off(turn, incoming)
                first = False
            output = turn.close_up()
            self._keep(turn, output)
            yield _Turned(rows, output)

    def _versions(self) -> set[UUID]:
        needed = set(self.version_of.values())
        for row in self.rows:
            start_with = _incoming(row).start_with
            journal: Mapping[str, Any] = row.journal or {}
            named = (
                start_with,
                journal.get("pinned"),
                journal.get("welcome"),
                journal.get("bot", {}).get("version_id"),
            )
            needed |= {UUID(str(one)) for one in named if one is not None}
        return needed

    def _turn(self, rows: Sequence[InboxEvent], versions: Mapping[UUID, Version], at: datetime) -> _ReplayedTurn:
        journal = rows[0].journal or self.journal
        if journal is None:
            raise CannotReplay("it began before the journal was kept")
        if self.conversation is None or rows[0].journal is not None:
            self._see(journal)
        assert self.conversation is not None
        turn = _ReplayedTurn(
            bot=read_bot(journal, self.original),
            conversation=self.conversation,
            stored=self.stored,
            versions=versions,
            welcome_version_id=UUID(journal["welcome"]) if journal["welcome"] else None,
            grants=self.grants,
            now=at,
        )
        turn.run_ids = self.began
        return turn

    def _see(self, journal: Mapping[str, Any]) -> None:
        """Bot, contact and clock as they were noted; the stack and all else as the replay left them."""
        contact, self.grants = read_contact(journal, self.original.contact)
        was, self.conversation = self.conversation, read_conversation(journal, self.original, contact)
        self.journal = journal
        if was is not None:
            self.conversation.stack, self.conversation.last_event_at = was.stack, was.last_event_at
            self.conversation.attention = was.attention

    def _begin(self, turn: Turn, incoming: Incoming) -> None:
        """The first row: what was there before it is not replayed, only that it began this run."""
        version_id = self.version_of[self.began[incoming.row.id][0]]
        event = incoming.parsed.event
        turn.take_up(incoming.row.id)
        if incoming.parsed.contact is not None:
            turn.know_contact(incoming.parsed.contact)
        turn.last_event_at = turn.now
        replace_runs(StoredChat(turn), event if isinstance(event, Start) else Start(command=False), version_id)

    def _keep(self, turn: Turn, output: Output) -> None:
        conversation = self.conversation
        assert conversation is not None
        conversation.stack, conversation.attention = list(turn.stack), turn.attention
        conversation.last_event_at = turn.last_event_at
        known = turn.contact
        conversation.contact = Contact(
            pk=known.id,
            organization_id=self.original.organization_id,
            bot_id=self.original.bot_id,
            telegram_user_id=known.telegram_user_id,
            channel=known.channel,
            first_name=known.first_name,
            last_name=known.last_name,
            username=known.username,
            language_code=known.language_code,
            variables=dict(known.variables),
            tags=list(known.tags),
        )
        self.grants = known.grants
        for text in output.runs:
            row = json.loads(text)
            if row["state"] is not None:
                self.stored[UUID(row["id"])] = _as_stored(row)


def _in_time(rows: Sequence[InboxEvent]) -> list[InboxEvent]:
    """In the order they were handled in; those of one transaction in the order a drain takes them."""
    ordered: list[InboxEvent] = []
    for _at, together in groupby(sorted(rows, key=lambda row: (_handled_at(row), row.pk)), key=_handled_at):
        group = {row.pk: row for row in together}
        ordered += [group[one.row.id] for one in in_order([_incoming(row) for row in group.values()])]
    return ordered


def _handled_at(row: InboxEvent) -> datetime:
    return row.handled_at or timezone.now()


def _as_stored(row: Mapping[str, Any]) -> StoredRun:
    return StoredRun(
        id=UUID(row["id"]),
        conversation_id=UUID(row["conversation_id"]),
        version_id=UUID(row["version_id"]),
        flow_id=UUID(row["flow_id"]) if row["flow_id"] else None,
        status=row["status"],
        revision=row["revision"],
        started_at=datetime.fromisoformat(row["started_at"]),
        ended_at=datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
        failure=row["failure"],
        owes=row["owes"],
        state_text=json.dumps(row["state"]),
    )


# What is held against what is stored


def _compare(replay: Replay, run: Run, made: _Made) -> None:
    entries = list(TimelineEntry.objects.filter(run_id=run.pk).order_by("id").values(*_TIMELINE))
    replayed = [one for one in made.timeline if one["run_id"] == str(run.pk)]
    keys = {key: one for key, one in made.outbox.items() if key.startswith(f"{run.pk}:")}
    replay.entries, replay.messages, replay.revision = len(entries), len(keys), run.revision
    replay.mismatch = _of_timeline(entries, replayed) or _of_outbox(run, keys) or _of_run(run, made.runs.get(run.pk))


def _of_timeline(stored: Sequence[Mapping[str, Any]], made: Sequence[Mapping[str, Any]]) -> Mismatch | None:
    for place in range(max(len(stored), len(made))):
        was = _plain({name: stored[place][name] for name in _TIMELINE}) if place < len(stored) else None
        now = {name: made[place][name] for name in _TIMELINE} if place < len(made) else None
        if was is None or now is None or not _same(was, now):
            return Mismatch(f"timeline entry {place + 1}", was, now)
    return None


def _of_outbox(run: Run, made: Mapping[str, Mapping[str, Any]]) -> Mismatch | None:
    """Every key that was made then, with its topic and effect; those whose month is gone are not asked for."""
    horizon = timezone.now() - OutboxMessage.partition_retention
    if run.started_at < horizon:
        return None
    rows = OutboxMessage.objects.filter(created_at__gte=run.started_at - SLACK, key__startswith=f"{run.pk}:")
    stored = {row.key: {"topic": row.topic, "effect": row.payload.get("effect")} for row in rows}
    for key in sorted(stored.keys() | made.keys(), key=_place):
        if not _same(stored.get(key), made.get(key)):
            return Mismatch(f"outbox {key}", stored.get(key), made.get(key))
    return None


def _of_run(run: Run, made: Mapping[str, Any] | None) -> Mismatch | None:
    if made is None:
        return Mismatch("run", str(run.pk), None)
    for name in ("revision", "status", "step_id", "owes", "failure", "version_id", "started_at", "ended_at", "state"):
        was = _plain(getattr(run, name))
        if not _same(was, made.get(name)):
            return Mismatch(f"run {name}", was, made.get(name))
    return None


def _place(key: str) -> tuple[int, int]:
    _run, revision, place = key.split(":")
    return int(revision), int(place)


def _plain(value: object) -> Any:
    return json.loads(dump_json(value))


def _same(stored: object, made: object) -> bool:
    """Equal, the same moment written differently included."""
    return _moments(stored) == _moments(made)


def _moments(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _moments(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_moments(item) for item in value]
    if isinstance(value, str) and len(value) > 18 and value[4:5] == "-" and "T" in value[10:11]:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value
