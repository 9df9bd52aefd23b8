"""`advance`: one event, one run, from wait to wait."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never
from uuid import UUID

from flows.engine import limits
from flows.engine.charges import on_changed, on_checked, on_coupon_refused, on_failed, on_ready
from flows.engine.commands import commanded_step
from flows.engine.compile import Flow
from flows.engine.effects import AnswerPress, AttentionReason, Effect, LinkSaid, OutMessage, TimelineKind
from flows.engine.events import (
    BEGIN_DATA,
    AccessReady,
    AccessRecalled,
    Answered,
    AnswerKind,
    ChargeFailed,
    ChargeReady,
    CouponRefused,
    Event,
    HttpAnswered,
    MoneyTold,
    OperatorClosed,
    OperatorResumed,
    PaymentChanged,
    PaymentChecked,
    Pressed,
    Resumed,
    Start,
    TimerFired,
    TimerKind,
    VariablesSet,
    VersionMoved,
)
from flows.engine.moving import on_version_moved
from flows.engine.precedence import clean_input
from flows.engine.presses import on_press
from flows.engine.speech import link_message
from flows.engine.state import State, Status
from flows.engine.steps.model import StepBase
from flows.engine.steps.registry import behaviour_of
from flows.engine.texts import BuiltinText
from flows.engine.variables import forget, remember
from flows.engine.walk import END, STAY, Call, End, Go, Move, Stay, Walk


def advance(
    flow: Flow, state: State, event: Event, now: datetime, *, onto: Flow | None = None
) -> tuple[State, tuple[Effect, ...]]:
    """The state after the event, and what is asked for. Pure, total and deterministic: it never raises.

    `now` is aware. A run that takes the event has `revision + 1`; an event the run does not wait for gives the very
    same state and no effects. `Start` enters the start step of a new run, and on any other says the present step again.
    `onto` is the version that `VersionMoved` names: a state that comes back with its id is in that version.
    """
    walk = Walk(flow, state, now)
    _follow(walk, _react(walk, event, onto))
    if walk.state is state and not walk.effects:
        return state, ()
    walk.change(revision=state.revision + 1)
    return walk.state, tuple(walk.effects)


def _react(walk: Walk, event: Event, onto: Flow | None) -> Move:
    match event:
        case Start():
            return _start(walk, event)
        case Answered():
            return _answered(walk, event)
        case Pressed():
            if walk.state.status is Status.NEW and event.raw == BEGIN_DATA:
                walk.emit(AnswerPress(event.callback_id))
                return _begin(walk, walk.flow.start_step_id)
            return _heard(walk, on_press(walk, event))
        case TimerFired():
            return _timer_fired(walk, event)
        case ChargeReady():
            return on_ready(walk, event)
        case ChargeFailed():
            return on_failed(walk, event)
        case CouponRefused():
            return on_coupon_refused(walk, event)
        case PaymentChanged():
            return on_changed(walk, event)
        case PaymentChecked():
            return on_checked(walk, event)
        case AccessReady():
            return _access_ready(walk, event)
        case AccessRecalled() | MoneyTold():
            # Said by the conversation, whatever its run does.
            return STAY
        case HttpAnswered():
            return _http_answered(walk, event)
        case Resumed():
            return _say_again(walk, TimelineKind.RESUMED)
        case OperatorResumed():
            return _operator_resumed(walk, event)
        case OperatorClosed():
            return _operator_closed(walk, event)
        case VariablesSet():
            return _variables_set(walk, event)
        case VersionMoved():
            return on_version_moved(walk, event, onto)
        case _:
            assert_never(event)


def _follow(walk: Walk, move: Move) -> None:
    """Walk on until the run waits, ends, fails or finds no step: a loop, bounded by both guards."""
    while True:
        match move:
            case Stay():
                return
            case End() if not walk.state.frames:
                walk.end()
                return
            case End():
                caller = walk.ascend()
                if caller is None:
                    walk.lose(walk.state.step_id)
                    return
                move = Go(caller.connections.next) if caller.connections.next else END
            case Call(version_id=version_id):
                start = _into(walk, version_id)
                if start is None:
                    return
                move = Go(start)
            case Go(step_id=step_id, frames=frames):
                if frames is not None:
                    walk.go_within(frames)
                step = walk.flow.steps.get(step_id)
                if step is None:
                    walk.lose(step_id)
                    return
                guard = walk.guard(step_id)
                if guard is not None:
                    walk.stop(step_id, guard)
                    return
                walk.begin_wait(step)
                move = behaviour_of(step).enter(walk, step)
                if isinstance(move, Stay):
                    walk.arm_silence(step)
            case _:
                assert_never(move)


def _into(walk: Walk, version_id: UUID | None) -> str | None:
    """Into a subflow; where it starts. A version that is not there counts as a missing step, as does its start."""
    caller = walk.state.step_id or ""
    if len(walk.state.frames) >= limits.MAX_SUBFLOW_DEPTH:
        walk.stop(caller, BuiltinText.TOO_LONG)
        return None
    start = walk.descend(version_id) if version_id is not None else None
    if start is None:
        walk.lose(caller)
    return start


def _start(walk: Walk, event: Start) -> Move:
    if walk.state.status is not Status.NEW:
        return _say_again(walk, TimelineKind.SAID_AGAIN)
    if event.payload:
        walk.change(start_payload=clean_input(event.payload))
    return _begin(walk, event.step_id if event.step_id in walk.flow.steps else walk.flow.start_step_id)


def _begin(walk: Walk, step_id: str | None) -> Move:
    walk.record(TimelineKind.STARTED)
    if step_id is None:
        walk.lose(None)
        return STAY
    return Go(step_id)


def _answered(walk: Walk, event: Answered) -> Move:
    if walk.state.status is not Status.WAITING:
        return STAY
    step = _present_step(walk)
    if step is None:
        return STAY
    text = clean_input(event.text)
    trigger = walk.triggered(commanded_step, text) if event.kind is AnswerKind.TEXT else None
    behaviour = behaviour_of(step)
    if trigger is None and not behaviour.accepts(walk, step, event):
        return STAY
    walk.heard()
    if text:
        walk.change(last_input=text)
    if trigger is not None:
        walk.record(TimelineKind.ANSWERED, trigger=True)
        return trigger
    return _heard(walk, behaviour.resume(walk, step, event))


def _heard(walk: Walk, move: Move) -> Move:
    """Something came and the run stays: silences are counted anew."""
    state = walk.state
    if isinstance(move, Stay) and state.status is Status.WAITING and state.last_heard_at == walk.now:
        step = walk.flow.steps.get(state.step_id or "")
        if step is not None:
            walk.arm_silence(step, again=True)
    return move


def _timer_fired(walk: Walk, event: TimerFired) -> Move:
    """A timer of another wait is void, whatever it says."""
    if walk.state.status is not Status.WAITING or event.wait != walk.state.wait:
        return STAY
    step = _present_step(walk)
    if step is None:
        return STAY
    if event.kind is TimerKind.ELAPSED:
        return _silence(walk, step)
    behaviour = behaviour_of(step)
    if not behaviour.accepts(walk, step, event):
        return STAY
    walk.record(TimelineKind.TIMER_FIRED, timer=str(event.kind))
    return behaviour.resume(walk, step, event)


def _silence(walk: Walk, step: StepBase) -> Move:
    target = walk.elapsed_match(step)
    if target is None:
        walk.arm_silence(step, again=True)
        return STAY
    walk.record(TimelineKind.TIMER_FIRED, timer=str(TimerKind.ELAPSED))
    walk.reset_attempts(step)
    return Go(target)


def _http_answered(walk: Walk, event: HttpAnswered) -> Move:
    """An answer to a call of another wait is void, whatever it says."""
    if walk.state.status is not Status.WAITING or event.wait != walk.state.wait:
        return STAY
    step = _present_step(walk)
    if step is None:
        return STAY
    behaviour = behaviour_of(step)
    return behaviour.resume(walk, step, event) if behaviour.accepts(walk, step, event) else STAY


def _access_ready(walk: Walk, event: AccessReady) -> Move:
    """The link is said wherever the run stands; the wait that asked for it goes on."""
    if not event.link:
        return STAY
    text, label = walk.builtin(BuiltinText.ACCESS_CHAT), walk.builtin(BuiltinText.ACCESS_CHAT_BUTTON, html=False)
    walk.say(link_message(text, label, event.link))
    walk.emit(LinkSaid(event.grant_id))
    walk.record(TimelineKind.LINK_READY, grant=str(event.grant_id))
    if walk.state.status is not Status.WAITING or walk.state.wait_now(event.wait) != walk.state.wait:
        return STAY
    step = _present_step(walk)
    if step is None:
        return STAY
    behaviour = behaviour_of(step)
    return behaviour.resume(walk, step, event) if behaviour.accepts(walk, step, event) else STAY


def _operator_resumed(walk: Walk, event: OperatorResumed) -> Move:
    """To a step of this version; or again at the one where it stands, which a run that cannot go on enters anew."""
    state = walk.state
    if event.step_id is not None:
        if event.step_id not in walk.root.steps:
            walk.problem("no_such_step", to=event.step_id)
            return STAY
        kind = TimelineKind.STARTED if state.status is Status.NEW else TimelineKind.RESUMED
        walk.record(kind, to=event.step_id, by_team=True)
        return Go(event.step_id, ())
    match state.status:
        case Status.WAITING:
            return _sent_on(walk, event)
        case Status.FAILED | Status.LOST:
            walk.record(TimelineKind.RESUMED, by_team=True)
            step_id = state.step_id or walk.flow.start_step_id
            return Go(step_id) if step_id is not None else STAY
        case Status.NEW | Status.ENDED:
            return STAY
        case _:
            assert_never(state.status)


def _sent_on(walk: Walk, event: OperatorResumed) -> Move:
    """A waiting run: on from a step that waits for the team, once more into one where it cannot go on by itself; any
    other step is said again."""
    step = _present_step(walk)
    if step is None:
        return STAY
    behaviour = behaviour_of(step)
    if behaviour.accepts(walk, step, event):
        walk.record(TimelineKind.RESUMED, by_team=True)
        return behaviour.resume(walk, step, event)
    if walk.state.parked:
        walk.record(TimelineKind.RESUMED, by_team=True)
        return Go(step.id)
    return _say_again(walk, TimelineKind.RESUMED, by_team=True)


def _operator_closed(walk: Walk, event: OperatorClosed) -> Move:
    """Over, wherever it stands. What was paid and not served is not given up by accident."""
    if walk.state.status is Status.ENDED:
        return STAY
    if walk.state.owes and not event.despite_owing:
        walk.problem("close_refused")
        walk.attention(AttentionReason.CLOSE_REFUSED)
        return STAY
    if event.message:
        walk.say(OutMessage(walk.text(event.message, html=False)))
    walk.close()
    return STAY


def _variables_set(walk: Walk, event: VariablesSet) -> Move:
    """Known from the next thing that happens on. Whoever tries a flow out speaks for its definition: a price may use
    what they wrote."""
    if walk.state.status is not Status.WAITING:
        return STAY
    walk.record(TimelineKind.VARIABLES_SET, names=sorted({*event.variables, *event.cleared}))
    remember(walk, event.variables, trusted=True)
    forget(walk, event.cleared)
    return STAY


def _say_again(walk: Walk, kind: TimelineKind, **data: object) -> Move:
    """The present step, said again; nothing else changes."""
    if walk.state.status is not Status.WAITING:
        return STAY
    step = _present_step(walk)
    if step is None:
        return STAY
    walk.record(kind, **data)
    walk.change(last_said_again_at=walk.now)
    behaviour_of(step).say_again(walk, step)
    return STAY


def _present_step(walk: Walk) -> StepBase | None:
    """The step where the run waits; a run whose step is gone is lost."""
    step = walk.flow.steps.get(walk.state.step_id or "")
    if step is None:
        walk.lose(walk.state.step_id)
    return step
