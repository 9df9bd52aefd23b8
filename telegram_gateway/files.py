"""Uploaded files on their way to Telegram: sent whole once per bot, by the id Telegram gave them ever after.

Everything here runs on the outbox's event loop, so that a look and what follows from it are one; only reading the
database and the storage happens in threads.
"""

import asyncio
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from django.db import close_old_connections, connection

from bots import statements
from bots.ids import uuid7
from bots.outbox.loop import Threads
from flows.engine.effects import OutMediaType
from flows.selectors import StoredFile, file_to_send
from flows.services import read_file
from telegram_gateway.models import TelegramFile
from telegram_gateway.protocol.files import SentFile, sent_file
from telegram_gateway.protocol.render import Upload
from telegram_gateway.selectors import MOST_BOTS, FactsCache, SendingBot

logger = structlog.get_logger(__name__)

# An id stays good for years, and one that is not is found out by sending it.
FACTS_SECONDS: Final = 300.0
# Each is held in memory whole while it leaves.
MOST_UPLOADS: Final = 4

# Apart, so that nobody's question waits behind a large file.
_fact_threads = Threads(1, "telegram-file-facts")
_file_threads = Threads(MOST_UPLOADS, "telegram-files")


@dataclass(frozen=True, slots=True)
class FileKey:
    """One uploaded file, sent as one kind by one bot of Telegram's."""

    organization_id: uuid.UUID
    bot_id: uuid.UUID
    telegram_bot_id: int
    asset: str
    kind: OutMediaType


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file: where it lies (None: nowhere), and its id at Telegram (None: not sent yet)."""

    stored: StoredFile | None
    known: SentFile | None = None


class FileGone(Exception):
    """The storage does not have it any more."""


class StorageAway(Exception):
    """The storage does not answer."""


def key_of(bot: SendingBot, asset: str, kind: OutMediaType) -> FileKey:
    """A bot's key for a file."""
    return FileKey(bot.organization_id, bot.id, bot.telegram_id, asset, kind)


def _load(key: FileKey) -> FileFacts | None:
    stored = file_to_send(key.organization_id, key.asset)
    if stored is None:
        return FileFacts(None)
    row = TelegramFile.unscoped.filter(
        bot_id=key.bot_id, telegram_bot_id=key.telegram_bot_id, asset_id=key.asset, kind=key.kind.value
    ).first()
    return FileFacts(stored, SentFile(OutMediaType(row.sent_as), row.file_id, row.file_unique_id) if row else None)


file_facts: Final = FactsCache(_load, seconds=FACTS_SECONDS)
# What this process heard from Telegram itself: truer than a row that was read meanwhile.
_learnt: Final[dict[FileKey, SentFile]] = {}
_refused: Final[dict[FileKey, SentFile]] = {}
_on_their_way: Final[set[FileKey]] = set()


async def facts_of(key: FileKey) -> FileFacts:
    """What is known of a file; read in a thread where this process does not know it."""
    facts = file_facts.cached(key) or await _read(key, time.monotonic())
    known = _learnt.get(key) or facts.known
    return replace(facts, known=None if known == _refused.get(key) else known)


async def after_refusal(key: FileKey, refused: SentFile) -> FileFacts:
    """What is known of a file whose id Telegram refused: the newer id another process may have left, or none."""
    if _refused.get(key) != refused:
        logger.warning("telegram_file_id_refused", bot_id=str(key.bot_id), asset_id=key.asset, kind=key.kind.value)
        _make_room(_refused)
        _refused[key] = refused
        if _learnt.get(key) == refused:
            del _learnt[key]
        await _read(key, time.monotonic())
    return await facts_of(key)


async def _read(key: FileKey, asked: float) -> FileFacts:
    def read() -> FileFacts:
        close_old_connections()
        try:
            # What another message's question has brought since is as good.
            return file_facts.get(key, no_older_than=time.monotonic() - asked) or FileFacts(None)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_fact_threads, read)


def _make_room(kept: dict[FileKey, SentFile]) -> None:
    if len(kept) >= MOST_BOTS:
        kept.clear()


def forget_everything() -> None:
    """Know nothing that was learnt before."""
    file_facts.clear()
    _learnt.clear()
    _refused.clear()


def is_on_its_way(key: FileKey) -> bool:
    """Whether another message of this process carries the file to Telegram now, or too many carry others: whoever
    comes meanwhile is given back, and sends the id a moment later."""
    return key in _on_their_way or len(_on_their_way) >= MOST_UPLOADS


@contextmanager
def carrying(key: FileKey) -> Iterator[None]:
    """While this message carries the file."""
    _on_their_way.add(key)
    try:
        yield
    finally:
        _on_their_way.discard(key)


async def upload_of(key: FileKey, stored: StoredFile) -> Upload:
    """The file as it is sent whole. Raises FileGone or StorageAway."""
    try:
        content = await asyncio.get_running_loop().run_in_executor(_file_threads, read_file, stored.stored)
    except FileNotFoundError:
        logger.error("asset_file_missing", asset_id=key.asset)
        raise FileGone from None
    except Exception as error:  # noqa: BLE001 - each storage has errors of its own
        logger.warning("asset_storage_away", asset_id=key.asset, error=type(error).__name__)
        raise StorageAway from None
    return Upload(key.kind.value, stored.name, stored.mime, content)


def learn(key: FileKey, answer: Mapping[str, Any]) -> SentFile | None:
    """The id in the answer to a send, known to this process from now on; `remember` tells the others."""
    known = sent_file(answer, key.kind)
    if known is not None:
        _make_room(_learnt)
        _learnt[key] = known
    return known


# Whoever writes last is right: any id that Telegram gave is good, and a later one replaces one that it refused.
_REMEMBER: Final = """
INSERT INTO telegram_gateway_telegramfile
    (id, organization_id, bot_id, telegram_bot_id, asset_id, kind, sent_as, file_id, file_unique_id)
SELECT %(id)s, asset.organization_id, %(bot_id)s, %(telegram_bot_id)s, asset.id, %(kind)s, %(sent_as)s, %(file_id)s,
       %(file_unique_id)s
FROM flows_asset asset WHERE asset.id = %(asset)s AND asset.organization_id = %(organization_id)s
ON CONFLICT (bot_id, telegram_bot_id, asset_id, kind) DO UPDATE
SET sent_as = excluded.sent_as, file_id = excluded.file_id, file_unique_id = excluded.file_unique_id,
    updated_at = clock_timestamp()
"""


def remember(key: FileKey, known: SentFile) -> None:
    """Write the id down for every process. Safe to repeat and to do twice at once; nothing for a file that is gone."""
    with connection.cursor() as cursor:
        statements.execute(
            cursor,
            _REMEMBER,
            {
                "id": uuid7(),
                "organization_id": key.organization_id,
                "bot_id": key.bot_id,
                "telegram_bot_id": key.telegram_bot_id,
                "asset": uuid.UUID(key.asset),
                "kind": key.kind.value,
                "sent_as": known.kind.value,
                "file_id": known.file_id,
                "file_unique_id": known.file_unique_id,
            },
        )
