"""System checks: what is missing is said before anybody is served."""

import pytest
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings

from config import checks


def codes(found: list[CheckMessage]) -> list[str | None]:
    """The ids of the problems found."""
    return [problem.id for problem in found]


def test_everything_is_registered() -> None:
    assert run_checks(tags=["trilho"]) == []


def test_notices_a_port_nobody_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.ports.has_bot_platform", lambda: False)
    monkeypatch.setattr("flows.ports.event_source", lambda source: None)
    monkeypatch.setattr("flows.ports.has_grant_names", lambda: False)
    monkeypatch.setattr("flows.ports.catalogue_parts", tuple)
    assert codes(checks.check_ports(None)) == ["trilho.E001", "trilho.E002", "trilho.E007", "trilho.E003"]


def test_notices_topics_that_do_not_meet_their_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "declared_topics", lambda: frozenset({"a", "b"}))
    monkeypatch.setattr(checks, "handled_topics", lambda: frozenset({"b", "c"}))
    assert codes(checks.check_topics(None)) == ["trilho.E004", "trilho.E005"]


def test_notices_missing_keys_and_a_short_lease(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = []
    settings.TRILHO_LEASE_SECONDS = 2
    assert codes(checks.check_settings(None)) == ["trilho.E006", "trilho.W001"]
