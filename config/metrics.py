"""What `/metrics` says: the processes' own counters, and what only the database knows."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from bots.outbox.models import UNFINISHED, MessageState, OutboxMessage
from bots.tenancy import no_scope
from flows.models import InboxEvent, InboxState, Run, RunStatus
from payments.models import Payment

CACHE_SECONDS = 10.0


def gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    """A gauge without labels."""
    return GaugeMetricFamily(name, help_text, value=value)


def gauge_by(name: str, help_text: str, label: str, rows: Iterable[dict[str, Any]]) -> GaugeMetricFamily:
    """A gauge with one label, from rows of (label, count)."""
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for row in rows:
        family.add_metric([str(row[label])], row["count"])
    return family


def age(oldest: datetime | None) -> float:
    """Seconds since then; 0 where there is nothing."""
    return max((timezone.now() - oldest).total_seconds(), 0.0) if oldest else 0.0


def counted(model_rows: QuerySet[Any], label: str) -> Iterable[dict[str, Any]]:
    """How many rows for each value of `label`."""
    rows: Iterable[dict[str, Any]] = model_rows.values(label).order_by(label).annotate(count=Count("pk"))
    return rows


def backlog() -> list[GaugeMetricFamily]:
    """Reads the unfinished rows, which have indexes of their own: it costs the backlog, not the history."""
    waiting = InboxEvent.unscoped.filter(state=InboxState.NEW)
    unfinished = OutboxMessage.unscoped.filter(state__in=UNFINISHED)
    due = OutboxMessage.unscoped.filter(state=MessageState.NEW, due_at__lte=timezone.now())
    active = Run.unscoped.filter(status=RunStatus.ACTIVE)
    oldest_inbox = waiting.aggregate(oldest=Min("received_at"))["oldest"]
    oldest_due = due.aggregate(oldest=Min("due_at"))["oldest"]
    return [
        gauge("trilho_inbox_waiting", "Inbox rows that nobody has handled yet", waiting.count()),
        gauge("trilho_inbox_oldest_seconds", "Age of the oldest of them", age(oldest_inbox)),
        gauge_by("trilho_outbox_waiting", "Outbox rows not finished", "topic", counted(unfinished, "topic")),
        gauge("trilho_outbox_oldest_seconds", "How long the oldest due outbox row has been due", age(oldest_due)),
        gauge("trilho_runs_active", "Runs that wait for something", active.count()),
        gauge_by("trilho_payments", "Payments by status", "status", counted(Payment.unscoped.all(), "status")),
    ]


class DatabaseGauges(Collector):
    """Gauges from the database, asked at most every ten seconds however many ask for them."""

    def __init__(self, read: Callable[[], list[GaugeMetricFamily]] = backlog) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._cached: list[GaugeMetricFamily] = []
        self._until = 0.0

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._cached = self._fresh()
                self._until = time.monotonic() + CACHE_SECONDS
        yield from self._cached

    def _fresh(self) -> list[GaugeMetricFamily]:
        try:
            with no_scope(reason="numbers of the whole installation"):
                return [gauge("trilho_database_up", "Whether the database answered", 1), *self._read()]
        except DatabaseError:
            return [gauge("trilho_database_up", "Whether the database answered", 0)]


database_gauges = DatabaseGauges()


def exposition() -> bytes:
    """Everything, in Prometheus' text format; of all processes where they share a directory."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        processes = generate_latest(registry)
    else:
        processes = generate_latest(REGISTRY)
    own = CollectorRegistry()
    own.register(database_gauges)
    return processes + generate_latest(own)
