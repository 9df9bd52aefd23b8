"""A flow in a terminal: a line comes in, lines go out. What is read and written is somebody else's business."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from flows.engine.compile import Flow
from flows.engine.effects import OutButton
from flows.engine.facts import all_variables
from flows.engine.state import NO_FACTS, Facts
from flows.engine.testing.checks import Difference, state_of
from flows.engine.testing.document import ConversationTest, Ends
from flows.engine.testing.play import act, open_chat
from flows.engine.testing.reading import plain_text

HELP: Final = """\
Type what the person writes, or the number of a button.
  :start [payload]   /start, with what a deep link carries
  :skip [1h 30m]     time passes; without a length, up to the next thing due
  :pay  :late  :fail  :expire  :refund   what becomes of the newest charge
  :http STATUS [JSON]   what a called address answers; 0 is no answer
  :photo  :contact  :location   what a person sends besides text
  :resume [step]     the team sends the run on
  :vars  :where  :help  :quit"""

_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([dhms])", re.ASCII)
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_OUTCOMES: Final = {
    ":pay": "paid",
    ":late": "late_paid",
    ":fail": "failed",
    ":expire": "expired",
    ":refund": "refunded",
}
_SENT: Final = {":photo": "media", ":contact": "contact", ":location": "location"}


class Quit(Exception):
    """The person at the terminal has had enough."""


class Terminal:
    """One conversation, line by line. Buttons are numbered through the whole chat: an old one can be pressed too."""

    def __init__(self, flow: Flow, *, facts: Facts = NO_FACTS, first_name: str = "Ana", at: str | None = None) -> None:
        head: dict[str, Any] = {"name": "terminal", "contact": {"first_name": first_name}}
        if at is not None:
            head["start_step"] = at
        self._chat = open_chat(flow, ConversationTest.model_validate(head), facts=facts)
        self._buttons: list[tuple[int, int]] = []

    def begin(self) -> list[str]:
        """What is said before anything is typed."""
        if self._chat.newest is None:
            return self.answer(":start")
        return [*self._came(), *self._stands()]

    def answer(self, line: str) -> list[str]:
        """What the line brings. Raises Quit."""
        line = line.strip()
        if not line:
            return []
        word, _, rest = line.partition(" ")
        match word:
            case ":quit" | ":q":
                raise Quit
            case ":help":
                return HELP.splitlines()
            case ":vars":
                return self._variables()
            case ":where":
                return self._stands(always=True)
            case _:
                item = self._item(word, rest.strip(), line)
                return self._do(item) if isinstance(item, dict) else [item]

    def _item(self, word: str, rest: str, line: str) -> dict[str, Any] | str:
        """The item of a test that the line stands for, or why it is none."""
        if word == ":start":
            return {"type": "command", "command": "start", "payload": rest}
        if word == ":skip":
            return _wait(rest)
        if word in _OUTCOMES:
            return {"type": "payment", "outcome": _OUTCOMES[word]}
        if word == ":http":
            return _http(rest)
        if word in _SENT:
            return {"type": _SENT[word]}
        if word == ":resume":
            return {"type": "operator_resume", "step": rest or None}
        if word.startswith(":"):
            return f"? {word} is no command; :help lists them"
        if line.isascii() and line.isdecimal() and 0 < int(line) <= len(self._buttons):
            message, index = self._buttons[int(line) - 1]
            return {"type": "press", "message": message, "index": index}
        return {"type": "text", "text": line}

    def _do(self, raw: dict[str, Any]) -> list[str]:
        item = ConversationTest.model_validate({"name": "terminal", "steps": [raw]}).steps[0]
        self._chat.listen()
        difference = act(self._chat, item, "en")
        return [*self._came(), *(_refused(difference) if difference else ()), *self._stands()]

    def _came(self) -> Iterator[str]:
        brought = self._chat.brought
        for notice in brought.notices:
            yield f"! {notice}"
        for spoken in brought.replies:
            message = spoken.message
            if message.media is not None:
                yield f"  <{message.media.type.value}>"
            if message.qr:
                yield f"  <QR {message.qr}>"
            yield from (f"  {line}" for line in plain_text(message).splitlines())
            for index, button in enumerate(button for row in message.buttons for button in row):
                yield self._shown(spoken.number, index, button)
        for reason in brought.attention:
            yield f"* the team is called: {reason}"

    def _shown(self, message: int, index: int, button: OutButton) -> str:
        if button.ref is None and not button.begin:
            return f"  [-] {button.text} → {button.url or button.copy_text or ''}"
        self._buttons.append((message, index))
        return f"  [{len(self._buttons)}] {button.text}"

    def _stands(self, *, always: bool = False) -> list[str]:
        """Where the conversation stands; of a run that waits only when asked."""
        state, run = state_of(self._chat), self._chat.newest
        if state is Ends.WAITING and run is not None:
            return [f"* at {run.state.step_id}"] if always else []
        if run is not None and state is Ends.FAILED:
            return [f"* failed: {run.state.failure or 'step_missing'}"]
        return [f"* {state.value}"] if state is Ends.ENDED or always else []

    def _variables(self) -> list[str]:
        run = self._chat.newest
        known = all_variables(run.state, self._chat.now) if run is not None else {}
        return [f"  {name} = {json.dumps(known[name], ensure_ascii=False, default=str)}" for name in sorted(known)]


def _refused(difference: Difference) -> list[str]:
    return [f"? that needs {difference.expected}; there is {difference.came}"]


def _wait(length: str) -> dict[str, Any] | str:
    found = _LENGTH.findall(length)
    if length and _LENGTH.sub("", length).strip():
        return f"? {length!r} is no length of time: 1h 30m, 45s, 2d"
    wait: dict[str, Any] = {"type": "wait"}
    for number, unit in found:
        wait[_UNITS[unit]] = min(wait.get(_UNITS[unit], 0.0) + float(number), 366.0 * 86_400)
    if any(value == 0 for value in wait.values()):
        return "? no time at all is no wait"
    return wait


def _http(rest: str) -> dict[str, Any] | str:
    status, _, body = rest.partition(" ")
    if not (status.isascii() and status.isdecimal() and int(status) < 600):
        return '? say the status: :http 200 {"left": 3}'
    try:
        return {"type": "http_answer", "status": int(status), "json": json.loads(body) if body.strip() else None}
    except ValueError:
        return "? the answer is no JSON"
