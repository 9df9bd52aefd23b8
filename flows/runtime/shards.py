"""Which shard a conversation is drained in."""

from uuid import UUID
from zlib import crc32

from django.conf import settings


def shard_of(bot_id: UUID, telegram_user_id: int) -> int:
    """The same for every row of a conversation, as long as `FLOW_SHARDS` stays the same.

    Rows written before it changed keep their old shard; they are found by the sweep, and the row lock keeps order.
    """
    return crc32(bot_id.bytes + telegram_user_id.to_bytes(8, "big", signed=True)) % int(settings.FLOW_SHARDS)
