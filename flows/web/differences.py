"""A difference as a page shows it: where, what it was, what it is, with the words that changed marked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bots.web.looks import Look, Tone
from flows.engine.difference import Change, Difference, FieldChange, StepDifference
from flows.engine.difference_words import path_words
from flows.engine.problems import DEFAULT_LOCALE
from flows.web.looks import StepLook, step_look

CHANGES: Final[Mapping[Change, Look]] = {
    Change.ADDED: Look("plus", gettext_lazy("New"), Tone.GO),
    Change.REMOVED: Look("trash-2", gettext_lazy("Removed"), Tone.BROKEN),
    Change.CHANGED: Look("pencil", gettext_lazy("Changed"), Tone.NEEDS),
}
TEXTS_ONLY: Final = Look("languages", gettext_lazy("Only texts"))
# A longer text is shown whole, before and after.
_MARKED: Final = 4_096
_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text: `kind` is "same", "gone" or "new"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One field. `pieces` where both sides are texts that can be read as one; else `before` and `after`."""

    label: str
    kind: Change
    before: str
    after: str
    pieces: Sequence[Piece] = ()


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One step with its changes."""

    id: str
    look: StepLook
    state: Look
    changes: Sequence[ShownChange]


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """Everything that differs; `bot` and `settings` are what belongs to no step."""

    steps: Sequence[ShownStep]
    settings: Sequence[ShownChange]
    bot: Sequence[ShownChange]
    rearranged: Sequence[str]
    texts_only: bool

    @property
    def is_empty(self) -> bool:
        return not (self.steps or self.settings or self.bot)


def shown_difference(difference: Difference) -> ShownDifference:
    """The difference in the language of the request."""
    return ShownDifference(
        steps=[_step(step) for step in difference.steps],
        settings=[_change(one) for one in difference.settings],
        bot=[_change(one) for one in difference.bot],
        rearranged=difference.rearranged,
        texts_only=difference.texts_only,
    )


def _step(step: StepDifference) -> ShownStep:
    state = TEXTS_ONLY if step.texts_only else CHANGES[step.kind]
    return ShownStep(step.step_id, step_look(step.type), state, [_change(one) for one in step.fields])


def _change(change: FieldChange) -> ShownChange:
    label = path_words(change.path, get_language() or DEFAULT_LOCALE)
    both_texts = isinstance(change.before, str) and isinstance(change.after, str)
    pieces = _pieces(str(change.before), str(change.after)) if both_texts else ()
    return ShownChange(label, change.kind, _value(change.before), _value(change.after), pieces)


def _pieces(before: str, after: str) -> list[Piece]:
    """What went and what came, word by word; nothing where little is left of the text."""
    if max(len(before), len(after)) > _MARKED or " " not in f"{before}{after}":
        return []
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.4:
        return []
    pieces: list[Piece] = []
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(old[old_from:old_to])))
            continue
        gone, come = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        pieces += [Piece(kind, text) for kind, text in (("gone", gone), ("new", come)) if text]
    return pieces


def _value(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case float() if value.is_integer():
            return str(int(value))
        case Mapping():
            named = ((path_words((str(name),), get_language() or DEFAULT_LOCALE), one) for name, one in value.items())
            return " · ".join(f"{name}: {_value(one)}" for name, one in named if one is not None)
        case list() | tuple():
            return ", ".join(_value(one) for one in value)
        case _:
            return str(value)
