"""`manage.py export_flow_schema`: writes the JSON Schema of a flow document."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from flows.engine.schema import json_schema


class Command(BaseCommand):
    help = "Writes the JSON Schema (draft 2020-12) of a flow document to a file or to the standard output."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, help="The file to write; else the standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        text = json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
        if options["output"] is None:
            self.stdout.write(text, ending="")
        else:
            options["output"].write_text(text, encoding="utf-8")
