"""`manage.py replay_run`: makes a stored run again from its inbox rows, and says whether it is the same."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from bots.tenancy import no_scope, organization_scope
from flows.models import Run
from flows.services.replaying import CannotReplay, replay_run


class Command(BaseCommand):
    """Exit code 0: the same. 1: it differs, and the first difference is printed. 2: it cannot be replayed."""

    help = "Replays a run from its inbox rows and compares state, timeline and outbox with what is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", type=UUID, help="the run's id")

    def handle(self, *args: Any, **options: Any) -> None:
        with no_scope(reason="an operator replays a run of any organization"):
            organization_id = Run.unscoped.filter(pk=options["run"]).values_list("organization_id", flat=True).first()
        if organization_id is None:
            raise CommandError(f"There is no run {options['run']}.", returncode=2)
        with organization_scope(organization_id):
            try:
                replay = replay_run(options["run"])
            except CannotReplay as error:
                raise CommandError(f"The run cannot be replayed: {error}.", returncode=2) from error
        if replay.mismatch is not None:
            shown = (
                json.dumps(one, ensure_ascii=False, default=str)
                for one in (replay.mismatch.stored, replay.mismatch.replayed)
            )
            stored, replayed = shown
            raise CommandError(
                f"The run differs, first at {replay.mismatch.what}:\n  stored   {stored}\n  replayed {replayed}"
            )
        self.stdout.write(
            f"The same: {replay.events} events, revision {replay.revision}, {replay.entries} timeline entries, "
            f"{replay.messages} outbox messages."
        )
