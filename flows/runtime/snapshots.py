"""What a drain knows of the bots it serves, read once per transaction, and the facts the engine gets from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, Func, OuterRef, Subquery

from bots.models import Bot
from flows.engine.compile import VersionKind
from flows.engine.state import BotFacts, ContactFacts, Facts
from flows.models import Flow, FlowVersion


@dataclass(frozen=True, slots=True)
class BotSnapshot:
    """A bot as it is in this transaction. `version_id` is the newest published version of its active flow."""

    id: UUID
    organization_id: UUID
    facts: BotFacts
    locale: str
    time_zone: str
    texts: Mapping[str, str]
    welcome_message: str
    main_buttons: tuple[Mapping[str, Any], ...]
    redirect_buttons: tuple[Mapping[str, Any], ...]
    flow_enabled: bool
    flow_id: UUID | None
    flow_closed: bool
    version_id: UUID | None

    @property
    def startable_version_id(self) -> UUID | None:
        """What a new run begins with; None is welcome mode."""
        return self.version_id if self.flow_enabled and not self.flow_closed else None

    def engine_facts(self, contact: ContactFacts) -> Facts:
        """What texts and conditions may see."""
        return Facts(
            contact=contact,
            bot=self.facts,
            locale=self.locale,
            time_zone=self.time_zone,
            texts=self.texts,
            main_buttons=self.main_buttons,
        )


def bot_snapshots(bot_ids: Iterable[UUID]) -> tuple[dict[UUID, BotSnapshot], datetime]:
    """These bots, and the database's clock; one statement."""
    active = Flow.unscoped.filter(bot=OuterRef("pk"), active=True)
    newest = FlowVersion.unscoped.filter(
        bot=OuterRef("pk"), flow__active=True, kind=VersionKind.PUBLISHED.value
    ).order_by("-number")
    rows = Bot.unscoped.filter(pk__in=list(bot_ids)).values_list(
        "id",
        "organization_id",
        "name",
        "username",
        "locale",
        "organization__time_zone",
        "texts",
        "welcome_message",
        "main_buttons",
        "redirect_buttons",
        "flow_enabled",
        Subquery(active.values("id")[:1]),
        Subquery(active.values("closed")[:1]),
        Subquery(newest.values("id")[:1]),
        Func(function="clock_timestamp", output_field=DateTimeField()),
    )
    snapshots: dict[UUID, BotSnapshot] = {}
    now: datetime | None = None
    for row in rows:
        (bot_id, organization_id, name, username, locale, time_zone, texts) = row[:7]
        (welcome_message, main_buttons, redirect_buttons, flow_enabled, flow_id, closed, version_id, now) = row[7:]
        snapshots[bot_id] = BotSnapshot(
            id=bot_id,
            organization_id=organization_id,
            facts=BotFacts(name=name, username=username),
            locale=locale,
            time_zone=time_zone,
            texts=texts,
            welcome_message=welcome_message,
            main_buttons=tuple(main_buttons),
            redirect_buttons=tuple(redirect_buttons),
            flow_enabled=flow_enabled,
            flow_id=flow_id,
            flow_closed=bool(closed),
            version_id=version_id,
        )
    assert now is not None, "a conversation has a bot"
    return snapshots, now
