"""The list of commands a bot shows: its own flow's, and those every bot answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from flows.engine import limits
from flows.engine.commands import RESERVED, START, BuiltinCommand, written_command
from flows.engine.definition import Trigger
from flows.engine.texts import ENGLISH, BuiltinText, builtin_text

_ENGLISH_ACCESS: Final = "access"


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line: the command without its slash, in lower case, and what it does."""

    command: str
    description: str


def menu_items(
    triggers: Iterable[Trigger], *, locale: str, texts: Mapping[str, str] | None = None
) -> tuple[MenuItem, ...]:
    """`/start`, the flow's own commands in its order, then the built-in ones; at most as many as Telegram takes."""

    def said(code: BuiltinText) -> str:
        return builtin_text(code, locale=locale, edits=texts)[: limits.TELEGRAM_COMMAND_DESCRIPTION]

    access = _ENGLISH_ACCESS if locale.lower().startswith(ENGLISH) else BuiltinCommand.ACCESS.value
    last = (
        MenuItem(access, said(BuiltinText.COMMAND_ACCESS)),
        MenuItem(BuiltinCommand.PAYSUPPORT.value, said(BuiltinText.COMMAND_PAYSUPPORT)),
        MenuItem(BuiltinCommand.TERMS.value, said(BuiltinText.COMMAND_TERMS)),
        MenuItem(BuiltinCommand.PRIVACY.value, said(BuiltinText.COMMAND_PRIVACY)),
    )
    own: dict[str, MenuItem] = {}
    for trigger in triggers:
        command = written_command(trigger)
        if command and command not in RESERVED:
            own.setdefault(command, MenuItem(command, trigger.description.strip() or command))
    room = limits.TELEGRAM_COMMANDS - len(last) - 1
    return (MenuItem(START, said(BuiltinText.COMMAND_START)), *list(own.values())[:room], *last)
