"""Inbox rows through routing: the engine's decisions on one conversation, carried out as a turn's rows."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bots.models import Channel
from flows.engine.chat import Chat, Ending
from flows.engine.compile import Flow
from flows.engine.effects import AttentionReason, Effect, OutMessage, Say, TimelineKind
from flows.engine.events import Answered, Event, OperatorClosed, Pressed, Start, TimerFired, VariablesSet
from flows.engine.notices import failure_notice, stale_notice
from flows.engine.routing import answer_press, resume_top, route
from flows.engine.state import Facts
from flows.models import InboxSource, InboxState, RunStatus
from flows.runtime.effects import SET_ASIDE, log, raise_attention, record, write_effect_outside, write_effects
from flows.runtime.incoming import Incoming
from flows.runtime.live import LiveRun
from flows.runtime.transcript import hear
from flows.runtime.turn import Turn

CORRUPT_STATE = "corrupt_state"
NO_VERSION = UUID(int=0)
_FROM_THE_CONTACT = (InboxSource.TELEGRAM, InboxSource.SIMULATOR)
NOT_A_TEST_CHAT = "not_a_test_chat"
CLOSE_REFUSED = AttentionReason.CLOSE_REFUSED.value


class StoredChat(Chat[LiveRun]):
    """A turn as routing sees it: what is decided becomes its rows."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn

    @property
    def now(self) -> datetime:
        return self.turn.now

    @property
    def facts(self) -> Facts:
        return self.turn.facts

    @property
    def stack(self) -> list[UUID]:
        return self.turn.stack

    @property
    def welcome_message(self) -> str:
        return self.turn.bot.welcome_message

    @property
    def closed_to_new(self) -> bool:
        return self.turn.bot.flow_closed

    @property
    def startable_version_id(self) -> UUID | None:
        return self.turn.bot.startable_version_id

    @property
    def pinned_version_id(self) -> UUID | None:
        return self.turn.conversation.pinned_version_id

    @property
    def welcome_version_id(self) -> UUID | None:
        return self.turn.welcome_version_id

    @property
    def flow_to_begin(self) -> Flow | None:
        version = self.turn.versions.get(self.pinned_version_id or self.startable_version_id or NO_VERSION)
        return version.flow if version is not None else None

    def note_event(self) -> bool:
        is_first = self.turn.last_event_at is None
        self.turn.last_event_at = self.turn.now
        return is_first

    def run(self, run_id: UUID) -> LiveRun | None:
        return self.turn.run(run_id)

    def begin(self, version_id: UUID, *, restarts: int = 0) -> LiveRun:
        return self.turn.begin(version_id, restarts=restarts)

    def advance(self, run: LiveRun, event: Event) -> tuple[Effect, ...]:
        return self.turn.advance(run, event)

    def carry_out(self, run: LiveRun | None, effects: Sequence[Effect]) -> None:
        if run is not None:
            write_effects(self.turn, run, effects)
            return
        for effect in effects:
            write_effect_outside(self.turn, effect)

    def finish(self, run: LiveRun, ending: Ending, *, failure: str = "") -> None:
        self.turn.finish(run, RunStatus(ending.value), failure=failure)

    def close(self, run: LiveRun) -> None:
        self.turn.close(run)

    def reopen(self, run: LiveRun) -> None:
        self.turn.reopen(run)

    def hold(self, run: LiveRun, timer: TimerFired) -> None:
        self.turn.arm_timer(run.id, kind=timer.kind.value, wait=timer.wait, visit=timer.visit, due_at=self.turn.now)

    def needs_team(self, reason: str) -> None:
        raise_attention(self.turn, reason, run_id=None)

    def drop_unreadable(self) -> None:
        """`/start` gets a contact out of a run whose state cannot be read; the row stays as it is, failed."""
        turn = self.turn
        for run_id in list(turn.stack):
            if turn.is_unreadable(run_id):
                row = turn.stored_run(run_id)
                assert row is not None
                turn.discard(row)
                raise_attention(turn, CORRUPT_STATE, run_id=run_id)


def work_off(turn: Turn, incoming: Incoming) -> None:
    """One inbox row: routes its event and marks it. Raises what the engine's state or our own code raises."""
    turn.take_up(incoming.row.id)
    parsed = incoming.parsed
    if parsed.contact is not None:
        turn.know_contact(parsed.contact)
    if parsed.event is None:
        if parsed.wants_answer is not None:
            answer_press(StoredChat(turn), parsed.wants_answer, stale_notice(turn.facts))
        turn.mark(incoming.row.id, InboxState.IGNORED, parsed.ignored or "")
        return
    ignored = _route(turn, incoming, parsed.event)
    if ignored is None:
        turn.mark(incoming.row.id, InboxState.DONE)
    else:
        turn.mark(incoming.row.id, InboxState.IGNORED, ignored)


def set_aside(turn: Turn, incoming: Incoming, reason: str) -> None:
    """Gives up on a row: visible, alarmed, told to the contact; the conversation goes on with its next one."""
    turn.take_up(incoming.row.id)
    turn.mark(incoming.row.id, InboxState.SET_ASIDE, reason)
    if incoming.parsed.wants_answer is not None:
        answer_press(StoredChat(turn), incoming.parsed.wants_answer, None)
    write_effect_outside(turn, Say(failure_notice(turn.facts, turn.now)))
    raise_attention(turn, SET_ASIDE, run_id=turn.stack[-1] if turn.stack else None)
    run_id = incoming.row.run_id or (turn.stack[-1] if turn.stack else None)
    data = {"source": incoming.row.source, "error": reason[:200]}
    if run_id is not None and turn.stored_run(run_id) is not None:
        record(turn, run_id, SET_ASIDE, None, data)
    else:
        log(turn, SET_ASIDE, run_id=run_id, step_id=None, data=data)
    turn.output.alarms.append({"inbox_event_id": str(incoming.row.id), "bot_id": str(turn.bot.id), **data})


def _route(turn: Turn, incoming: Incoming, event: Event) -> str | None:
    """Does what the event asks for; answers why it was ignored, or None."""
    run_id = incoming.row.run_id
    if isinstance(event, Start | Answered | Pressed):
        # What the contact did is part of the transcript; whoever does something has not blocked the bot.
        if incoming.row.source in _FROM_THE_CONTACT:
            turn.unblock()
        hear(turn, event)
    elif isinstance(event, OperatorClosed) and run_id is not None and turn.is_unreadable(run_id):
        return _close_unreadable(turn, run_id, event)
    elif isinstance(event, VariablesSet) and turn.contact.channel != Channel.SIMULATOR:
        return NOT_A_TEST_CHAT
    return route(StoredChat(turn), event, run_id=run_id, start_with=incoming.start_with)


def _close_unreadable(turn: Turn, run_id: UUID, event: OperatorClosed) -> str | None:
    """The team ends a run whose state cannot be read: without the engine, which could not look at it."""
    row = turn.stored_run(run_id)
    assert row is not None
    if row.status == RunStatus.CLOSED:
        return "run_over"
    if row.owes and not event.despite_owing:
        raise_attention(turn, CLOSE_REFUSED, run_id=run_id)
        return CLOSE_REFUSED
    if event.message:
        write_effect_outside(turn, Say(OutMessage(event.message)))
    was_on_top = turn.stack[-1:] == [run_id]
    turn.discard(row, RunStatus.CLOSED)
    record(turn, run_id, TimelineKind.CLOSED.value, None, {"owed": row.owes})
    if was_on_top and turn.stack and not turn.is_unreadable(turn.stack[-1]):
        resume_top(StoredChat(turn))
    return None
