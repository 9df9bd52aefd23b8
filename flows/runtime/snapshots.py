"""What a drain knows of the bots it serves, read once per transaction, and the facts the engine gets from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from bots import statements
from flows.engine.state import BotFacts, ContactFacts, Facts, QuietHours
from flows.engine.texts import edits_in, language_of

# Raw, because every transaction of the drain asks it, and building it anew cost more than its answer.
_SNAPSHOTS = """
SELECT bot.id, bot.organization_id, bot.name, bot.username, bot.locale, organization.name, organization.time_zone,
       bot.support_contact, bot.texts, bot.welcome_message, bot.main_buttons, bot.redirect_buttons, bot.flow_enabled,
       flow.id, flow.closed, version.id, organization.quiet_from, organization.quiet_until, clock_timestamp()
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
    """A bot as it is in this transaction. `version_id` is the newest published version of its active flow; `texts` its
    own wordings by code and language."""

    id: UUID
    organization_id: UUID
    facts: BotFacts
    locale: str
    time_zone: str
    texts: Mapping[str, object]
    welcome_message: str
    main_buttons: tuple[Mapping[str, Any], ...]
    redirect_buttons: tuple[Mapping[str, Any], ...]
    flow_enabled: bool
    flow_id: UUID | None
    flow_closed: bool
    version_id: UUID | None
    quiet_hours: QuietHours | None

    @property
    def startable_version_id(self) -> UUID | None:
        """What a new run begins with; None is welcome mode."""
        return self.version_id if self.flow_enabled and not self.flow_closed else None

    def engine_facts(self, contact: ContactFacts, language_code: str) -> Facts:
        """What texts and conditions may see; built-in texts are in the contact's own language, where we have it."""
        locale = language_of(language_code, self.locale)
        return Facts(
            contact=contact,
            bot=self.facts,
            locale=locale,
            time_zone=self.time_zone,
            texts=edits_in(self.texts, locale),
            main_buttons=self.main_buttons,
            quiet_hours=self.quiet_hours,
        )


def bot_snapshots(bot_ids: Iterable[UUID]) -> tuple[dict[UUID, BotSnapshot], datetime]:
    """These bots, and the database's clock; one statement."""
    with connection.cursor() as cursor:
        statements.execute(cursor, _SNAPSHOTS, [list(bot_ids)])
        rows = cursor.fetchall()
    snapshots: dict[UUID, BotSnapshot] = {}
    now: datetime | None = None
    for row in rows:
        (bot_id, organization_id, name, username, locale, organization_name, time_zone, support, texts) = row[:9]
        (welcome_message, main_buttons, redirect_buttons, flow_enabled, flow_id, closed, version_id) = row[9:-3]
        quiet_from, quiet_until, now = row[-3:]
        snapshots[bot_id] = BotSnapshot(
            id=bot_id,
            organization_id=organization_id,
            facts=BotFacts(name=name, username=username, organization_name=organization_name, support_contact=support),
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
            quiet_hours=QuietHours(quiet_from, quiet_until)
            if quiet_from is not None and quiet_until is not None
            else None,
        )
    assert now is not None, "a conversation has a bot"
    return snapshots, now
