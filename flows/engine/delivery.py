"""Giving what was bought: said in the chat, noted as a grant, and the order served."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from flows.engine.content import AccessContent
from flows.engine.effects import ArmTimer, AttentionReason, GrantAccess, TimelineKind
from flows.engine.events import AccessReady, Answered, TimerFired, TimerKind
from flows.engine.speech import content_messages
from flows.engine.steps.behaviour import StepEvent
from flows.engine.texts import BuiltinText
from flows.engine.walk import STAY, Move, Walk, later

# A link that takes longer is said when it comes; nobody is kept for it.
LINK_WITHIN: Final = timedelta(seconds=60)


def give(walk: Walk, step_id: str, content: AccessContent) -> None:
    """Say the content, grant it once per paid order it serves (or per entry of the step), serve those orders.

    The link to a chat is asked for once, however many orders are served.
    """
    for message in content_messages(walk, content):
        walk.say(message)
    stored = stored_content(content)
    link_for = walk.state.wait if content.chat else None
    for visit, order_id in _what_it_serves(walk):
        walk.emit(GrantAccess(visit, order_id, stored, step_id, link_for))
        link_for = None
    walk.record(TimelineKind.DELIVERED, step_id)
    walk.serve_orders()


def give_and_wait(walk: Walk, step_id: str, content: AccessContent, on: Move) -> Move:
    """Give, then wait for the link to the chat if there is one; `on` is where the run goes from here."""
    give(walk, step_id, content)
    if not content.chat:
        return on
    walk.emit(ArmTimer(TimerKind.ANSWER, later(walk.now, LINK_WITHIN), walk.state.wait))
    return STAY


def takes(event: StepEvent) -> bool:
    """What a step that waits for its link is resumed with."""
    match event:
        case Answered() | AccessReady():
            return True
        case TimerFired(kind=kind):
            return kind is TimerKind.ANSWER
        case _:
            return False


def after_link(walk: Walk, event: StepEvent, on: Move) -> Move:
    """The link has come (and was said), or takes too long; what is written meanwhile is for the team."""
    match event:
        case Answered():
            walk.attention(AttentionReason.TEXT_WHILE_WAITING)
            return STAY
        case TimerFired():
            walk.say_builtin(BuiltinText.ACCESS_LINK_FOLLOWS)
            walk.record(TimelineKind.LINK_LATE)
    return on


def stored_content(content: AccessContent) -> dict[str, object]:
    """The content as the definition wrote it: what makes two grants the same."""
    return content.model_dump(mode="json", exclude_none=True)


def _what_it_serves(walk: Walk) -> list[tuple[int, UUID | None]]:
    """The orders still owed; else the one paid before in this run; else none, and the wait's number counts instead."""
    paid = {number: visit for number, visit in sorted(walk.state.visits.items()) if visit.taken_paid}
    # Two visits may have been paid by one order; it is served once.
    owed = {visit.order_id: number for number, visit in paid.items() if not visit.served}
    if owed:
        return [(number, order_id) for order_id, number in owed.items()]
    last = walk.state.current_visit if walk.state.current_visit in paid else max(paid, default=None)
    if last is not None:
        return [(last, paid[last].order_id)]
    return [(walk.state.wait, None)]
