"""The relay's bell."""

from celery import shared_task

from bots.outbox import relay
from bots.outbox.models import Queue
from bots.outbox.publish import RING_TASK
from bots.task_base import ScopedTask


@shared_task(base=ScopedTask, name=RING_TASK)
def ring(queue: str = Queue.OUTBOX) -> None:
    relay.run_until_empty(Queue(queue))
