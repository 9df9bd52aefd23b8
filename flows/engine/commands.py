"""What a message asks for besides answering a step: a command of every bot, or a trigger of the flow's own."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from flows.engine.conditions.text_forms import fold
from flows.engine.events import Answered, AnswerKind

if TYPE_CHECKING:
    from flows.engine.compile import Flow
    from flows.engine.definition import Trigger

START: Final = "start"


class BuiltinCommand(StrEnum):
    """Commands that every bot answers in any state, without moving a run. Telegram's terms for bots ask for the first
    three; the fourth gives a buyer back what was bought."""

    PRIVACY = "privacy"
    TERMS = "terms"
    PAYSUPPORT = "paysupport"
    ACCESS = "acesso"


_ALIASES: Final = {"access": BuiltinCommand.ACCESS}
# A flow's own command of one of these names is never asked for.
RESERVED: Final = frozenset({START, *BuiltinCommand, *_ALIASES})


def command_of(text: str) -> str | None:
    """The command a text begins with, in lower case: `menu` of `/Menu`, `/menu@loja_bot`, `/menu now`."""
    words = text.strip().split(maxsplit=1)
    if not words or not words[0].startswith("/"):
        return None
    return words[0][1:].split("@", 1)[0].casefold() or None


def builtin_command(answer: Answered) -> BuiltinCommand | None:
    """The command of every bot that this message is, if it is one."""
    command = command_of(answer.text) if answer.kind is AnswerKind.TEXT else None
    if command is None:
        return None
    return _ALIASES.get(command) or next((one for one in BuiltinCommand if one == command), None)


def commanded_step(flow: Flow, text: str) -> str | None:
    """Where a command of the flow's own leads."""
    command = command_of(text)
    if command is None or command in RESERVED:
        return None
    return next((one.target_step for one in flow.document.triggers if written_command(one) == command), None)


def keyword_step(flow: Flow, text: str) -> str | None:
    """Where a keyword of the flow's own leads, case and accents aside; the first that fits wins."""
    if not text or command_of(text) is not None:
        return None
    said = keyword_form(text)
    return next((one.target_step for one in flow.document.triggers if one.keyword and _fits(one, said)), None)


def written_command(trigger: Trigger) -> str | None:
    """The trigger's command as it is compared, without the slash."""
    return trigger.command.strip().lstrip("/").casefold() if trigger.command else None


def _fits(trigger: Trigger, said: str) -> bool:
    keyword = keyword_form(trigger.keyword or "")
    if trigger.match == "equals":
        return said == keyword
    # Whole words: `pix` is in "quero pagar por PIX!", not in "pixel".
    return f" {keyword} " in f" {said} "


def keyword_form(text: str) -> str:
    """The folded words with one space between them; a text without any, such as an emoji, as it is."""
    folded = fold(text)
    return " ".join("".join(c if c.isalnum() else " " for c in folded).split()) or folded
