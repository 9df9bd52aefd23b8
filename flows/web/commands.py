"""The commands and keywords of a bot, and what each does to somebody who is inside the flow."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bots.models import Bot
from flows import selectors
from flows.engine.commands import RESERVED, BuiltinCommand, written_command
from flows.engine.definition import FlowDocument, OnStart, Trigger
from flows.engine.parse import parse_lenient
from flows.engine.texts import BuiltinText


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One line of the table. `text` is the built-in text that answers, if one does."""

    said: str
    does: str
    inside: str
    text: BuiltinText | None = None


def commands_of(bot: Bot) -> list[CommandRow]:
    """`/start`, the active flow's own, then those of every bot."""
    definition: dict[str, Any] | None = selectors.active_definition(bot)
    document = parse_lenient(definition).document if definition else FlowDocument()
    own = [_own(trigger) for trigger in document.triggers if written_command(trigger) not in RESERVED]
    return [_start(document, has_flow=definition is not None), *own, *_of_every_bot()]


def _start(document: FlowDocument, *, has_flow: bool) -> CommandRow:
    if not has_flow:
        return CommandRow("/start", _("Shows the welcome and its buttons"), _("Whoever is inside a flow finishes it."))
    if document.on_start is OnStart.RESUME:
        inside = _("Says the present step again.")
    else:
        inside = _("Begins again, unless something is paid and not delivered yet.")
    return CommandRow("/start", _("Begins the flow"), inside)


def _own(trigger: Trigger) -> CommandRow:
    leads = _("Goes to the step “%(step)s”") % {"step": trigger.target_step}
    command = written_command(trigger)
    if command is not None:
        return CommandRow(f"/{command}", leads, _("Leaves the present step. What was charged or paid stays so."))
    inside = _("Only where the present step does not take the message, and never during a payment.")
    return CommandRow(f"“{trigger.keyword}”", leads, inside)


def _of_every_bot() -> list[CommandRow]:
    nothing = _("Nothing: the person stays at the same step.")
    return [
        CommandRow(
            f"/{BuiltinCommand.ACCESS}", _("Delivers again what the person bought"), nothing, BuiltinText.ACCESS_FOUND
        ),
        CommandRow(
            f"/{BuiltinCommand.PAYSUPPORT}",
            _("Tells the support contact and puts the chat on the team's list"),
            nothing,
            BuiltinText.PAYSUPPORT,
        ),
        CommandRow(f"/{BuiltinCommand.TERMS}", _("Tells the terms"), nothing, BuiltinText.TERMS),
        CommandRow(f"/{BuiltinCommand.PRIVACY}", _("Tells about privacy"), nothing, BuiltinText.PRIVACY),
    ]
