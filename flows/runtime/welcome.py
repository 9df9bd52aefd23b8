"""Welcome mode's versions: one per bot and content, made when a drain first needs it."""

from collections import OrderedDict
from collections.abc import Iterable
from functools import partial
from threading import Lock
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from bots.ids import uuid7
from flows.engine.compile import VersionKind
from flows.engine.texts import edits_in
from flows.engine.welcome import welcome_document
from flows.runtime import bulk
from flows.runtime.content import content_hash
from flows.runtime.snapshots import BotSnapshot
from flows.runtime.version_cache import remember

CAPACITY: Final = 4_096

_known: OrderedDict[tuple[UUID, str], UUID] = OrderedDict()
_lock = Lock()


def welcome_versions(bots: Iterable[BotSnapshot]) -> dict[UUID, UUID]:
    """The welcome version of each of these bots; one statement for all that this process has not met yet.

    A bot is missing where another transaction is making the very same version.
    """
    found: dict[UUID, UUID] = {}
    missing: dict[UUID, tuple[BotSnapshot, str, dict[str, Any]]] = {}
    for bot in bots:
        # One version for everybody, so what it says itself is in the bot's language.
        texts = edits_in(bot.texts, bot.locale)
        document = welcome_document(
            bot.welcome_message, bot.main_buttons, bot.redirect_buttons, locale=bot.locale, texts=texts
        )
        digest = content_hash(document)
        version_id = _known.get((bot.id, digest))
        if version_id is not None:
            found[bot.id] = version_id
        else:
            missing[bot.id] = (bot, digest, document)
    if missing:
        made = bulk.ensure_welcome_versions(
            [
                {
                    "id": str(uuid7()),
                    "organization_id": str(bot.organization_id),
                    "bot_id": str(bot.id),
                    "content_hash": digest,
                    "definition": document,
                }
                for bot, digest, document in missing.values()
            ]
        )
        for bot_id, version_id in made.items():
            found[bot_id] = version_id
            _, digest, document = missing[bot_id]
            remember(version_id, document, kind=VersionKind.WELCOME, flow_id=None)
            # Only what is committed may be believed by the next drain.
            transaction.on_commit(partial(_know, (bot_id, digest), version_id), robust=True)
    return found


def _know(key: tuple[UUID, str], version_id: UUID) -> None:
    with _lock:
        _known[key] = version_id
        while len(_known) > CAPACITY:
            _known.popitem(last=False)


def forget_all() -> None:
    """For tests: the next drain is cold."""
    with _lock:
        _known.clear()
