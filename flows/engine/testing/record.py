"""From the events of a conversation to the test that plays it again: what was done, and what the flow answers to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from flows.engine.compile import Flow
from flows.engine.events import (
    BEGIN_DATA,
    Answered,
    AnswerKind,
    ButtonRef,
    ChargeFailed,
    ChargeReady,
    Event,
    HttpAnswered,
    HttpOutcome,
    OperatorResumed,
    PaymentChanged,
    PaymentStatus,
    Pressed,
    Start,
    TimerFired,
    VariablesSet,
)
from flows.engine.json_paths import parse_path
from flows.engine.on_start import ABSORBED_FOR
from flows.engine.state import NO_FACTS, Facts
from flows.engine.testing.chat import PlayedChat, Spoken
from flows.engine.testing.checks import charge_in, state_of
from flows.engine.testing.document import ConversationTest, Ends, MediaKind, Outcome
from flows.engine.testing.play import act, open_chat
from flows.engine.testing.reading import plain_text

_UNITS: Final = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
_OUTCOMES: Final = {
    PaymentStatus.PAID: Outcome.PAID,
    PaymentStatus.FAILED: Outcome.FAILED,
    PaymentStatus.EXPIRED: Outcome.EXPIRED,
    PaymentStatus.REFUNDED: Outcome.REFUNDED,
}
_MEDIA: Final = frozenset(kind.value for kind in MediaKind)

Document = dict[str, Any]


def recorded(
    flow: Flow, events: Iterable[Event], *, name: str, first_name: str = "", facts: Facts = NO_FACTS
) -> Document:
    """The test that does what these events did, from the beginning of a run on. What the bot says to it is expected as
    it says it now: texts and buttons, the amounts of charges instead of their codes. What time and gateways bring by
    themselves is not an item of its own."""
    events = list(events)
    head: Document = {"name": name, "contact": {"first_name": first_name}}
    if any(isinstance(event, ChargeFailed) for event in events):
        head["charges"] = "by_hand"
    first = events[0] if events else None
    if isinstance(first, OperatorResumed | Start) and first.step_id:
        head["start_step"] = first.step_id
        del events[0]
    recorder = _Recorder(flow, head, facts)
    for event in events:
        recorder.take(event)
    return recorder.document()


class _Recorder:
    """Plays along, so that it knows each button and each wait by what a test calls it."""

    def __init__(self, flow: Flow, head: Document, facts: Facts) -> None:
        self.head = head
        self.facts = facts
        self.chat = open_chat(flow, ConversationTest.model_validate(head), facts=facts)
        self.items: list[Document] = []
        if "start_step" in head:
            self._expect()

    def take(self, event: Event) -> None:
        """The items that do what the event did; none for what follows by itself."""
        for item in self._items(event):
            done = ConversationTest.model_validate({**self.head, "steps": [item]}).steps[0]
            self.chat.listen()
            if act(self.chat, done, "en") is not None:
                continue
            self.items.append(item)
            self._expect()

    def document(self) -> Document:
        """The whole test; at its end stands where the conversation stands."""
        chat, items = self.chat, list(self.items)
        run = chat.newest
        if run is not None and run.state.variables:
            items.append({"type": "expect_variables", "variables": dict(run.state.variables)})
        state = state_of(chat)
        if state is Ends.WAITING and run is not None and run.state.step_id is not None:
            items.append({"type": "expect_step", "step": run.state.step_id})
        else:
            items.append({"type": "expect_state", "state": state.value})
        return {**self.head, "steps": items}

    def _expect(self) -> None:
        came = self.chat.brought
        if came.replies:
            replies = [_reply(self.chat, spoken) for spoken in came.replies]
            self.items.append({"type": "expect_replies", "replies": replies})
        if came.notices:
            self.items.append({"type": "expect_notice", "text": came.notices[-1]})

    def _items(self, event: Event) -> list[Document]:
        match event:
            case Start(payload=payload):
                start: Document = {"type": "command", "command": "start"}
                # So soon after the beginning a chat absorbs it; a test chat never does.
                soon = [] if self.chat.newest is None else [{"type": "wait", "seconds": ABSORBED_FOR.total_seconds()}]
                return [*soon, {**start, "payload": payload} if payload else start]
            case Answered():
                return _answer(event)
            case Pressed():
                return self._press(event)
            case TimerFired():
                return self._wait(event)
            case PaymentChanged():
                return self._payment(event)
            case ChargeReady() if self.head.get("charges"):
                return [{"type": "payment", "outcome": "ready"}]
            case ChargeFailed(code=code, retrying=retrying):
                return [{"type": "charge_failed", "code": code, "retrying": retrying}]
            case HttpAnswered():
                return self._http(event)
            case OperatorResumed(step_id=step_id):
                return [{"type": "operator_resume", "step": step_id}]
            case VariablesSet(variables=variables, cleared=cleared):
                return [{"type": "set_variables", "variables": {**variables, **dict.fromkeys(cleared)}}]
            case _:
                return []

    def _press(self, event: Pressed) -> list[Document]:
        """By its text where that names it, else by its message and place."""
        if event.raw == BEGIN_DATA:
            return [item for spoken in self.chat.spoken for item in _begin(spoken)][-1:]
        ref = event.ref
        if ref is None:
            return []
        for spoken in reversed(self.chat.spoken):
            buttons = [button for row in spoken.message.buttons for button in row]
            for index, button in enumerate(buttons):
                if button.ref is not None and _same(button.ref, ref):
                    if self._newest_named(button.text) is spoken:
                        return [{"type": "press", "text": button.text}]
                    return [{"type": "press", "index": index, "message": spoken.number}]
        return []

    def _newest_named(self, text: str) -> Spoken | None:
        wanted = text.strip().casefold()
        for spoken in reversed(self.chat.spoken):
            named = [button for row in spoken.message.buttons for button in row]
            if spoken.keyboard and any(button.text.strip().casefold() == wanted for button in named):
                return spoken
        return None

    def _wait(self, event: TimerFired) -> list[Document]:
        found = [one for one in self.chat.timers if (one.kind, one.wait) == (event.kind, event.wait)]
        if not found:
            return []
        left = (min(one.due_at for one in found) - self.chat.now).total_seconds()
        return [_length(left)] if left > 0 else [{"type": "wait"}]

    def _payment(self, event: PaymentChanged) -> list[Document]:
        outcome, charges = _OUTCOMES.get(event.status), self.chat.books.charges
        if outcome is None or not charges or charges[-1].status is event.status:
            return []
        if outcome is Outcome.PAID and not charges[-1].is_open:
            outcome = Outcome.LATE_PAID
        return [{"type": "payment", "outcome": outcome.value}]

    def _http(self, event: HttpAnswered) -> list[Document]:
        if event.outcome is not HttpOutcome.OK:
            return [{"type": "http_answer", "status": event.status or 0}]
        save = self.chat.calls[0][1].save if self.chat.calls else {}
        answer: Document = {}
        for variable, value in event.values.items():
            _put(answer, [str(part) for part in parse_path(save.get(variable, "")) or ()], value)
        return [{"type": "http_answer", "status": event.status or 200, "json": answer}]


def _answer(event: Answered) -> list[Document]:
    data = event.data
    match event.kind:
        case AnswerKind.TEXT:
            return [{"type": "text", "text": event.text}] if event.text.strip() else []
        case AnswerKind.CONTACT:
            own = data.get("own") is True
            return [{"type": "contact", "phone_number": str(data.get("phone_number") or "0"), "own": own}]
        case AnswerKind.LOCATION:
            return [
                {"type": "location", "latitude": data.get("latitude"), "longitude": data.get("longitude")},
            ]
        case kind if kind.value in _MEDIA:
            return [{"type": "media", "kind": kind.value, "caption": event.text}]
        case _:
            return []


def _begin(spoken: Spoken) -> list[Document]:
    return [{"type": "press", "text": button.text} for row in spoken.message.buttons for button in row if button.begin]


def _same(shown: ButtonRef, pressed: ButtonRef) -> bool:
    """The run and its version have other ids in memory."""
    return (shown.ordinal, shown.wait, shown.index) == (pressed.ordinal, pressed.wait, pressed.index)


def _reply(chat: PlayedChat, spoken: Spoken) -> Document:
    """A charge's code is another each time: its amount stands for it."""
    message = spoken.message
    buttons = [button.text for row in message.buttons for button in row]
    charge = charge_in(chat, spoken)
    if charge is not None:
        reply: Document = {"amount": _amount(charge.amount_minor, charge.currency)}
    else:
        reply = {"text": plain_text(message)}
    if message.media is not None:
        reply["media"] = message.media.type.value
    return {**reply, "buttons": buttons} if buttons else reply


def _amount(minor: int, currency: str) -> str:
    return str(minor) if currency == "XTR" else f"{minor // 100}.{minor % 100:02d}"


def _length(seconds: float) -> Document:
    for unit, length in _UNITS[:-1]:
        if seconds % length == 0:
            return {"type": "wait", unit: seconds / length}
    return {"type": "wait", "seconds": seconds}


def _put(into: Document, path: list[str], value: object) -> None:
    for part in path[:-1]:
        deeper = into.setdefault(part, {})
        if not isinstance(deeper, dict):
            return
        into = deeper
    if path:
        into[path[-1]] = value
