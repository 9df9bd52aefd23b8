"""The one source of primary keys: UUIDv7 from the real clock, so that a key's order is its time."""

import uuid
from datetime import UTC, datetime

import uuid_utils

TIMESTAMP_BITS = 128 - 48


def uuid7() -> uuid.UUID:
    """A new key; keys of one process rise strictly, also within a millisecond."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


def uuid7_floor(moment: datetime) -> uuid.UUID:
    """The smallest UUID whose time is `moment` (milliseconds): a bound for partitions and for time-ordered lists."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << TIMESTAMP_BITS)


def uuid7_time(key: uuid.UUID) -> datetime:
    """The moment a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((key.int >> TIMESTAMP_BITS) / 1000, tz=UTC)
