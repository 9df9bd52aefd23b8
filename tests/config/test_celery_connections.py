"""The worker's connections to the database outlive its tasks, unless they are broken or too old."""

import time
from typing import Any

import pytest
from celery.fixups import django as celery_django
from django.db import connection

from bots.outbox.tasks import ring
from config.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


def run_a_task(*, as_configured: bool = True) -> None:
    """A task that looks into the database, with what Celery does for Django before and after it."""
    fixup: Any = celery_django.DjangoWorkerFixup(app)  # type: ignore[attr-defined]
    if not as_configured:
        fixup.db_reuse_max = None
    fixup.on_task_prerun(sender=ring)
    ring()
    fixup.on_task_postrun(sender=ring)


def session() -> object:
    connection.ensure_connection()
    return connection.connection


def test_a_task_leaves_the_connection_as_it_was() -> None:
    before = session()

    run_a_task()

    assert connection.connection is before


def test_unconfigured_celery_would_close_it() -> None:
    session()

    run_a_task(as_configured=False)

    assert connection.connection is None


def test_a_connection_that_is_too_old_is_replaced_before_a_task() -> None:
    before = session()
    connection.close_at = time.monotonic() - 1

    run_a_task()

    assert connection.connection is not before
