"""One transaction of the drain: claim, read, advance in memory, write in bulk, commit."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from bots.crashpoints import crash_point, register
from bots.ids import uuid7
from bots.outbox.publish import publish
from flows.engine.codec import CorruptState
from flows.models import Conversation
from flows.ports import GrantOwner, grant_names
from flows.runtime import bulk, inbox, metrics
from flows.runtime.flow_events import announcer
from flows.runtime.inbox import Waiting
from flows.runtime.incoming import Incoming, in_order, read_row
from flows.runtime.live import StoredRun, stored_runs
from flows.runtime.locking import claim_conversations
from flows.runtime.output import Output
from flows.runtime.routing import set_aside, work_off
from flows.runtime.snapshots import BotSnapshot, bot_snapshots
from flows.runtime.turn import Turn
from flows.runtime.version_cache import Version, compiled
from flows.runtime.welcome import welcome_versions

ROWS_PER_CONVERSATION: Final = 50

CLAIMED = register("drain.claimed")
ADVANCED = register("drain.advanced")
BETWEEN_WRITES = register("drain.between_writes")
BEFORE_COMMIT = register("drain.before_commit")
AFTER_COMMIT = register("drain.after_commit")

Key = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Failure:
    """A row whose event raised: its conversation stands before it."""

    key: Key
    row_id: UUID
    error: Exception


@dataclass(slots=True)
class Worked:
    """What one transaction did. `missed`: conversations somebody else holds."""

    events: int = 0
    conversations: int = 0
    missed: set[Key] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    output: Output = field(default_factory=Output)


def work(waiting: Sequence[Waiting], *, mark: UUID | None = None) -> Worked:
    """Works off these conversations together. A conversation whose code raises is left out and named; whatever the
    database refuses rolls all of it back and is raised."""
    return _transaction(waiting, mark, _untried)


def work_alone(one: Waiting) -> Worked:
    """Works off one conversation's head alone, so that nobody else suffers from it."""
    return _transaction([one], None, lambda incoming: [row for row in incoming if row.row.id == one.head])


def set_head_aside(one: Waiting, reason: str) -> Worked:
    """Gives up on a conversation's head."""
    return _transaction(
        [one], None, lambda incoming: [row for row in incoming if row.row.id == one.head], aside={one.head: reason}
    )


def _untried(incoming: Sequence[Incoming]) -> Sequence[Incoming]:
    """Up to the first row that was tried before: that one goes alone."""
    for place, one in enumerate(incoming):
        if one.row.attempts:
            return incoming[:place]
    return incoming


def _transaction(
    waiting: Sequence[Waiting],
    mark: UUID | None,
    choose: Callable[[Sequence[Incoming]], Sequence[Incoming]],
    *,
    aside: Mapping[UUID, str] | None = None,
) -> Worked:
    began = time.monotonic()
    worked = Worked()
    with transaction.atomic():
        conversations = _claim(waiting)
        crash_point(CLAIMED)
        held = {(conversation.bot_id, conversation.telegram_user_id) for conversation in conversations}
        worked.missed = {one.key for one in waiting} - held
        if conversations:
            _advance_all(conversations, worked, choose, aside or {})
            crash_point(ADVANCED)
        _write(worked.output, mark)
        crash_point(BEFORE_COMMIT)
    crash_point(AFTER_COMMIT)
    metrics.DRAIN_SECONDS.observe(time.monotonic() - began)
    metrics.CONVERSATIONS.observe(worked.conversations)
    announcer.announce(worked.output.flow_events)
    return worked


def _claim(waiting: Sequence[Waiting]) -> list[Conversation]:
    ids = [one.conversation_id for one in waiting if one.conversation_id is not None]
    missing = [
        {
            "contact_id": uuid7(),
            "conversation_id": uuid7(),
            "organization_id": one.organization_id,
            "bot_id": one.bot_id,
            "telegram_user_id": one.telegram_user_id,
        }
        for one in waiting
        if one.conversation_id is None
    ]
    if missing:
        ids += bulk.insert_missing(missing)
    return claim_conversations(ids) if ids else []


def _advance_all(
    conversations: Sequence[Conversation],
    worked: Worked,
    choose: Callable[[Sequence[Incoming]], Sequence[Incoming]],
    aside: Mapping[UUID, str],
) -> None:
    bots, now = bot_snapshots({conversation.bot_id for conversation in conversations})
    unread = inbox.unread_rows(
        [(conversation.bot_id, conversation.telegram_user_id) for conversation in conversations],
        per_conversation=ROWS_PER_CONVERSATION,
    )
    chosen: dict[Key, Sequence[Incoming]] = {
        key: choose(in_order([read_row(row) for row in rows])) for key, rows in unread.items()
    }
    stored = _stored_runs(conversations, chosen)
    in_welcome_mode = {
        one.bot_id
        for one in conversations
        if one.pinned_version_id is None and bots[one.bot_id].startable_version_id is None
    }
    welcome = welcome_versions(bots[bot_id] for bot_id in in_welcome_mode)
    versions = compiled(_versions_needed(conversations, chosen, stored, bots, welcome))
    grants = _grants(conversations, bots, versions)
    for conversation in conversations:
        key = (conversation.bot_id, conversation.telegram_user_id)
        bot = bots[conversation.bot_id]
        if bot.id in in_welcome_mode and bot.id not in welcome and conversation.pinned_version_id is None:
            # Another transaction is making this welcome version: it is there on the next look.
            worked.missed.add(key)
            continue
        owned = grants.get((bot.organization_id, conversation.telegram_user_id), ())
        turns = Turns(bot, conversation, stored, versions, welcome.get(bot.id), owned, now)
        turns.take(chosen.get(key, ()), worked, aside)


@dataclass(frozen=True, slots=True)
class Turns:
    """Makes a conversation's turn, as often as needed: a row that raises is taken out and the others done again."""

    bot: BotSnapshot
    conversation: Conversation
    stored: Mapping[UUID, StoredRun]
    versions: Mapping[UUID, Version]
    welcome_version_id: UUID | None
    grants: tuple[str, ...]
    now: datetime

    def take(self, incoming: Sequence[Incoming], worked: Worked, aside: Mapping[UUID, str]) -> None:
        """Adds to `worked` what the rows make: all of them, or those before the first that raises."""
        given_up = dict(aside)
        rows = list(incoming)
        while rows:
            turn = self._fresh()
            one = rows[0]
            try:
                for one in rows:
                    self._work_off(turn, one, given_up)
                output = turn.close_up()
            except CorruptState as error:
                # Trying again would read the same: the row is set aside at once.
                given_up[one.row.id] = f"CorruptState: {error}"
                continue
            except Exception as error:  # noqa: BLE001 - one conversation's failure must not stop the others
                worked.failures.append(
                    Failure((self.conversation.bot_id, self.conversation.telegram_user_id), one.row.id, error)
                )
                del rows[rows.index(one) :]
                continue
            worked.output.extend(output)
            worked.events += len(rows)
            worked.conversations += 1
            for done in rows:
                metrics.EVENTS.labels(done.row.source, "set_aside" if done.row.id in given_up else "done").inc()
            return

    def _work_off(self, turn: Turn, one: Incoming, given_up: Mapping[UUID, str]) -> None:
        reason = given_up.get(one.row.id) or one.corrupt
        if reason is None:
            work_off(turn, one)
        else:
            set_aside(turn, one, reason)

    def _fresh(self) -> Turn:
        return Turn(
            bot=self.bot,
            conversation=self.conversation,
            stored=self.stored,
            versions=self.versions,
            welcome_version_id=self.welcome_version_id,
            grants=self.grants,
            now=self.now,
        )


def _stored_runs(
    conversations: Sequence[Conversation], chosen: Mapping[Key, Sequence[Incoming]]
) -> dict[UUID, StoredRun]:
    """The runs on the stacks, and those that events name."""
    ids = {run_id for conversation in conversations for run_id in conversation.stack}
    for incoming in chosen.values():
        for one in incoming:
            ids |= one.named_runs
    return stored_runs(ids) if ids else {}


def _grants(
    conversations: Sequence[Conversation], bots: Mapping[UUID, BotSnapshot], versions: Mapping[UUID, Version]
) -> Mapping[GrantOwner, tuple[str, ...]]:
    """The contacts' open accesses, where a condition may ask for them."""
    if not any(version.flow.asks_grants for version in versions.values()):
        return {}
    return grant_names()([(bots[one.bot_id].organization_id, one.telegram_user_id) for one in conversations])


def _versions_needed(
    conversations: Sequence[Conversation],
    chosen: Mapping[Key, Sequence[Incoming]],
    stored: Mapping[UUID, StoredRun],
    bots: Mapping[UUID, BotSnapshot],
    welcome: Mapping[UUID, UUID],
) -> set[UUID]:
    needed = {run.version_id for run in stored.values()} | set(welcome.values())
    needed |= {bot.startable_version_id for bot in bots.values() if bot.startable_version_id is not None}
    needed |= {one.pinned_version_id for one in conversations if one.pinned_version_id is not None}
    for incoming in chosen.values():
        needed |= {version_id for one in incoming for version_id in one.named_versions}
    return needed


def _write(output: Output, mark: UUID | None) -> None:
    """Every row of every turn, in a handful of statements."""
    bulk.write_runs(output.runs)
    crash_point(BETWEEN_WRITES)
    bulk.write_timers(voids=output.voids, arms=output.arms)
    bulk.write_history(timeline=output.timeline, messages=output.messages, kept_answers=output.kept_answers)
    crash_point(BETWEEN_WRITES)
    publish(output.outbox)
    if output.contacts or output.conversations:
        bulk.write_people(contacts=output.contacts, conversations=output.conversations)
    crash_point(BETWEEN_WRITES)
    inbox.mark_inbox(output.marks, mark=mark)
