"""The drain's bell, and the nightly upkeep."""

from celery import shared_task

from bots.task_base import ScopedTask
from flows.runtime import maintenance, runner


@shared_task(base=ScopedTask, name=runner.DRAIN_TASK)
def drain(shard: int) -> None:
    runner.drain(shard)


@shared_task(base=ScopedTask, name="flows.purge")
def purge() -> None:
    maintenance.purge()
