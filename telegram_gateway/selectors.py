"""What the doors to Telegram must know of a bot, cached per process for seconds: nobody waits long for a change."""

import threading
import time
import uuid
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from bots.models import Bot, BotStatus

WEBHOOK_FACTS_SECONDS: Final = 30.0
SENDING_FACTS_SECONDS: Final = 5.0
# A new secret is believed at once, yet nobody can make us ask the database for each wrong one.
RECHECK_SECONDS: Final = 1.0
MOST_BOTS: Final = 10_000

Key = TypeVar("Key", bound=Hashable)
Facts = TypeVar("Facts")


class FactsCache(Generic[Key, Facts]):
    """Values that may be a little old. What is not there (None) is never kept."""

    def __init__(self, load: Callable[[Key], Facts | None], *, seconds: float) -> None:
        self._load = load
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: dict[Key, tuple[float, Facts]] = {}

    def get(self, key: Key, *, no_older_than: float | None = None) -> Facts | None:
        """The facts of a key, at most so many seconds old; one statement if they must be read."""
        found = self._known.get(key)
        if found and time.monotonic() - found[0] < (self._seconds if no_older_than is None else no_older_than):
            return found[1]
        facts = self._load(key)
        with self._lock:
            if facts is None:
                self._known.pop(key, None)
            else:
                if len(self._known) >= MOST_BOTS:
                    self._known.clear()
                self._known[key] = (time.monotonic(), facts)
        return facts

    def cached(self, key: Key) -> Facts | None:
        """The facts if they are at hand and fresh; touches no database."""
        found = self._known.get(key)
        return found[1] if found and time.monotonic() - found[0] < self._seconds else None

    def put(self, key: Key, facts: Facts) -> None:
        """What this process has just learnt."""
        with self._lock:
            self._known[key] = (time.monotonic(), facts)

    def forget(self, key: Key) -> None:
        """Read this key anew next time."""
        with self._lock:
            self._known.pop(key, None)

    def clear(self) -> None:
        """Read everything anew."""
        with self._lock:
            self._known.clear()


@dataclass(frozen=True, slots=True)
class WebhookBot:
    """A bot as its webhook sees it."""

    id: uuid.UUID
    organization_id: uuid.UUID
    secret_hash: str


@dataclass(frozen=True, slots=True)
class SendingBot:
    """A bot as whoever calls Telegram for it sees it."""

    id: uuid.UUID
    organization_id: uuid.UUID
    status: BotStatus
    paused_until: datetime | None
    token: str | None = field(repr=False)

    @property
    def telegram_id(self) -> int:
        """Whom the token speaks for at Telegram: its first part."""
        number = (self.token or "").partition(":")[0]
        return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0


def _load_webhook_bot(public_id: str) -> WebhookBot | None:
    rows = Bot.unscoped.filter(public_id=public_id).values_list("id", "organization_id", "webhook_secret_hash")
    found = rows.first()
    return WebhookBot(*found) if found else None


def _load_sending_bot(bot_id: uuid.UUID) -> SendingBot | None:
    bot = Bot.unscoped.filter(id=bot_id).only("id", "organization_id", "status", "paused_until", "token").first()
    if bot is None:
        return None
    return SendingBot(bot.id, bot.organization_id, BotStatus(bot.status), bot.paused_until, bot.token)


webhook_bots: Final = FactsCache(_load_webhook_bot, seconds=WEBHOOK_FACTS_SECONDS)
sending_bots: Final = FactsCache(_load_sending_bot, seconds=SENDING_FACTS_SECONDS)
