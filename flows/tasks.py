"""The drain's bell."""

from celery import shared_task

from bots.task_base import ScopedTask
from flows.runtime import runner


@shared_task(base=ScopedTask, name=runner.DRAIN_TASK)
def drain(shard: int) -> None:
    runner.drain(shard)
