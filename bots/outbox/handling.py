"""Calling handlers: coroutines all together on the event loop, functions in a few threads or the caller's own."""

import asyncio
import inspect
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from queue import SimpleQueue
from typing import cast

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.errors import DomainError
from bots.outbox.loop import outbox_loop
from bots.outbox.outcomes import outcome_of_error
from bots.outbox.registry import AsyncHandler, Claim, Dead, Outcome, RetryAt, SyncHandler, Topic, Unknown, topic_named
from bots.tenancy import bound_scope, organization_scope

logger = structlog.get_logger(__name__)

BEFORE_CALL = register("relay.before_call")
AFTER_CALL = register("relay.after_call")

# Functions wait for databases and gateways, each with a connection of its own.
THREADS = 8
# A call ends so long before its lease does, so that its outcome can still be written.
LEASE_MARGIN = 0.25
# A topic of a newer release: left for a worker that knows it.
UNKNOWN_TOPIC_DELAY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Finished:
    """A claim whose handler has answered."""

    claim: Claim
    outcome: Outcome


# None wakes whoever waits without an answer.
Answers = SimpleQueue[Finished | None]


class HandlerThreads:
    """The threads of functions, made at the first use in each process."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def get(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="outbox")
            return self._pool

    def stop(self) -> None:
        """Let the threads end, and with them their connections."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()


handler_threads = HandlerThreads()
os.register_at_fork(after_in_child=handler_threads._reset)


def start(claims: Sequence[Claim], answers: Answers, *, inline: bool) -> None:
    """Have every claim handled; each puts its outcome into `answers` once, whatever happens.

    `inline` calls functions one after the other in the calling thread, on its connection and in its transaction.
    """
    lease_ends = time.monotonic() + settings.TRILHO_LEASE_SECONDS
    waiting: list[tuple[Claim, Topic]] = []
    for claim in claims:
        topic = topic_named(claim.topic)
        refusal = _refusal(claim, topic)
        if refusal is not None:
            answers.put(Finished(claim, refusal))
            continue
        assert topic is not None
        if inspect.iscoroutinefunction(topic.handler):
            waiting.append((claim, topic))
        elif inline:
            answers.put(Finished(claim, _call(claim, topic)))
        else:
            handler_threads.get().submit(_call_in_thread, claim, topic, answers, lease_ends)
    if waiting:
        loop = outbox_loop.get()
        loop.call_soon_threadsafe(_start_on_loop, loop, waiting, answers)


def _refusal(claim: Claim, topic: Topic | None) -> Outcome | None:
    """An outcome that needs no call."""
    now = timezone.now()
    if claim.expires_at is not None and claim.expires_at <= now:
        return Dead("It was not worth doing any more.", "expired")
    if topic is None:
        logger.error("outbox_topic_unknown", topic=claim.topic)
        return RetryAt(now + UNKNOWN_TOPIC_DELAY, "No handler here knows this topic.", counts=False)
    return None


def _call(claim: Claim, topic: Topic) -> Outcome:
    crash_point(BEFORE_CALL)
    try:
        with organization_scope(claim.organization_id):
            outcome = cast(SyncHandler, topic.handler)(claim)
    except Exception as error:  # noqa: BLE001 - one bad message must not stop the others
        outcome = _failed(claim, error)
    crash_point(AFTER_CALL)
    return outcome


def _call_in_thread(claim: Claim, topic: Topic, answers: Answers, lease_ends: float) -> None:
    if time.monotonic() + deadline_of(topic) > lease_ends:
        answers.put(Finished(claim, RetryAt(timezone.now(), "No thread was free in time.", counts=False)))
        return
    outcome: Outcome = RetryAt(None, "The handler was cut off.")
    try:
        close_old_connections()
        outcome = _call(claim, topic)
    finally:
        close_old_connections()
        answers.put(Finished(claim, outcome))


_tasks: set[asyncio.Task[None]] = set()


def _start_on_loop(loop: asyncio.AbstractEventLoop, waiting: Sequence[tuple[Claim, Topic]], answers: Answers) -> None:
    for claim, topic in waiting:
        # The loop holds its tasks weakly: one without another holder may vanish in the middle.
        task = loop.create_task(_call_async(claim, topic, answers))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


async def _call_async(claim: Claim, topic: Topic, answers: Answers) -> None:
    outcome: Outcome = RetryAt(None, "The handler was cut off.")
    try:
        crash_point(BEFORE_CALL)
        with bound_scope(claim.organization_id):
            async with asyncio.timeout(deadline_of(topic)):
                outcome = await cast(AsyncHandler, topic.handler)(claim)
        crash_point(AFTER_CALL)
    except TimeoutError:
        outcome = RetryAt(None, "Timed out.") if topic.repeatable else Unknown("Timed out.")
    except Exception as error:  # noqa: BLE001 - one bad message must not stop the others
        outcome = _failed(claim, error)
    finally:
        answers.put(Finished(claim, outcome))


def deadline_of(topic: Topic) -> float:
    """Seconds for one call, always less than the lease."""
    lease: float = settings.TRILHO_LEASE_SECONDS
    return min(topic.deadline, lease * (1 - LEASE_MARGIN))


def _failed(claim: Claim, error: Exception) -> Outcome:
    fields = {"topic": claim.topic, "message_id": str(claim.id), "error": type(error).__name__}
    if isinstance(error, DomainError):
        logger.warning("outbox_refused", code=error.code, **fields)
    else:
        logger.error("outbox_handler_failed", exc_info=error, **fields)
    return outcome_of_error(error, now=timezone.now())
