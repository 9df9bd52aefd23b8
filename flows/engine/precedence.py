"""Which way an answer leads (SPEC 1.2): conditions of the event's kind, connections, attempts, fallback, retry."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from flows.engine import limits
from flows.engine.commands import keyword_step
from flows.engine.conditions import ConditionType, Occasion, Stimulus, first_match
from flows.engine.conditions.text_forms import clean
from flows.engine.effects import KeepAnswer, TimelineKind
from flows.engine.events import Answered, AnswerKind
from flows.engine.steps.model import StepBase
from flows.engine.variables import remember
from flows.engine.walk import STAY, Go, Move, Walk

_DIGITS: Final = re.compile(r"[0-9]{5,32}", re.ASCII)


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
    keeping: KeepAnswer | None = None,
) -> Move:
    """An answer to a `question`, or to a `message` that waits for one. `keeping` is noted with what became of it; one
    that was not accepted is of no interest but for its erasure."""
    text = clean_input(answer.text)
    if _is_accepted(answer, accepts):
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
                remember(walk, {save_as: kept_answer(answer)})
            if keeping is not None:
                walk.emit(replace(keeping, accepted=True, variable=save_as))
            walk.reset_attempts(step)
            return Go(target)
    if keeping is not None and keeping.retention_days is not None:
        walk.emit(keeping)
    return unmatched(walk, step, ask_again, said=text if answer.kind is AnswerKind.TEXT else "")


def _is_accepted(answer: Answered, accepts: Collection[str]) -> bool:
    """Whether the kind is asked for. Of contacts only the sender's own card proves a number; whoever may also type one
    may send any."""
    if answer.kind not in accepts:
        return False
    return answer.kind is not AnswerKind.CONTACT or answer.data.get("own") is True or AnswerKind.TEXT in accepts


def _next_without_validation(step: StepBase) -> str | None:
    if any(condition.type is ConditionType.TEXT_VALIDATION for condition in step.conditions):
        return None
    return step.connections.next


def kept_answer(answer: Answered) -> str:
    """What `save_as` keeps: the text; a file's `file_id`; a contact's number with its +; a place as
    `latitude,longitude`."""
    text = clean_input(answer.text)
    match answer.kind:
        case AnswerKind.TEXT | AnswerKind.LOCATION:
            return text
        case AnswerKind.CONTACT:
            number = _text_in(answer, "phone_number") or text
            return f"+{number}" if _DIGITS.fullmatch(number) else number
        case _:
            return _text_in(answer, "file_id") or text


def _text_in(answer: Answered, name: str) -> str:
    value = answer.data.get(name)
    return clean_input(value) if isinstance(value, str) else ""


def unmatched(walk: Walk, step: StepBase, ask_again: Callable[[], None], *, said: str = "") -> Move:
    """Nothing matched: a keyword of the flow's own leads away and costs nothing; else count the attempt, then the
    fallback of a used-up condition, `retry`, or ask again and stay."""
    keyword = walk.triggered(keyword_step, said)
    if keyword is not None:
        walk.record(TimelineKind.ANSWERED, trigger=True)
        return keyword
    attempts = dict(walk.state.attempts)
    fallback: str | None = None
    for place, condition in step.ordered_conditions:
        if condition.max_attempts is None:
            continue
        key = walk.attempt_key(step, place)
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
