"""The kernel's periodic tasks."""

from celery import shared_task

from bots import partitions
from bots.api.idempotency import forget_old_answers
from bots.outbox.maintenance import purge_keys
from bots.services import chats
from bots.task_base import ScopedTask


@shared_task(base=ScopedTask, name="bots.tasks.maintain_partitions")
def maintain_partitions() -> None:
    partitions.maintain()
    purge_keys()
    forget_old_answers()


@shared_task(base=ScopedTask, name="bots.tasks.check_chats")
def check_chats() -> None:
    """Every day: what may the bots do in their groups and channels?"""
    chats.check_chats()
