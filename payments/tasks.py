"""Bells of the payments app: each says *look now* and carries nothing."""

from celery import shared_task

from bots.task_base import ScopedTask
from payments import services


@shared_task(base=ScopedTask, name="payments.tasks.process_webhooks")
def process_webhooks() -> None:
    services.process_deliveries()


@shared_task(base=ScopedTask, name="payments.tasks.compare_books")
def compare_books() -> None:
    """Every night: are our sums the gateways' sums, and do they tell us of payments by themselves?"""
    services.compare_books()
    services.tell_silent_gateways()


@shared_task(base=ScopedTask, name="payments.tasks.forget_deliveries")
def forget_deliveries() -> None:
    """Every night: gateways' notices that are old are let go."""
    services.forget_deliveries()


@shared_task(base=ScopedTask, name="payments.tasks.poll_due")
def poll_due() -> None:
    services.poll_due()
