"""Presses: live, of an open charge, or stale (SPEC 2.3). Every press gets exactly one answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flows.engine.charges import on_button
from flows.engine.effects import AnswerPress, RemoveKeyboard, TimelineKind
from flows.engine.events import NEW_CODE_BUTTON, PAID_BUTTON, ButtonRef, Pressed
from flows.engine.limits import TELEGRAM_CALLBACK_ANSWER
from flows.engine.state import Departure, PaymentVisit, Status
from flows.engine.steps.buttons import ButtonsBehaviour, ButtonsStep, StalePress
from flows.engine.steps.registry import behaviour_of
from flows.engine.texts import BuiltinText
from flows.engine.walk import STAY, Go, Move, Walk

SAID_AGAIN_INTERVAL: Final = timedelta(seconds=10)
_CHARGE_BUTTONS: Final = frozenset({PAID_BUTTON, NEW_CODE_BUTTON})
_BUTTONS: Final = ButtonsBehaviour()


def on_press(walk: Walk, press: Pressed) -> Move:
    """One press, whatever it carries."""
    ref = press.ref
    if ref is None or not _is_of_this_run(walk, ref):
        return _stale(walk, press)
    if ref.index in _CHARGE_BUTTONS:
        visit = _visit_of(walk, ref)
        move = on_button(walk, press, visit) if visit else None
        return move if move is not None else _stale(walk, press)
    if walk.state.status is not Status.WAITING or not _is_of_this_wait(walk, ref):
        return _stale(walk, press)
    state = walk.state
    step = walk.flow.steps.get(state.step_id or "")
    if step is None:
        _answer(walk, press, BuiltinText.STALE_PRESS)
        walk.lose(state.step_id)
        return STAY
    behaviour = behaviour_of(step)
    if not behaviour.accepts(walk, step, press):
        return _stale(walk, press)
    walk.emit(AnswerPress(press.callback_id))
    walk.heard()
    return behaviour.resume(walk, step, press)


def _stale(walk: Walk, press: Pressed) -> Move:
    """A button of an older step or run, or foreign data: never moves the run by accident."""
    ref = press.ref
    ours = ref is not None and _is_of_this_run(walk, ref)
    walk.record(TimelineKind.STALE_PRESS, index=ref.index if ref else None)
    if ref is not None and ours and walk.state.left_by == Departure(walk.state.wait_now(ref.wait), ref.index):
        _answer(walk, press, BuiltinText.ALREADY_PRESSED)
        return STAY
    sender = _sender(walk, ref)
    policy = sender.config.stale_press if sender else StalePress.NOTICE
    if policy is StalePress.FOLLOW and ref is not None and sender is not None and ours:
        move = _follow(walk, press, ref, sender)
        if move is not None:
            return move
    _answer(walk, press, BuiltinText.STALE_PRESS)
    if policy is StalePress.REMOVE and press.message_id is not None:
        walk.emit(RemoveKeyboard(press.message_id))
    if policy is not StalePress.REMOVE:
        _say_present_step(walk)
    return STAY


def _follow(walk: Walk, press: Pressed, ref: ButtonRef, sender: ButtonsStep) -> Move | None:
    """Where the old button leads, if it leads anywhere, the run is under way, and the subflow not left that sent it."""
    frames = walk.frames_of(ref.version_id)
    if walk.state.status is not Status.WAITING or frames is None:
        return None
    way = _BUTTONS.follow(walk, sender, ref.index)
    if way is None:
        return None
    walk.emit(AnswerPress(press.callback_id))
    walk.change(answered=True)
    walk.left_by(ref.wait, ref.index)
    return Go(way, frames)


def _say_present_step(walk: Walk) -> None:
    state = walk.state
    if state.status is not Status.WAITING:
        return
    step = walk.flow.steps.get(state.step_id or "")
    if step is None:
        walk.lose(state.step_id)
        return
    last = state.last_said_again_at
    if last is None or not timedelta(0) <= walk.now - last < SAID_AGAIN_INTERVAL:
        walk.change(last_said_again_at=walk.now)
        behaviour_of(step).say_again(walk, step)


def _answer(walk: Walk, press: Pressed, code: BuiltinText) -> None:
    notice = walk.builtin(code, html=False)[:TELEGRAM_CALLBACK_ANSWER]
    walk.emit(AnswerPress(press.callback_id, notice))


def _is_of_this_run(walk: Walk, ref: ButtonRef) -> bool:
    """Shown by this run: in the version it is in, or in one that it has left since."""
    known = walk.root.version(ref.version_id) is not None or walk.state.shown_before_move(ref.wait)
    return ref.run_id == walk.state.run_id and known


def _is_of_this_wait(walk: Walk, ref: ButtonRef) -> bool:
    """Shown in the present wait, or in the one that was carried on into it with the very same buttons."""
    state = walk.state
    if state.shown_before_move(ref.wait):
        return state.wait_now(ref.wait) == state.wait
    here = ref.version_id == walk.flow.version_id and _step_id_of(walk, ref) == state.step_id
    return ref.wait == state.wait and here


def _step_id_of(walk: Walk, ref: ButtonRef) -> str | None:
    flow = walk.root.version(ref.version_id)
    return flow.order[ref.ordinal] if flow is not None and 0 <= ref.ordinal < len(flow.order) else None


def _sender(walk: Walk, ref: ButtonRef | None) -> ButtonsStep | None:
    """The step that sent the button, if it is one of this version's `buttons` or of a subflow's."""
    flow = walk.root.version(ref.version_id) if ref is not None else None
    if ref is None or flow is None:
        return None
    step = flow.steps.get(_step_id_of(walk, ref) or "")
    return step if isinstance(step, ButtonsStep) else None


def _visit_of(walk: Walk, ref: ButtonRef) -> PaymentVisit | None:
    """The visit whose wait the button of a charge was shown in: its number is enough where its version was left."""
    if walk.state.shown_before_move(ref.wait):
        wait = walk.state.wait_now(ref.wait)
        return next((one for one in walk.state.visits.values() if one.wait == wait), None)
    where = (ref.wait, ref.version_id, _step_id_of(walk, ref))
    visits = walk.state.visits.values()
    made_in = ((one, walk.root.within(one.frames).version_id) for one in visits)
    return next((one for one, version_id in made_in if (one.wait, version_id, one.step_id) == where), None)
