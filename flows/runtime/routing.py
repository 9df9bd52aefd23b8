"""Which run an event goes to, and what becomes of the stack of runs after it (SPEC 2.3, SPEC 3 "Covered runs")."""

from typing import assert_never
from uuid import UUID

from flows.engine.codec import CorruptState
from flows.engine.compile import VersionKind
from flows.engine.effects import AnswerPress, Effect, Say
from flows.engine.events import (
    BEGIN_DATA,
    Answered,
    Event,
    PaymentChanged,
    PaymentStatus,
    Pressed,
    Resumed,
    Start,
    TimerFired,
    names_a_charge,
)
from flows.engine.notices import failure_notice, stale_notice, welcome_notice
from flows.engine.on_start import StartDecision, on_start_decision
from flows.engine.state import Status
from flows.models import InboxState, RunStatus
from flows.runtime.effects import log, raise_attention, record, write_effect_outside, write_effects
from flows.runtime.incoming import Incoming
from flows.runtime.live import LiveRun
from flows.runtime.transcript import hear
from flows.runtime.turn import Turn

STEP_MISSING = "step_missing"
CORRUPT_STATE = "corrupt_state"
SET_ASIDE = "set_aside"


def work_off(turn: Turn, incoming: Incoming) -> None:
    """One inbox row: routes its event and marks it. Raises what the engine's state or our own code raises."""
    turn.row_id, turn.effects_outside = incoming.row.id, 0
    parsed = incoming.parsed
    if parsed.contact is not None:
        turn.know_contact(parsed.contact)
    if parsed.event is None:
        if parsed.wants_answer is not None:
            _answer(turn, parsed.wants_answer, stale_notice(turn.facts))
        turn.mark(incoming.row.id, InboxState.IGNORED, parsed.ignored or "")
        return
    ignored = _route(turn, incoming, parsed.event)
    if ignored is None:
        turn.mark(incoming.row.id, InboxState.DONE)
    else:
        turn.mark(incoming.row.id, InboxState.IGNORED, ignored)


def set_aside(turn: Turn, incoming: Incoming, reason: str) -> None:
    """Gives up on a row: visible, alarmed, told to the contact; the conversation goes on with its next one."""
    turn.row_id, turn.effects_outside = incoming.row.id, 0
    turn.mark(incoming.row.id, InboxState.SET_ASIDE, reason)
    if incoming.parsed.wants_answer is not None:
        _answer(turn, incoming.parsed.wants_answer, None)
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
    match event:
        case Start():
            _personal(turn, event)
            if incoming.start_with is not None:
                _replace(turn, event, incoming.start_with)
                return None
            return _on_start(turn, event)
        case Pressed():
            _personal(turn, event)
            return _on_press(turn, event)
        case Answered():
            _personal(turn, event)
            return _on_answer(turn, event)
        case _:
            run_id = incoming.row.run_id
            run = turn.run(run_id) if run_id is not None else turn.top
            if run is None:
                return "no_run"
            return _on_run(turn, run, event)


def _personal(turn: Turn, event: Start | Answered | Pressed) -> None:
    """The contact did something: not blocked any more, and part of the transcript."""
    turn.unblock()
    hear(turn, event)


# What people do


def _on_start(turn: Turn, event: Start) -> str | None:
    turn.last_event_at = turn.now
    _drop_unreadable(turn)
    owing = [run for run in _runs_on_stack(turn) if run.state.owes]
    if owing:
        for run in _runs_on_stack(turn):
            if not run.state.owes:
                turn.close(run)
    top = turn.top
    if top is None or _outgrown(turn, top):
        _replace(turn, event)
        return None
    if not owing and turn.bot.flow_closed and top.flow.kind is VersionKind.PUBLISHED:
        # Closed to new runs: whoever is inside finishes.
        return _advance(turn, top, event)
    match on_start_decision(top.flow, top.state, turn.now):
        case StartDecision.ABSORB if turn.conversation.pinned_version_id is None:
            return "absorbed"
        case StartDecision.RESTART | StartDecision.ABSORB:
            # In a test chat nobody starts twice by accident.
            _replace(turn, event)
            return None
        case StartDecision.RESUME | StartDecision.STAY_OWED:
            return _advance(turn, top, event)
        case other:
            assert_never(other)


def _on_press(turn: Turn, event: Pressed) -> str | None:
    turn.last_event_at = turn.now
    if event.ref is not None and names_a_charge(event):
        run = turn.run(event.ref.run_id)
        if run is not None:
            return _advance(turn, run, event)
    top = turn.top
    if top is not None and _outgrown(turn, top):
        _answer(turn, event.callback_id, None)
        _replace(turn, Start(command=False))
        return None
    if top is not None:
        return _advance(turn, top, event)
    if event.raw == BEGIN_DATA:
        _answer(turn, event.callback_id, None)
        _replace(turn, Start(command=False))
        return None
    _answer(turn, event.callback_id, stale_notice(turn.facts))
    return "stale_press"


def _on_answer(turn: Turn, event: Answered) -> str | None:
    turn.last_event_at, first_ever = turn.now, turn.last_event_at is None
    top = turn.top
    if top is not None and not _outgrown(turn, top):
        return _advance(turn, top, event)
    if top is not None or first_ever:
        _replace(turn, Start(command=False))
        return None
    _welcome(turn)
    raise_attention(turn, "text_without_run", run_id=None)
    return None


# What happens to a run


def _on_run(turn: Turn, run: LiveRun, event: Event) -> str | None:
    """An event that names its run; a covered run's timers are held until it is on top again."""
    if isinstance(event, TimerFired):
        if run.id not in turn.stack:
            return "run_over"
        if run.id != turn.stack[-1]:
            turn.arm_timer(run.id, kind=event.kind.value, wait=event.wait, visit=event.visit, due_at=turn.now)
            return "held"
    return _advance(turn, run, event)


def _advance(turn: Turn, run: LiveRun, event: Event) -> str | None:
    """Through the engine, then the stack is put right: the run may have ended, or come back because it was paid."""
    before = run.state
    effects = turn.advance(run, event)
    if run.state is before:
        return "not_awaited"
    write_effects(turn, run, effects)
    _settle(turn, run, reopened=_took_paid_exit(event, before.wait, run), spoke=_speaks(effects))
    return None


def _settle(turn: Turn, run: LiveRun, *, reopened: bool, spoke: bool) -> None:
    """Until the run on top waits: pops what is over, says again what comes up, restarts what was lost."""
    while True:
        was_on_top = bool(turn.stack) and turn.stack[-1] == run.id
        match run.state.status:
            case Status.WAITING | Status.NEW:
                if run.id not in turn.stack or (reopened and not was_on_top):
                    turn.reopen(run)
                return
            case Status.ENDED:
                turn.finish(run, RunStatus.ENDED)
            case Status.FAILED:
                turn.finish(run, RunStatus.FAILED, failure=run.state.failure or "")
            case Status.LOST:
                turn.finish(run, RunStatus.FAILED, failure=STEP_MISSING)
                if not turn.stack:
                    _restart(turn, run)
                    return
            case other:
                assert_never(other)
        top = turn.top
        if top is None or not (was_on_top or spoke):
            return
        effects = turn.advance(top, Resumed())
        write_effects(turn, top, effects)
        run, reopened, spoke = top, False, False


def _restart(turn: Turn, lost: LiveRun) -> None:
    """The flow once more from its start, if it is on; a second time would only be lost again."""
    version_id = turn.bot.startable_version_id
    if version_id is not None and lost.state.restarts == 0:
        _start(turn, turn.begin(version_id, restarts=1), Start(command=False))
    else:
        _welcome(turn)


def _replace(turn: Turn, event: Start, version_id: UUID | None = None) -> None:
    """Ends every run of the conversation and begins a new one: of the version asked for, the pinned one (test chats),
    the active flow's newest, or the bot's welcome."""
    for run in _runs_on_stack(turn):
        turn.close(run)
    bot = turn.bot
    chosen = version_id or turn.conversation.pinned_version_id or bot.startable_version_id or turn.welcome_version_id
    assert chosen is not None, "a welcome version is made before the first event is worked off"
    _start(turn, turn.begin(chosen), event)


def _start(turn: Turn, run: LiveRun, event: Start) -> None:
    effects = turn.advance(run, event)
    write_effects(turn, run, effects)
    _settle(turn, run, reopened=False, spoke=False)


def _drop_unreadable(turn: Turn) -> None:
    """`/start` gets a contact out of a run whose state cannot be read; the row stays as it is, failed."""
    for run_id in list(turn.stack):
        try:
            turn.run(run_id)
        except CorruptState:
            row = turn.stored_run(run_id)
            assert row is not None
            turn.discard(row)
            raise_attention(turn, CORRUPT_STATE, run_id=run_id)


def _runs_on_stack(turn: Turn) -> list[LiveRun]:
    return [run for run in map(turn.run, list(turn.stack)) if run is not None]


def _outgrown(turn: Turn, run: LiveRun) -> bool:
    """A welcome run while a flow is on: the next event ends it. Not one that is owed something."""
    return (
        run.flow.kind is VersionKind.WELCOME
        and turn.bot.startable_version_id is not None
        and turn.conversation.pinned_version_id is None
        and not run.state.owes
    )


def _took_paid_exit(event: Event, wait_before: int, run: LiveRun) -> bool:
    """Only money brings a run back on top, and only if it went on because of it."""
    return isinstance(event, PaymentChanged) and event.status is PaymentStatus.PAID and run.state.wait != wait_before


def _speaks(effects: tuple[Effect, ...]) -> bool:
    return any(isinstance(effect, Say) for effect in effects)


def _welcome(turn: Turn) -> None:
    write_effect_outside(turn, Say(welcome_notice(turn.facts, turn.bot.welcome_message, turn.now)))


def _answer(turn: Turn, callback_id: str, text: str | None) -> None:
    write_effect_outside(turn, AnswerPress(callback_id, text))
