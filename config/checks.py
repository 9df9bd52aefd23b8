"""System checks: what is registered from above is there, before anybody is served."""

from collections.abc import Callable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from bots import ports as bots_ports
from bots.outbox.registry import declared_topics, handled_topics
from flows import ports as flows_ports
from flows.models import InboxSource
from payments import ports as payments_ports

AppConfigs = Sequence[AppConfig] | None

# Longest deadline of a call outside; a lease must outlive it, or two workers hold one row.
SHORTEST_LEASE_FOR_PRODUCTION = 20.0
# Sources whose rows are stored as they came and parsed by the worker.
RAW_SOURCES = (InboxSource.TELEGRAM,)


def check_ports(app_configs: AppConfigs, **_: Any) -> list[CheckMessage]:
    """Every port the lower apps call through is bound."""
    problems: list[CheckMessage] = []
    if not bots_ports.has_bot_platform():
        problems.append(Error("No app registered a BotPlatform.", id="trilho.E001"))
    problems += [
        Error(f"No app registered an event source for {source.value!r}.", id="trilho.E002")
        for source in RAW_SOURCES
        if flows_ports.event_source(source) is None
    ]
    if not flows_ports.has_grant_names():
        problems.append(Error("No app registered GrantNames.", id="trilho.E007"))
    if not payments_ports.has_stars_platform():
        problems.append(Error("No app registered a StarsPlatform.", id="trilho.E008"))
    if not flows_ports.catalogue_parts():
        problems.append(Error("No app registered a part of the catalogue.", id="trilho.E003"))
    return problems


def check_topics(app_configs: AppConfigs, **_: Any) -> list[CheckMessage]:
    """Every topic that is published has a handler, and the other way round."""
    missing = declared_topics() - handled_topics()
    unknown = handled_topics() - declared_topics()
    return [
        *(Error(f"Topic {topic!r} has no handler.", id="trilho.E004") for topic in sorted(missing)),
        *(Error(f"Topic {topic!r} is handled but declared nowhere.", id="trilho.E005") for topic in sorted(unknown)),
    ]


def check_settings(app_configs: AppConfigs, **_: Any) -> list[CheckMessage]:
    """Deadlines stand in the right order."""
    problems: list[CheckMessage] = []
    if not settings.FIELD_ENCRYPTION_KEYS:
        problems.append(Error("FIELD_ENCRYPTION_KEYS holds no key; tokens cannot be stored.", id="trilho.E006"))
    if not settings.DEBUG and settings.TRILHO_LEASE_SECONDS < SHORTEST_LEASE_FOR_PRODUCTION:
        problems.append(
            Warning(
                f"TRILHO_LEASE_SECONDS is {settings.TRILHO_LEASE_SECONDS:g}; a call may take longer.",
                id="trilho.W001",
            )
        )
    return problems


CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (check_ports, check_topics, check_settings)


def register_checks() -> None:
    """Hand the checks to Django. Safe to repeat."""
    for check in CHECKS:
        register(check, "trilho")
