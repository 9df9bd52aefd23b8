"""What a turn could see besides its rows, kept so that a run can be replayed exactly: of the bot, and of the contact.

It is kept with the inbox row that begins a run, and with the first row of a turn that finds it changed; what a turn
itself makes of the contact is not kept, since a replay makes the same of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import time, timedelta
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from bots.models import Contact
from bots.storable import dump_json
from flows.engine.state import BotFacts, QuietHours
from flows.models import Conversation
from flows.runtime.live import KnownContact
from flows.runtime.snapshots import BotSnapshot

DIGEST_LENGTH: Final = 16
_CONTACT: Final = ("first_name", "last_name", "username", "language_code", "variables", "tags", "grants")


def journal_of(
    bot: BotSnapshot, contact: KnownContact, conversation: Conversation, welcome_version_id: UUID | None
) -> str:
    """All of it as JSON text; the same for the same."""
    return dump_json(
        {
            "bot": {
                "facts": asdict(bot.facts),
                "locale": bot.locale,
                "time_zone": bot.time_zone,
                "texts": bot.texts,
                "welcome_message": bot.welcome_message,
                "main_buttons": bot.main_buttons,
                "flow_enabled": bot.flow_enabled,
                "flow_closed": bot.flow_closed,
                "version_id": bot.version_id,
                "quiet": [bot.quiet_hours.begins.isoformat(), bot.quiet_hours.ends.isoformat()]
                if bot.quiet_hours
                else None,
            },
            "contact": {name: getattr(contact, name) for name in _CONTACT},
            "pinned": conversation.pinned_version_id,
            "ahead": conversation.clock_offset.total_seconds() if conversation.clock_offset else 0,
            "welcome": welcome_version_id,
        }
    )


def digest_of(journal: str) -> str:
    """What tells two of them apart."""
    return blake2b(journal.encode(), digest_size=DIGEST_LENGTH // 2).hexdigest()


def read_bot(journal: Mapping[str, Any], conversation: Conversation) -> BotSnapshot:
    """The bot as it was."""
    bot = journal["bot"]
    return BotSnapshot(
        id=conversation.bot_id,
        organization_id=conversation.organization_id,
        facts=BotFacts(**bot["facts"]),
        locale=bot["locale"],
        time_zone=bot["time_zone"],
        texts=bot["texts"],
        welcome_message=bot["welcome_message"],
        main_buttons=tuple(bot["main_buttons"]),
        redirect_buttons=(),
        flow_enabled=bot["flow_enabled"],
        flow_id=None,
        flow_closed=bot["flow_closed"],
        version_id=_id(bot["version_id"]),
        quiet_hours=QuietHours(*map(time.fromisoformat, bot["quiet"])) if bot["quiet"] else None,
    )


def read_contact(journal: Mapping[str, Any], contact: Contact) -> tuple[Contact, tuple[str, ...]]:
    """The contact as it was, with its open accesses; nothing is saved."""
    seen = journal["contact"]
    was = Contact(
        pk=contact.pk,
        organization_id=contact.organization_id,
        bot_id=contact.bot_id,
        telegram_user_id=contact.telegram_user_id,
        channel=contact.channel,
        **{name: seen[name] for name in _CONTACT if name not in ("grants", "tags")},
        tags=list(seen["tags"]),
    )
    return was, tuple(seen["grants"])


def read_conversation(journal: Mapping[str, Any], conversation: Conversation, contact: Contact) -> Conversation:
    """The conversation with nobody in it yet, on the clock it had."""
    was = Conversation(
        pk=conversation.pk,
        organization_id=conversation.organization_id,
        bot_id=conversation.bot_id,
        telegram_user_id=conversation.telegram_user_id,
        pinned_version_id=_id(journal["pinned"]),
        clock_offset=timedelta(seconds=journal["ahead"]) if journal["ahead"] else None,
    )
    was.contact = contact
    return was


def _id(value: str | None) -> UUID | None:
    return UUID(value) if value else None
