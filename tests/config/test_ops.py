"""Pages for machines."""

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from prometheus_client.core import GaugeMetricFamily
from pytest_django import Settings

from config import metrics, ops
from config.metrics import DatabaseGauges


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    ops.migrated.clear()
    monkeypatch.setattr(metrics, "database_gauges", DatabaseGauges())


def refuse() -> None:
    """What Django's connection does while PostgreSQL is down."""
    raise OperationalError("connection refused")


def test_alive_asks_nobody(client: Client) -> None:
    # No database mark: a query would fail the test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_ready_with_a_migrated_database(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_pending(client: Client) -> None:
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "reason": "migrations", "pending": 1}


@pytest.mark.django_db
def test_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "reason": "database"})
    assert answer["Retry-After"] == "2"


@pytest.mark.django_db
def test_ready_without_redis(client: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/healthz", "/readyz", "/metrics"])
def test_only_reads(client: Client, page: str) -> None:
    assert client.post(page).status_code == 405


@pytest.mark.django_db
def test_metrics_tell_the_backlog(client: Client) -> None:
    page = client.get("/metrics").content.decode()
    for line in (
        "trilho_database_up 1.0",
        "trilho_inbox_waiting 0.0",
        "trilho_inbox_oldest_seconds 0.0",
        "trilho_outbox_oldest_seconds 0.0",
        "trilho_runs_active 0.0",
    ):
        assert line in page.splitlines()


@pytest.mark.django_db
def test_metrics_ask_the_database_at_most_every_ten_seconds() -> None:
    asked = []

    def read() -> list[GaugeMetricFamily]:
        asked.append(1)
        return [metrics.gauge("one", "One.", len(asked))]

    gauges = DatabaseGauges(read)
    first = [family.samples[0].value for family in gauges.collect()]
    second = [family.samples[0].value for family in gauges.collect()]
    assert first == second == [1, 1]
    assert len(asked) == 1


@pytest.mark.django_db
def test_metrics_stand_without_a_database() -> None:
    def read() -> list[GaugeMetricFamily]:
        raise OperationalError("gone")

    assert [(family.name, family.samples[0].value) for family in DatabaseGauges(read).collect()] == [
        ("trilho_database_up", 0)
    ]


@pytest.mark.django_db
def test_metrics_can_ask_for_a_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "let-me-in"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer let-me-in"}).status_code == 200
