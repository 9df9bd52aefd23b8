"""`manage.py maintain_partitions`: makes the coming months of partitioned tables, drops those past retention."""

from typing import Any

from django.core.management.base import BaseCommand

from bots import partitions


class Command(BaseCommand):
    help = "Makes the coming monthly partitions and drops old ones. The scheduler does it every night. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        for line in partitions.maintain():
            self.stdout.write(line)
