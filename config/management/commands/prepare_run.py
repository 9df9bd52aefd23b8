"""`manage.py prepare_run`: everything the database needs before the processes start, in one interpreter."""

import io
import sys
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrates, grants roles and makes the demo data; prints what seed_demo printed. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        # Standard output holds the demo's JSON alone.
        call_command("migrate", interactive=False, verbosity=1, stdout=sys.stderr)
        call_command("grant_roles", stdout=sys.stderr)
        if "seed_demo" in get_commands():
            seeded = io.StringIO()
            call_command("seed_demo", "--json", stdout=seeded)
            self.stdout.write(seeded.getvalue())
