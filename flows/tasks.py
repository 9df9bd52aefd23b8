"""The drain's bell, and the nightly upkeep."""

from celery import shared_task

from bots.task_base import ScopedTask
from flows.runtime import erasing, maintenance, runner
from flows.services.assets import purge_assets


@shared_task(base=ScopedTask, name=runner.DRAIN_TASK)
def drain(shard: int) -> None:
    runner.drain(shard)


@shared_task(base=ScopedTask, name="flows.purge")
def purge() -> None:
    maintenance.purge()
    erasing.purge_records()
    purge_assets()


@shared_task(base=ScopedTask, name="flows.erase_answers")
def erase_answers() -> None:
    erasing.erase_due()
