"""One conversation inside one drain: its runs in memory, and the rows its events make."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bots.ids import uuid7
from bots.storable import dump_json
from flows.engine.advance import advance
from flows.engine.codec import CorruptState, dump_state
from flows.engine.effects import Effect, KeepAnswer, SetContact
from flows.engine.events import Event, VersionMoved
from flows.engine.state import ContactFacts as FactsOfContact
from flows.engine.state import Facts, Status, new_state
from flows.models import Conversation, Direction, InboxState, RunStatus
from flows.ports import ContactFacts
from flows.runtime.journal import digest_of, journal_of
from flows.runtime.live import KnownContact, LiveRun, StoredRun
from flows.runtime.output import Output
from flows.runtime.snapshots import BotSnapshot
from flows.runtime.version_cache import Version

SEED_MASK = (1 << 62) - 1
# What an update may tell of a person, and how much of it a column holds.
CONTACT_FIELDS = (("first_name", 256), ("last_name", 256), ("username", 64), ("language_code", 35))


class Turn:
    """Everything known of one conversation while its rows are worked off, one after the other."""

    def __init__(
        self,
        *,
        bot: BotSnapshot,
        conversation: Conversation,
        stored: Mapping[UUID, StoredRun],
        versions: Mapping[UUID, Version],
        welcome_version_id: UUID | None,
        grants: tuple[str, ...],
        now: datetime,
    ) -> None:
        offset = conversation.clock_offset or timedelta()
        self.bot = bot
        self.conversation = conversation
        self.contact = KnownContact.of(conversation.contact, grants)
        self.versions = versions
        self.welcome_version_id = welcome_version_id
        self.clock_offset = offset
        self.now = now + offset
        self.output = Output()
        self.stack: list[UUID] = list(conversation.stack)
        self.attention = conversation.attention
        self.last_event_at = conversation.last_event_at
        self.arms: list[tuple[UUID, str, dict[str, Any]]] = []
        # The row being worked off, and how many effects it made outside any run.
        self.row_id: UUID | None = None
        self.effects_outside = 0
        self._known = conversation.journal_digest
        self._journal = ""
        self._has_begun = False
        # The line of the transcript that the row being worked off made.
        self.heard_id: UUID | None = None
        self._stored = stored
        self._runs: dict[UUID, LiveRun] = {}
        self._facts: Facts | None = None
        self._contact_changed = False

    def take_up(self, row_id: UUID) -> None:
        """The next row: what is known now is what a replay of it must know."""
        self.row_id, self.effects_outside, self._has_begun = row_id, 0, False
        if not self._journal or self._contact_changed:
            self._journal = self._journal_now()

    # What is known

    @property
    def facts(self) -> Facts:
        """What texts and conditions may see, as of this event."""
        if self._facts is None:
            contact = self.contact
            self._facts = self.bot.engine_facts(
                FactsOfContact(
                    chat_id=contact.telegram_user_id,
                    first_name=contact.first_name,
                    last_name=contact.last_name,
                    username=contact.username,
                    variables=contact.variables,
                    tags=contact.tags,
                    grants=contact.grants,
                ),
                language_code=contact.language_code,
            )
        return self._facts

    def run(self, run_id: UUID) -> LiveRun | None:
        """A run of this conversation, read on first use; raises `CorruptState` when its state cannot be."""
        live = self._runs.get(run_id)
        if live is None:
            row = self._stored.get(run_id)
            if row is None or row.conversation_id != self.conversation.id:
                return None
            live = self._runs[run_id] = LiveRun.stored(row, self.versions[row.version_id].flow, self.facts)
        return live

    def is_unreadable(self, run_id: UUID) -> bool:
        """Whether this conversation has the run, with a state that cannot be read."""
        try:
            self.run(run_id)
        except CorruptState:
            return True
        return False

    def stored_run(self, run_id: UUID) -> StoredRun | None:
        """The row of a run, without reading its state."""
        return self._stored.get(run_id)

    @property
    def top(self) -> LiveRun | None:
        return self.run(self.stack[-1]) if self.stack else None

    # What changes

    def know_contact(self, seen: ContactFacts) -> None:
        """Keeps what an update tells of the person."""
        for name, length in CONTACT_FIELDS:
            value = getattr(seen, name)[:length]
            if getattr(self.contact, name) != value:
                setattr(self.contact, name, value)
                self._contact_changed = True
                self._facts = None

    def set_contact(self, effect: SetContact) -> None:
        """Variables and tags that a run changed."""
        self.contact.take(effect)
        self._contact_changed = True
        self._facts = None

    def unblock(self) -> None:
        """Whoever writes or presses has not blocked the bot."""
        if self.contact.blocked_at is not None:
            self.contact.blocked_at = None
            self._contact_changed = True

    def begin(self, version_id: UUID, *, restarts: int = 0) -> LiveRun:
        """A new run on top of the stack; it has not been started yet."""
        run_id = self.new_run_id()
        self._has_begun = True
        state = new_state(
            run_id=run_id,
            version_id=version_id,
            facts=self.facts,
            seed=run_id.int & SEED_MASK,
            now=self.now,
            restarts=restarts,
        )
        # The keyboard a run before this one asked with is open in the same chat.
        open_still = next((one.state.asking for one in self._runs.values() if one.state.asking is not None), None)
        version = self.versions[version_id]
        run = LiveRun(run_id, version.flow, version.flow_id, replace(state, asking=open_still), before=None)
        self._runs[run_id] = run
        self.stack.append(run_id)
        return run

    def new_run_id(self) -> UUID:
        """An id that nobody has; a replay gives the one the run had."""
        return uuid7()

    def advance(self, run: LiveRun, event: Event) -> tuple[Effect, ...]:
        """One event through the engine, with fresh facts. Nothing is written yet."""
        before = run.state.with_facts(self.facts)
        onto = self.versions[event.version_id].flow if isinstance(event, VersionMoved) else None
        state, effects = advance(run.flow, before, event, self.now, onto=onto)
        if state is not before:
            run.state = state
            run.changed = True
            if onto is not None and state.version_id == onto.version_id:
                run.flow = onto
        return effects

    def finish(self, run: LiveRun, status: RunStatus, *, failure: str = "") -> None:
        """Takes a run off the stack for good, unless money reopens it. What was over already keeps how it ended."""
        if run.status is RunStatus.ACTIVE or (status is not RunStatus.ENDED and status is not run.status):
            run.status, run.ended_at, run.failure, run.changed = status, self.now, failure[:500], True
        if run.id in self.stack:
            self.stack.remove(run.id)

    def close(self, run: LiveRun) -> None:
        """Ends a run from outside: another took its place."""
        if run.state.status is not Status.ENDED:
            run.state = replace(run.state, status=Status.ENDED, revision=run.state.revision + 1)
        self.void_timers(run.id, None)
        self.finish(run, RunStatus.CLOSED)

    def reopen(self, run: LiveRun) -> None:
        """Puts a run on top, an ended one or a covered one."""
        if run.id in self.stack:
            self.stack.remove(run.id)
        self.stack.append(run.id)
        run.status, run.ended_at, run.failure = RunStatus.ACTIVE, None, ""

    def discard(self, row: StoredRun, status: RunStatus = RunStatus.FAILED) -> None:
        """Takes a run whose state cannot be read off the stack; its row keeps the state as it is, for repair."""
        if row.id in self.stack:
            self.stack.remove(row.id)
        self.void_timers(row.id, None)
        self.output.runs.append(
            dump_json(
                self._run_row(row.id, row.flow_id, row.version_id)
                | {
                    "status": status.value,
                    "before": row.revision,
                    "revision": row.revision + 1,
                    "owes": row.owes,
                    "started_at": row.started_at,
                    "ended_at": self.now,
                    "failure": "corrupt_state" if status is RunStatus.FAILED else row.failure,
                    "parked": "",
                    "state": None,
                }
            )
        )

    def void_timers(self, run_id: UUID, kind: str | None) -> None:
        self.arms = [armed for armed in self.arms if not (armed[0] == run_id and (kind is None or armed[1] == kind))]
        self.output.voids.append(dump_json({"run_id": run_id, "kind": kind}))

    def arm_timer(self, run_id: UUID, *, kind: str, wait: int, visit: int | None, due_at: datetime) -> None:
        """`due_at` is on the conversation's clock, which runs ahead in a test chat."""
        row = {
            "id": uuid7(),
            "organization_id": self.bot.organization_id,
            "conversation_id": self.conversation.id,
            "run_id": run_id,
            "kind": kind,
            "wait": wait,
            "visit": visit,
            "due_at": due_at - self.clock_offset,
        }
        self.arms.append((run_id, kind, row))

    def heard(self, text: str, *, run_id: UUID | None, message_id: int | None, payload: dict[str, Any]) -> None:
        """A line of the transcript from the contact."""
        self.heard_id = uuid7()
        self.output.messages.append(
            dump_json(
                self._message_row(self.heard_id, run_id)
                | {
                    "direction": Direction.IN.value,
                    "text": text,
                    "payload": payload,
                    "telegram_message_id": message_id,
                }
            )
        )

    def said(self, text: str, *, message_id: UUID, run_id: UUID | None, payload: Mapping[str, object]) -> None:
        """A line of the transcript to the contact; it has the id of its outbox row."""
        self.output.messages.append(
            dump_json(
                self._message_row(message_id, run_id)
                | {
                    "direction": Direction.OUT.value,
                    "text": text,
                    "payload": payload,
                    "telegram_message_id": None,
                }
            )
        )

    def keep_answer(self, run_id: UUID, effect: KeepAnswer) -> None:
        """Where the answer lies that was just heard, and until when; in real days, also in a test chat."""
        days = effect.retention_days
        self.output.kept_answers.append(
            dump_json(
                {
                    "id": uuid7(),
                    "organization_id": self.bot.organization_id,
                    "conversation_id": self.conversation.id,
                    "run_id": run_id,
                    "step_id": effect.step_id,
                    "variable": effect.variable or "",
                    "purpose": effect.purpose,
                    "accepted": effect.accepted,
                    "inbox_event_id": self.row_id,
                    "message_id": self.heard_id,
                    "answered_at": self.now,
                    "due_at": self.now - self.clock_offset + timedelta(days=days) if days is not None else None,
                }
            )
        )

    def mark(self, row_id: UUID, state: InboxState, error: str = "") -> None:
        digest = digest_of(self._journal)
        journal = self._journal if self._has_begun or digest != self._known else None
        self._known = digest_of(self._journal_now()) if self._contact_changed else digest
        at = self.now - self.clock_offset
        self.output.marks.append(
            dump_json({"id": row_id, "state": state.value, "error": error[:500], "at": at, "journal": journal})
        )

    # The rows of what changed

    def close_up(self) -> Output:
        """The rows of everything that changed; the last call on a turn."""
        for run in self._runs.values():
            if run.changed:
                self.output.runs.append(self._dump_run(run))
        self.output.arms += [dump_json(row) for _, _, row in self.arms]
        if self._contact_changed:
            self.output.contacts.append(self._dump_contact())
        conversation = self.conversation
        if (
            self.stack != conversation.stack
            or self._known != conversation.journal_digest
            or self.attention != conversation.attention
            or self.last_event_at != conversation.last_event_at
        ):
            self.output.conversations.append(self._dump_conversation())
        return self.output

    def _journal_now(self) -> str:
        return journal_of(self.bot, self.contact, self.conversation, self.welcome_version_id)

    def _run_row(self, run_id: UUID, flow_id: UUID | None, version_id: UUID) -> dict[str, Any]:
        return {
            "id": run_id,
            "organization_id": self.bot.organization_id,
            "conversation_id": self.conversation.id,
            "contact_id": self.contact.id,
            "bot_id": self.bot.id,
            "flow_id": flow_id,
            "version_id": version_id,
        }

    def _dump_run(self, run: LiveRun) -> str:
        state = run.state
        return dump_json(
            self._run_row(run.id, run.flow_id, run.flow.version_id)
            | {
                "status": run.status.value,
                "before": run.before,
                "revision": state.revision,
                "step_id": state.place,
                "entered_at": state.entered_at,
                "state": dump_state(state),
                "owes": state.owes,
                "started_at": run.started_at,
                "ended_at": run.ended_at,
                "failure": run.failure,
                "parked": state.parked if run.status is RunStatus.ACTIVE else "",
            }
        )

    def _message_row(self, message_id: UUID, run_id: UUID | None) -> dict[str, Any]:
        return {
            "id": message_id,
            "organization_id": self.bot.organization_id,
            "bot_id": self.bot.id,
            "conversation_id": self.conversation.id,
            "run_id": run_id if run_id else None,
            "at": self.now,
        }

    def _dump_contact(self) -> str:
        contact, change = self.contact, self.contact.change
        return dump_json(
            {
                "id": contact.id,
                "first_name": contact.first_name,
                "last_name": contact.last_name,
                "username": contact.username,
                "language_code": contact.language_code,
                "blocked_at": contact.blocked_at,
                "variables": change.variables,
                "cleared": sorted(change.cleared),
                "add_tags": list(change.add_tags),
                "remove_tags": list(change.remove_tags),
            }
        )

    def _dump_conversation(self) -> str:
        return dump_json(
            {
                "id": self.conversation.id,
                "stack": self.stack,
                "top_run_id": self.stack[-1] if self.stack else None,
                "attention": self.attention,
                "last_event_at": self.last_event_at,
                "journal_digest": self._known,
            }
        )
