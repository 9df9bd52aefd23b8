"""`manage.py grant_roles`: gives the app and runtime roles their rights; run it after every `migrate`."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from config.grants import grant_tables


class Command(BaseCommand):
    help = "Grants the app and runtime database roles what they need, as the owner. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            roles = grant_tables()
        self.stdout.write(f"granted: {', '.join(roles) or 'nobody (this server has one role for everything)'}")
