"""Pages for machines: alive, ready, and the numbers."""

import threading

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from bots.tenancy import no_transaction
from config import metrics

# Once nothing is pending, nothing becomes pending while this process lives: its code does not change.
migrated = threading.Event()


@no_transaction
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers at all; asks nothing else, so a dead database restarts no web process."""
    return JsonResponse({"status": "ok"})


@no_transaction
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """503 without PostgreSQL or with pending migrations. Never for Redis: everything works without it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        pending = pending_migrations()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "reason": "database"}, status=503, headers={"Retry-After": "2"})
    if pending:
        return JsonResponse({"status": "unavailable", "reason": "migrations", "pending": pending}, status=503)
    return JsonResponse({"status": "ok"})


def pending_migrations() -> int:
    """How many migrations this code has and the database has not."""
    if migrated.is_set():
        return 0
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if pending == 0:
        migrated.set()
    return pending


@no_transaction
@require_safe
@never_cache
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Prometheus' page; with `METRICS_TOKEN` set, only for who shows it as a bearer token."""
    wanted = settings.METRICS_TOKEN
    if wanted and not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {wanted}"):
        return HttpResponse(status=401)
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
