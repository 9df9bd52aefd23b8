"""The one door in: whatever can move a conversation becomes an inbox row here."""

from typing import Protocol
from uuid import UUID

from bots.ids import uuid7
from bots.jobs import enqueue_on_commit
from bots.storable import dump_json
from flows.engine.codec import dump_event
from flows.engine.events import Event
from flows.models import InboxSource
from flows.runtime import inbox
from flows.runtime.incoming import START_WITH
from flows.runtime.runner import DRAIN_TASK, UPDATES_QUEUE
from flows.runtime.shards import shard_of


class InboxBot(Protocol):
    """As much of a bot as the inbox needs; the door to Telegram has it cached."""

    @property
    def id(self) -> UUID: ...
    @property
    def organization_id(self) -> UUID: ...


def post_raw_update(
    *,
    bot: InboxBot,
    telegram_user_id: int,
    external_id: str,
    body: bytes,
    source: InboxSource = InboxSource.TELEGRAM,
) -> bool:
    """Stores an update as it came, in one statement; False if it was there already. Safe to repeat.

    Joins the caller's transaction if there is one. The bell rings once the row is committed.
    """
    return _post(
        inbox.NewInboxRow(
            id=uuid7(),
            organization_id=bot.organization_id,
            bot_id=bot.id,
            telegram_user_id=telegram_user_id,
            run_id=None,
            shard=shard_of(bot.id, telegram_user_id),
            source=source.value,
            external_id=external_id,
            payload=body,
        )
    )


def post_event(
    *,
    organization_id: UUID,
    bot_id: UUID,
    telegram_user_id: int,
    event: Event,
    source: InboxSource,
    external_id: str,
    run_id: UUID | None = None,
    start_with: UUID | None = None,
) -> bool:
    """Stores an event of ours, in one statement; False if this (bot, source, external id) was there already.

    Joins the caller's transaction if there is one: the event then exists exactly if its cause does. Safe to repeat.
    `start_with`: beside a `Start`, the version to begin a run of.
    """
    payload = dump_event(event)
    if start_with is not None:
        payload[START_WITH] = str(start_with)
    return _post(
        inbox.NewInboxRow(
            id=uuid7(),
            organization_id=organization_id,
            bot_id=bot_id,
            telegram_user_id=telegram_user_id,
            run_id=run_id,
            shard=shard_of(bot_id, telegram_user_id),
            source=source.value,
            external_id=external_id,
            payload=dump_json(payload).encode(),
        )
    )


def _post(row: inbox.NewInboxRow) -> bool:
    fresh = inbox.insert_inbox(row)
    if fresh:
        enqueue_on_commit(DRAIN_TASK, queue=UPDATES_QUEUE, args=(row.shard,), coalesce_key=f"{DRAIN_TASK}:{row.shard}")
    return fresh
