"""What a drain knows of the bots it serves, read once per transaction, and the facts the engine gets from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from bots import statements
from flows.engine.state import BotFacts, ContactFacts, Facts

# Raw, because every transaction of the drain asks it, and building it anew cost more than its answer.
_SNAPSHOTS = """
SELECT bot.id, bot.organization_id, bot.name, bot.username, bot.locale, organization.time_zone, bot.texts,
       bot.welcome_message, bot.main_buttons, bot.redirect_buttons, bot.flow_enabled, flow.id,
       flow.closed, version.id, clock_timestamp()
FROM bots_bot bot
JOIN bots_organization organization ON organization.id = bot.organization_id
LEFT JOIN flows_flow flow ON flow.bot_id = bot.id AND flow.active
LEFT JOIN LATERAL (
    SELECT id FROM flows_flowversion
    WHERE bot_id = bot.id AND flow_id = flow.id AND kind = 'published' ORDER BY number DESC LIMIT 1
) version ON true
WHERE bot.id = ANY(%s::uuid[])
"""


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
    with connection.cursor() as cursor:
        statements.execute(cursor, _SNAPSHOTS, [list(bot_ids)])
        rows = cursor.fetchall()
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
            texts=orjson.loads(texts),
            welcome_message=welcome_message,
            main_buttons=tuple(orjson.loads(main_buttons)),
            redirect_buttons=tuple(orjson.loads(redirect_buttons)),
            flow_enabled=flow_enabled,
            flow_id=flow_id,
            flow_closed=bool(closed),
            version_id=version_id,
        )
    assert now is not None, "a conversation has a bot"
    return snapshots, now
