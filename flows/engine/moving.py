"""A newer version was published: what becomes of a run that waits at a step of an older one (SPEC 2.3).

A run that is owed something stays with the version that owes it, unless it only goes on where it is. A covered run says
nothing, so it too is only carried. Whoever is not moved finishes on the old version, and the timeline says why.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from flows.engine.compile import Flow
from flows.engine.difference import same_but_words
from flows.engine.effects import OutMessage, TimelineKind
from flows.engine.events import Fate, StepChoice, VersionMoved
from flows.engine.promises import has_frames, keep_promises
from flows.engine.state import Status
from flows.engine.steps.model import StepBase
from flows.engine.steps.registry import behaviour_of
from flows.engine.walk import STAY, Go, Move, Walk
from flows.engine.written import written_step


class Kept(StrEnum):
    """Why a run finishes on its version although a choice was made."""

    ELSEWHERE = "elsewhere"
    OWED = "owed"
    COVERED = "covered"
    CHANGED = "changed"


def on_version_moved(walk: Walk, event: VersionMoved, onto: Flow | None) -> Move:
    """The choice for the step where the run stands now, if it waits and is not in that version already."""
    state = walk.state
    if onto is None or state.status is not Status.WAITING or onto.version_id == state.version_id:
        return STAY
    choice = event.choices.get(state.place or "")
    if choice is None:
        return _keep(walk, event, Kept.ELSEWHERE)
    if choice.fate is Fate.CARRY:
        return _carry(walk, event, onto)
    if state.owes:
        return _keep(walk, event, Kept.OWED)
    if event.covered:
        return _keep(walk, event, Kept.COVERED)
    match choice.fate:
        case Fate.MOVE:
            return _move(walk, event, onto, choice)
        case Fate.END:
            return _end(walk, event, choice)
        case _:
            assert_never(choice.fate)


def _keep(walk: Walk, event: VersionMoved, why: Kept) -> Move:
    walk.record(TimelineKind.VERSION_KEPT, number=event.number, why=str(why))
    return STAY


def _move(walk: Walk, event: VersionMoved, onto: Flow, choice: StepChoice) -> Move:
    if choice.step_id is None or choice.step_id not in onto.steps:
        return _keep(walk, event, Kept.CHANGED)
    walk.go_within(())
    walk.record(TimelineKind.VERSION_MOVED, number=event.number, to=choice.step_id)
    keep_promises(walk, onto)
    walk.move_onto(onto, carried=False)
    # Conditions are counted by their place, which is another one's now.
    walk.change(attempts={})
    return Go(choice.step_id)


def _end(walk: Walk, event: VersionMoved, choice: StepChoice) -> Move:
    if choice.message:
        walk.say(OutMessage(walk.text(choice.message, html=False)))
    walk.close(number=event.number)
    return STAY


def _carry(walk: Walk, event: VersionMoved, onto: Flow) -> Move:
    """On at the same step, which waits for the same and leads the same ways: nothing is said, nothing forgotten."""
    old, new = _present(walk, walk.root), _present(walk, onto)
    if old is None or new is None or not same_but_words(written_step(old), written_step(new)):
        return _keep(walk, event, Kept.CHANGED)
    if not all(has_frames(onto, visit.frames) for visit in walk.state.visits.values() if visit.wait == walk.state.wait):
        return _keep(walk, event, Kept.CHANGED)
    before = (walk.state, len(walk.effects), walk.root)
    walk.record(TimelineKind.VERSION_MOVED, number=event.number, carried=True)
    keep_promises(walk, onto)
    walk.move_onto(onto, carried=True)
    walk.carry_wait()
    if not behaviour_of(new).carry(walk, new):
        walk.state, walk.root = before[0], before[2]
        del walk.effects[before[1] :]
        return _keep(walk, event, Kept.CHANGED)
    walk.arm_silence(new)
    return STAY


def _present(walk: Walk, root: Flow) -> StepBase | None:
    """The step where the run stands, in a version: inside subflows only if it carries the very same ones."""
    frames = walk.state.frames
    return root.within(frames).steps.get(walk.state.step_id or "") if has_frames(root, frames) else None
