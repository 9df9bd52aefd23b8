"""What a played test conversation showed, item by item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flows.engine.problems import Problem
from flows.engine.testing.chat import Spoken
from flows.engine.testing.reading import plain_text


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of the bot as a person reads it."""

    text: str
    buttons: tuple[str, ...] = ()
    media: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One item: `place` counts from 0. What was expected and what came are words and values, empty where it went well
    or where nothing came."""

    place: int
    type: str
    ok: bool
    expected: str = ""
    came: str = ""
    at: datetime | None = None
    heard: tuple[Heard, ...] = ()

    def as_dict(self) -> dict[str, object]:
        return {
            "place": self.place,
            "type": self.type,
            "ok": self.ok,
            "expected": self.expected,
            "came": self.came,
            "at": self.at.isoformat() if self.at else None,
            "heard": [{"text": one.text, "buttons": list(one.buttons), "media": one.media} for one in self.heard],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """One test conversation, played to its first difference or to its end."""

    name: str
    results: tuple[Result, ...]

    @property
    def ok(self) -> bool:
        return all(result.ok for result in self.results)

    @property
    def first_difference(self) -> Result | None:
        return next((result for result in self.results if not result.ok), None)

    def as_dict(self) -> dict[str, object]:
        return {"name": self.name, "ok": self.ok, "results": [result.as_dict() for result in self.results]}


def unreadable(name: str, problems: Iterable[Problem]) -> Report:
    """A document that cannot be read, as a report: red at its beginning."""
    told = "; ".join(f"{problem.field}: {problem.message}" for problem in problems)
    return Report(name, (Result(place=0, type="document", ok=False, came=told),))


def heard(spoken: Iterable[Spoken]) -> tuple[Heard, ...]:
    """The messages as a person reads them."""
    return tuple(
        Heard(
            text=plain_text(one.message),
            buttons=tuple(button.text for row in one.message.buttons for button in row),
            media=str(one.message.media.type) if one.message.media else "photo" if one.message.qr else "",
        )
        for one in spoken
    )
