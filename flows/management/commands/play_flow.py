"""`manage.py play_flow`: a flow in the terminal. Of a file it needs no database."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from bots.tenancy import no_scope, organization_scope
from flows.engine.compile import Flow, VersionKind, compile_flow
from flows.engine.parse import parse_strict
from flows.engine.testing.terminal import HELP, Quit, Terminal
from flows.models import Flow as FlowRow
from flows.services.embedding import embedded_for

_PLAYED: Final = UUID(int=0xF << 64)


class Command(BaseCommand):
    """Plays the file, or the draft of a flow, line by line from the standard input."""

    help = "Plays a definition in the terminal: a JSON file, or the id of a flow (its draft).\n\n" + HELP
    # A file needs neither a database nor its migrations.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("flow", help="a JSON file, or a flow's id")
        parser.add_argument("--at", help="begin at this step")
        parser.add_argument("--name", default="Ana", help="the person's first name")

    def handle(self, *args: Any, **options: Any) -> None:
        flow = self._flow(options["flow"])
        if options["at"] is not None and options["at"] not in flow.steps:
            raise CommandError(f"There is no step {options['at']!r}. Steps: {', '.join(flow.steps)}")
        terminal = Terminal(flow, first_name=options["name"], at=options["at"])
        self._write(terminal.begin())
        interactive = sys.stdin.isatty()
        try:
            while True:
                if interactive:
                    self.stdout.write("> ", ending="")
                    self.stdout.flush()
                line = sys.stdin.readline()
                if not line:
                    return
                self._write(terminal.answer(line))
        except (Quit, KeyboardInterrupt):
            return

    def _write(self, lines: list[str]) -> None:
        for line in lines:
            self.stdout.write(line)

    def _flow(self, named: str) -> Flow:
        path = Path(named)
        document, embedded = self._stored(named) if not path.exists() and _is_id(named) else (self._read(path), None)
        for problem in parse_strict(document, locale="en").problems:
            place = f"{problem.step_id}.{problem.field}" if problem.step_id else problem.field
            self.stderr.write(f"left out: {place}: {problem.message}")
        flow = compile_flow(_PLAYED, document, kind=VersionKind.TEST, embedded=embedded)
        if flow.start_step_id is None:
            raise CommandError("There is nothing to play: no step, or no start step.")
        return flow

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}. Give a JSON file or a flow's id.") from error
        except ValueError as error:
            raise CommandError(f"{path} is no JSON: {error}") from error
        if not isinstance(document, dict):
            raise CommandError(f"{path} holds no flow definition: one JSON object is expected.")
        return document

    def _stored(self, flow_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The draft with its bot's fields, and the subflows that it would be published with."""
        with no_scope(reason="an operator plays any organization's flow, in memory"):
            row = FlowRow.unscoped.select_related("bot").filter(pk=flow_id, deleted_at=None).first()
        if row is None:
            raise CommandError(f"There is no flow {flow_id}.")
        document = {**row.draft, **row.bot.flow_fields}
        with organization_scope(row.organization_id):
            return document, embedded_for(document, bot_id=row.bot_id)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
