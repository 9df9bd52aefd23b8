"""The base of every Celery task: a clean log context, an organization's scope, fresh connections."""

import uuid
from typing import Any

import structlog
from celery import Task
from django.db import close_old_connections, connection

from bots.tenancy import organization_scope


class ScopedTask(Task):  # type: ignore[type-arg]
    """`@shared_task(base=ScopedTask)`. Called with `organization_id=` it works in that organization's scope; else in
    none, and what it calls enters one or says why not."""

    abstract = True
    ignore_result = True
    # A bell that is lost is rung again by the next sweep; one that is doubled finds nothing to do.
    acks_late = False

    def __call__(self, *args: Any, organization_id: str | uuid.UUID | None = None, **kwargs: Any) -> Any:
        # Called directly inside a transaction, it works in that.
        if not connection.in_atomic_block:
            close_old_connections()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(task=self.name)
        if organization_id is None:
            return super().__call__(*args, **kwargs)
        structlog.contextvars.bind_contextvars(organization_id=str(organization_id))
        with organization_scope(uuid.UUID(str(organization_id))):
            return super().__call__(*args, **kwargs)
