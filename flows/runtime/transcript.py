"""What the contact did, as a line of the transcript."""

from typing import Any

from flows.engine.codec import dump_event
from flows.engine.events import BEGIN_DATA, NEW_CODE_BUTTON, PAID_BUTTON, Answered, Pressed, Start
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.texts import BuiltinText, builtin_text
from flows.runtime.turn import Turn

_OUR_BUTTONS = {PAID_BUTTON: BuiltinText.PAID_BUTTON, NEW_CODE_BUTTON: BuiltinText.NEW_CODE_BUTTON}


def hear(turn: Turn, event: Start | Answered | Pressed) -> None:
    """Notes it under the run on top, before anything comes of it."""
    run_id = turn.stack[-1] if turn.stack else None
    match event:
        case Start():
            if event.command:
                turn.heard(f"/start {event.payload or ''}".strip(), run_id=run_id, message_id=None, payload={})
        case Answered():
            payload: dict[str, Any] = {"kind": event.kind.value, "data": dump_event(event)["data"]}
            turn.heard(event.text, run_id=run_id, message_id=event.message_id, payload=payload)
        case Pressed():
            payload = {"pressed": event.raw}
            turn.heard(_label(turn, event), run_id=run_id, message_id=event.message_id, payload=payload)


def _label(turn: Turn, event: Pressed) -> str:
    """The words on the pressed button, as far as its version is at hand."""
    ref = event.ref
    if event.raw == BEGIN_DATA:
        return builtin_text(BuiltinText.BEGIN, locale=turn.facts.locale, edits=turn.facts.texts)
    if ref is None:
        return ""
    if ref.index in _OUR_BUTTONS:
        return builtin_text(_OUR_BUTTONS[ref.index], locale=turn.facts.locale, edits=turn.facts.texts)
    found = (version.flow.version(ref.version_id) for version in turn.versions.values())
    flow = next((one for one in found if one is not None), None)
    if flow is None or not 0 <= ref.ordinal < len(flow.order):
        return ""
    step = flow.steps.get(flow.order[ref.ordinal])
    if not isinstance(step, ButtonsStep) or not 0 <= ref.index < len(step.config.custom_buttons):
        return ""
    return step.config.custom_buttons[ref.index].text
