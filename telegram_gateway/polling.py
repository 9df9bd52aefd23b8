"""Long polling for bots without a public address: one task per bot, all on one event loop."""

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone
from telegram.error import TelegramError

from telegram_gateway import services
from telegram_gateway.client import CALL_DEADLINE, bot_for
from telegram_gateway.errors import BOT_AWAY, Trouble, Verdict, classify
from telegram_gateway.leases import LEASE, OFFSET_LIFE, LeaseLost, PolledBot, hold_leases, release_leases, store_batch
from telegram_gateway.protocol.render import ApiCall
from telegram_gateway.protocol.updates import ALLOWED_UPDATES, split_batch

logger = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

LOOK_SECONDS: Final = 1.0
LONG_POLL_SECONDS: Final = 25
BATCH: Final = 100
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
# Whoever else uses the token will not stop within seconds.
CONFLICT_PAUSE: Final = 15.0
THREADS: Final = 4


class Poller:
    """Polls every bot that is to be polled and that no other poller holds, until told to stop."""

    def __init__(
        self, *, lease: timedelta = LEASE, look_seconds: float = LOOK_SECONDS, long_poll: int = LONG_POLL_SECONDS
    ) -> None:
        self.holder = uuid.uuid4()
        self.lease = lease
        self.look_seconds = look_seconds
        self.long_poll = long_poll
        self._tasks: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._tokens: dict[uuid.UUID, str] = {}
        self._stop = asyncio.Event()
        self._threads = ThreadPoolExecutor(THREADS, "polling")

    def stop(self) -> None:
        """End `run`; called on its loop."""
        self._stop.set()

    async def run(self) -> None:
        """Poll until stopped; what was fetched and not stored is left for the next poller to fetch again."""
        try:
            while not self._stop.is_set():
                await self._look()
                try:
                    async with asyncio.timeout(self.look_seconds):
                        await self._stop.wait()
                except TimeoutError:
                    continue
        finally:
            await self._end(list(self._tasks))
            await self._release()
            self._threads.shutdown()

    async def _look(self) -> None:
        """Begin with bots that are new here, leave those that are not ours any more."""
        try:
            held = await self._in_thread(partial(hold_leases, self.holder, lease=self.lease))
        except (DatabaseError, InterfaceError) as error:
            # The leases run out meanwhile, and `store_batch` believes only the database.
            logger.warning("polling_database_away", error=type(error).__name__)
            return
        tokens = {bot.id: bot.token for bot in held}
        await self._end([bot_id for bot_id in self._tasks if tokens.get(bot_id) != self._tokens[bot_id]])
        for bot in held:
            task = self._tasks.get(bot.id)
            if task is None or task.done():
                self._tasks[bot.id] = asyncio.create_task(self._poll(bot))
                self._tokens[bot.id] = bot.token

    async def _end(self, bot_ids: list[uuid.UUID]) -> None:
        tasks = [self._tasks.pop(bot_id) for bot_id in bot_ids]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _release(self) -> None:
        try:
            await self._in_thread(partial(release_leases, self.holder))
        except (DatabaseError, InterfaceError) as error:
            logger.warning("polling_leases_left", error=type(error).__name__)

    async def _poll(self, bot: PolledBot) -> None:
        """Fetch and store, again and again. Ends when the lease or the token is gone; `_look` begins anew."""
        pause = FIRST_PAUSE
        while True:
            try:
                fetched = await self._fetch(bot)
                if fetched:
                    bot = await self._store(bot, fetched)
                pause = FIRST_PAUSE
                continue
            except LeaseLost:
                logger.info("polling_lease_lost", bot_id=str(bot.id))
                return
            except TelegramError as error:
                verdict = classify(error)
                wait = await self._after_error(bot, verdict, pause)
                if wait is None:
                    return
            except (DatabaseError, InterfaceError) as error:
                logger.warning("polling_not_stored", bot_id=str(bot.id), error=type(error).__name__)
                wait = pause
            await asyncio.sleep(wait)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _fetch(self, bot: PolledBot) -> object:
        parameters = {
            "offset": bot.offset if _is_recent(bot.last_update_at) else 0,
            "timeout": self.long_poll,
            "limit": BATCH,
            "allowed_updates": [kind.value for kind in ALLOWED_UPDATES],
        }
        return await bot_for(bot.token).call(ApiCall("getUpdates", parameters), deadline=self.long_poll + CALL_DEADLINE)

    async def _store(self, bot: PolledBot, fetched: object) -> PolledBot:
        batch = split_batch(fetched)
        # Not to be cut in the middle: the thread would go on without anybody to hear what became of it.
        storing = asyncio.ensure_future(self._in_thread(partial(store_batch, self.holder, bot, batch)))
        offset = await asyncio.shield(storing)
        return replace(bot, offset=offset, last_update_at=timezone.now())

    async def _after_error(self, bot: PolledBot, verdict: Verdict, pause: float) -> float | None:
        """How long to wait; None if this bot is not to be polled any more."""
        if verdict.trouble in BOT_AWAY:
            note = partial(services.note_bot_revoked, bot_id=bot.id, token=bot.token, error=verdict.error)
            await self._in_thread(note)
            return None
        if verdict.trouble is Trouble.FLOOD and verdict.retry_after:
            return verdict.retry_after.total_seconds()
        logger.warning("polling_failed", bot_id=str(bot.id), error=verdict.error)
        if verdict.trouble is Trouble.USED_ELSEWHERE:
            await self._in_thread(partial(services.note_error, bot.id, verdict.error))
            return CONFLICT_PAUSE
        return pause

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _on_fresh_connection, work)


def _on_fresh_connection(work: Callable[[], Answer]) -> Answer:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and timezone.now() - moment < OFFSET_LIFE
