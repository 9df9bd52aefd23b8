"""Celery: carries bells only, and hosts the sweeps in each worker process. Lose every message, and no work is lost."""

import os
import sys
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging
from django.conf import settings
from kombu import Queue

from config import logging
from config.sweep import SweepStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
os.environ.setdefault("TRILHO_PROCESS_ROLE", "runtime")

QUEUES = ("updates", "outbox", "payments", "timers", "bulk")

app = Celery("trilho")
# For every thread: the one that publishes bells is not the one that imported this.
app.set_default()
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    # A bell says "look now". Rung twice it costs a look; lost, the next sweep looks.
    task_acks_late=False,
    task_publish_retry=False,
    task_default_queue="updates",
    # Taken off the queue when read: a bell needs no acknowledgement, and each would cost Redis two transactions.
    task_queues=[Queue(name, no_ack=True) for name in QUEUES],
    task_create_missing_queues=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    # Celery's part for Django would close the database connection before and after every task, and a new one costs
    # PostgreSQL a process and plans every statement of a drain anew. Ours (`bots.task_base`) closes what is too old.
    CELERY_DB_REUSE_MAX=sys.maxsize,
    # For ever: the sweeps go on meanwhile.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_connection_timeout=2,
    broker_transport_options={
        # Without a deadline on the socket, connections that went silent are never noticed.
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 5,
        "retry_on_timeout": False,
        "visibility_timeout": 300,
        "max_retries": 1,
        "global_keyprefix": "trilho:",
    }
    if settings.CELERY_BROKER_URL.startswith(("redis://", "rediss://"))
    else {},
    timezone="UTC",
    beat_schedule={
        "maintain-partitions": {
            "task": "bots.tasks.maintain_partitions",
            "schedule": crontab(minute="17", hour="3"),
            "options": {"queue": "bulk"},
        },
        "purge-flows": {
            "task": "flows.purge",
            "schedule": crontab(minute="27", hour="3"),
            "options": {"queue": "bulk"},
        },
        "erase-answers": {
            "task": "flows.erase_answers",
            "schedule": crontab(minute="7"),
            "options": {"queue": "bulk"},
        },
        "compare-books": {
            "task": "payments.tasks.compare_books",
            "schedule": crontab(minute="47", hour="4"),
            "options": {"queue": "bulk"},
        },
        "forget-gateway-notices": {
            "task": "payments.tasks.forget_deliveries",
            "schedule": crontab(minute="27", hour="3"),
            "options": {"queue": "bulk"},
        },
        "check-chats": {
            "task": "bots.tasks.check_chats",
            "schedule": crontab(minute="57", hour="4"),
            "options": {"queue": "bulk"},
        },
        "purge-telegram-updates": {
            "task": "telegram_gateway.purge_updates",
            "schedule": crontab(minute="37", hour="3"),
            "options": {"queue": "bulk"},
        },
    },
)
app.steps["worker"].add(SweepStep)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery would set up handlers of its own; the process's logs are one stream of JSON."""
    logging.configure(settings.LOGGING)
