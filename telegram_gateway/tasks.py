"""Bells and upkeep of this app's own update table."""

from celery import shared_task

from bots.task_base import ScopedTask
from telegram_gateway import checkouts, memberships, services


@shared_task(base=ScopedTask, name=services.PROCESS_TASK)
def process_updates() -> None:
    services.process_updates()


@shared_task(base=ScopedTask, name=checkouts.PROCESS_TASK)
def process_checkouts() -> None:
    checkouts.process_checkouts()


@shared_task(base=ScopedTask, name=memberships.PROCESS_TASK)
def process_memberships() -> None:
    memberships.process_memberships()


@shared_task(base=ScopedTask, name="telegram_gateway.purge_updates")
def purge_updates() -> None:
    services.purge_updates()
