"""Which way an answer leads (SPEC 1.2): conditions of the event's kind, connections, attempts, fallback, retry."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from flows.engine import limits
from flows.engine.conditions import ConditionType, Occasion, Stimulus, first_match
from flows.engine.conditions.text_forms import clean
from flows.engine.effects import TimelineKind
from flows.engine.events import Answered, AnswerKind
from flows.engine.steps.model import StepBase
from flows.engine.walk import STAY, Go, Move, Walk

# What of a wordless answer is kept: the first of these its data holds.
_KEPT_DATA: Final = ("file_id", "phone_number", "location")


def clean_input(text: str) -> str:
    """The text as it is compared and kept; PostgreSQL cannot hold NUL."""
    return clean(text.replace("\x00", ""))


def take_answer(
    walk: Walk,
    step: StepBase,
    answer: Answered,
    *,
    accepts: Collection[str],
    save_as: str | None,
    ask_again: Callable[[], None],
) -> Move:
    """An answer to a `question`, or to a `message` that waits for one."""
    text = clean_input(answer.text)
    if answer.kind in accepts:
        stimulus = Stimulus(
            Occasion.ANSWER,
            text=text,
            wordless=answer.kind is not AnswerKind.TEXT,
            variables=walk.condition_variables(),
        )
        found = first_match(step.ordered_conditions, stimulus)
        target = found[1].target_step if found else _next_without_validation(step)
        if target is not None:
            walk.record(TimelineKind.ANSWERED, kind=str(answer.kind), condition=found[0] if found else None)
            if save_as is not None:
                walk.change(variables={**walk.state.variables, save_as: kept_answer(answer)})
            walk.reset_attempts(step)
            return Go(target)
    return unmatched(walk, step, ask_again)


def _next_without_validation(step: StepBase) -> str | None:
    if any(condition.type is ConditionType.TEXT_VALIDATION for condition in step.conditions):
        return None
    return step.connections.next


def kept_answer(answer: Answered) -> str:
    """What `save_as` keeps: the text, or what stands for a file, a contact or a place."""
    if answer.kind is AnswerKind.TEXT:
        return clean_input(answer.text)
    for name in _KEPT_DATA:
        value = answer.data.get(name)
        if isinstance(value, str) and value:
            return clean_input(value)
    return clean_input(answer.text)


def unmatched(walk: Walk, step: StepBase, ask_again: Callable[[], None]) -> Move:
    """Nothing matched: count the attempt; then the fallback of a used-up condition, `retry`, or ask again and stay."""
    attempts = dict(walk.state.attempts)
    fallback: str | None = None
    for place, condition in step.ordered_conditions:
        if condition.max_attempts is None:
            continue
        key = f"{step.id}#{place}"
        attempts[key] = min(attempts.get(key, 0) + 1, limits.MAX_ATTEMPTS)
        if fallback is None and attempts[key] >= condition.max_attempts:
            fallback = condition.fallback_step
    walk.change(attempts=attempts)
    way = fallback or step.connections.retry
    walk.record(TimelineKind.UNMATCHED, fallback=fallback is not None, way=way)
    if way is not None:
        return Go(way)
    ask_again()
    return STAY
