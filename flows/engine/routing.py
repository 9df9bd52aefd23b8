"""Which run an event goes to, and what becomes of the stack of runs after it (SPEC 2.3, SPEC 3 "Covered runs").

One set of rules for whoever moves conversations: the drain, which makes rows of what happens, and whoever plays one in
memory. What differs between them stands behind `Chat`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, assert_never
from uuid import UUID

from flows.engine.chat import Chat, Ending, R
from flows.engine.codec import CorruptState
from flows.engine.command_answers import command_effects, money_effects, recall_effects
from flows.engine.commands import builtin_command, commanded_step, keyword_step
from flows.engine.compile import Flow, VersionKind
from flows.engine.effects import AnswerPress, Effect, LinkSaid, Record, Say, TimelineKind
from flows.engine.events import (
    BEGIN_DATA,
    AccessReady,
    AccessRecalled,
    Answered,
    AnswerKind,
    Event,
    MoneyTold,
    OperatorResumed,
    PaymentChanged,
    PaymentStatus,
    Pressed,
    Resumed,
    Start,
    TimerFired,
    VersionMoved,
    names_a_charge,
)
from flows.engine.notices import link_notice, stale_notice, welcome_notice
from flows.engine.on_start import StartDecision, on_start_decision
from flows.engine.precedence import clean_input
from flows.engine.state import State, Status

STEP_MISSING: Final = "step_missing"
TEXT_WITHOUT_RUN: Final = "text_without_run"


def route(chat: Chat[R], event: Event, *, run_id: UUID | None = None, start_with: UUID | None = None) -> str | None:
    """Does what the event asks for; answers why it was ignored, or None. `run_id` is the run that the event names."""
    match event:
        case Start():
            if start_with is not None:
                replace_runs(chat, event, start_with)
                return None
            return _on_start(chat, event)
        case Pressed():
            return _on_press(chat, event)
        case Answered():
            return _on_answer(chat, event)
        case AccessRecalled():
            chat.carry_out(None, list(recall_effects(event, chat.facts, chat.now, lambda id_: _standing(chat, id_))))
            return None
        case MoneyTold():
            chat.carry_out(None, list(money_effects(event, chat.facts, chat.now)))
            return None
        case AccessReady():
            return _on_link(chat, event, run_id)
        case _:
            run = chat.run(run_id) if run_id is not None else chat.top
            return "no_run" if run is None else _on_run(chat, run, event)


def replace_runs(chat: Chat[R], event: Start, version_id: UUID | None = None) -> None:
    """Ends every run of the conversation and begins a new one: of the version asked for, the pinned one (test chats),
    the active flow's newest, or the bot's welcome."""
    for run in chat.live_runs:
        chat.close(run)
    chosen = version_id or chat.pinned_version_id or chat.startable_version_id or chat.welcome_version_id
    assert chosen is not None, "a welcome version is made before the first event is worked off"
    _start(chat, chat.begin(chosen), event)


def resume_top(chat: Chat[R]) -> None:
    """What covered the run on top is gone: it says its step again."""
    top = chat.top
    if top is not None:
        _advance(chat, top, Resumed())


def answer_press(chat: Chat[R], callback_id: str, text: str | None) -> None:
    """Answers a press that no run takes."""
    chat.carry_out(None, [AnswerPress(callback_id, text)])


# What people do


def _on_start(chat: Chat[R], event: Start) -> str | None:
    chat.note_event()
    chat.drop_unreadable()
    owing = [run for run in chat.live_runs if run.state.owes]
    if owing:
        for run in chat.live_runs:
            if not run.state.owes:
                chat.close(run)
    top = chat.top
    if top is None or _outgrown(chat, top):
        replace_runs(chat, event)
        return None
    if not owing and chat.closed_to_new and top.flow.kind is VersionKind.PUBLISHED:
        # Closed to new runs: whoever is inside finishes.
        return _advance(chat, top, event)
    match on_start_decision(top.flow, top.state, chat.now):
        case StartDecision.ABSORB if chat.pinned_version_id is None:
            return "absorbed"
        case StartDecision.RESTART | StartDecision.ABSORB:
            # In a test chat nobody starts twice by accident.
            replace_runs(chat, event)
            return None
        case StartDecision.RESUME | StartDecision.STAY_OWED:
            return _advance(chat, top, event)
        case other:
            assert_never(other)


def _on_press(chat: Chat[R], event: Pressed) -> str | None:
    chat.note_event()
    if event.ref is not None and names_a_charge(event):
        run = chat.run(event.ref.run_id)
        if run is not None:
            return _advance(chat, run, event)
    top = chat.top
    if top is not None and _outgrown(chat, top):
        answer_press(chat, event.callback_id, None)
        replace_runs(chat, Start(command=False))
        return None
    if top is not None:
        return _advance(chat, top, event)
    if event.raw == BEGIN_DATA:
        answer_press(chat, event.callback_id, None)
        replace_runs(chat, Start(command=False))
        return None
    answer_press(chat, event.callback_id, stale_notice(chat.facts))
    return "stale_press"


def _on_answer(chat: Chat[R], event: Answered) -> str | None:
    command = builtin_command(event)
    if command is not None:
        # Nothing else notices: no run moves, and a first word that is a command leaves the flow to the next one.
        chat.carry_out(None, command_effects(command, chat.facts, chat.now))
        return None
    first_ever = chat.note_event()
    begins_at = _triggered(chat, event)
    if begins_at is not None:
        replace_runs(chat, Start(command=False, step_id=begins_at))
        return None
    top = chat.top
    if top is not None and not _outgrown(chat, top):
        return _advance(chat, top, event)
    if top is not None or first_ever:
        replace_runs(chat, Start(command=False))
        return None
    _welcome(chat)
    chat.needs_team(TEXT_WITHOUT_RUN)
    return None


def _triggered(chat: Chat[R], event: Answered) -> str | None:
    """The step at which a trigger begins the flow anew. Whoever is inside follows the triggers of their own version;
    a command that only the newer one knows takes them there, unless something is owed to them."""
    flow = chat.flow_to_begin
    if flow is None or event.kind is not AnswerKind.TEXT:
        return None
    text, top = clean_input(event.text), chat.top
    if top is None or _outgrown(chat, top):
        return commanded_step(flow, text) or keyword_step(flow, text)
    step_id = None if top.flow.version_id == flow.version_id else commanded_step(flow, text)
    if step_id is None or commanded_step(top.flow, text) is not None:
        return None
    return None if any(run.state.owes for run in chat.live_runs) else step_id


def _standing(chat: Chat[R], run_id: UUID) -> tuple[Flow, State] | None:
    """A run of this conversation that can be read."""
    try:
        run = chat.run(run_id)
    except CorruptState:
        return None
    return (run.flow, run.state) if run is not None else None


# What happens to a run


def _on_run(chat: Chat[R], run: R, event: Event) -> str | None:
    """An event that names its run; a covered run's timers are held until it is on top again."""
    if isinstance(event, TimerFired):
        if run.id not in chat.stack:
            return "run_over"
        if run.id != chat.stack[-1]:
            chat.hold(run, event)
            return "held"
    if isinstance(event, VersionMoved):
        if run.id not in chat.stack:
            return "run_over"
        event = replace(event, covered=run.id != chat.stack[-1])
    return _advance(chat, run, event)


def _on_link(chat: Chat[R], event: AccessReady, run_id: UUID | None) -> str | None:
    """The way into a chat is said in any case: by the run that asked for it, or beside any where that is over."""
    run = chat.run(run_id) if run_id is not None and run_id in chat.stack else None
    if run is not None:
        return _advance(chat, run, event)
    chat.carry_out(None, [Say(link_notice(chat.facts, event.link, chat.now)), LinkSaid(event.grant_id)])
    return None


def _advance(chat: Chat[R], run: R, event: Event) -> str | None:
    """Through the engine, then the stack is put right: the run may have ended, or come back because it was paid."""
    before = run.state
    effects = chat.advance(run, event)
    if run.state is before:
        return "not_awaited"
    chat.carry_out(run, effects)
    ending = Ending.CLOSED if _closes(effects) else Ending.ENDED
    _settle(chat, run, reopened=_comes_on_top(event, before, run), spoke=_speaks(effects), ending=ending)
    return None


def _settle(chat: Chat[R], run: R, *, reopened: bool, spoke: bool, ending: Ending = Ending.ENDED) -> None:
    """Until the run on top waits: pops what is over, says again what comes up, restarts what was lost."""
    while True:
        was_on_top = bool(chat.stack) and chat.stack[-1] == run.id
        match run.state.status:
            case Status.WAITING | Status.NEW:
                if run.id not in chat.stack or (reopened and not was_on_top):
                    chat.reopen(run)
                return
            case Status.ENDED:
                chat.finish(run, ending)
            case Status.FAILED:
                chat.finish(run, Ending.FAILED, failure=run.state.failure or "")
            case Status.LOST:
                chat.finish(run, Ending.FAILED, failure=STEP_MISSING)
                if not chat.stack:
                    _restart(chat, run)
                    return
            case other:
                assert_never(other)
        top = chat.top
        if top is None or not (was_on_top or spoke):
            return
        chat.carry_out(top, chat.advance(top, Resumed()))
        run, reopened, spoke, ending = top, False, False, Ending.ENDED


def _restart(chat: Chat[R], lost: R) -> None:
    """The flow once more from its start, if it is on; a second time would only be lost again."""
    version_id = chat.startable_version_id
    if version_id is not None and lost.state.restarts == 0:
        _start(chat, chat.begin(version_id, restarts=1), Start(command=False))
    else:
        _welcome(chat)


def _start(chat: Chat[R], run: R, event: Start) -> None:
    chat.carry_out(run, chat.advance(run, event))
    _settle(chat, run, reopened=False, spoke=False)


def _outgrown(chat: Chat[R], run: R) -> bool:
    """A welcome run while a flow is on: the next event ends it. Not one that is owed something."""
    return (
        run.flow.kind is VersionKind.WELCOME
        and chat.startable_version_id is not None
        and chat.pinned_version_id is None
        and not run.state.owes
    )


def _comes_on_top(event: Event, before: State, run: R) -> bool:
    """Only money or the team brings a run back on top, and only if it went on because of it."""
    if run.state.wait == before.wait:
        return False
    match event:
        case PaymentChanged(status=status):
            return status is PaymentStatus.PAID
        case OperatorResumed():
            return True
        case _:
            return False


def _closes(effects: Sequence[Effect]) -> bool:
    """Whether the team ended the run: by hand, or with the version it was in."""
    return any(isinstance(effect, Record) and effect.kind is TimelineKind.CLOSED for effect in effects)


def _speaks(effects: Sequence[Effect]) -> bool:
    return any(isinstance(effect, Say) for effect in effects)


def _welcome(chat: Chat[R]) -> None:
    chat.carry_out(None, [Say(welcome_notice(chat.facts, chat.welcome_message, chat.now))])
