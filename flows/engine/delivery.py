"""Giving what was bought: said in the chat, noted as a grant, and the order served."""

from __future__ import annotations

from uuid import UUID

from flows.engine.content import AccessContent
from flows.engine.effects import GrantAccess, TimelineKind
from flows.engine.speech import content_messages
from flows.engine.walk import Walk


def give(walk: Walk, step_id: str, content: AccessContent) -> None:
    """Say the content, grant it once per paid order it serves (or per entry of the step), serve those orders."""
    for message in content_messages(walk, content):
        walk.say(message)
    stored = stored_content(content)
    for visit, order_id in _what_it_serves(walk):
        walk.emit(GrantAccess(visit, order_id, stored, step_id))
    walk.record(TimelineKind.DELIVERED, step_id)
    walk.serve_orders()


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
