"""The `flow_event` log and the owner's counters, written behind the drain's back: never able to fail or slow a flow.

One bounded thread per process takes what was committed, writes its lines and adds up its counters; what does not fit is
dropped and counted. The lines hold codes, ids and amounts only, so they need no redaction. See docs/flow_events.md.
"""

import atexit
import logging
import os
import queue
import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, TextIO
from uuid import UUID

import orjson
import redis

from bots.redis import RedisUnavailable, call
from flows.runtime import metrics
from flows.runtime.output import FlowEvent, per_bot

EVENT_NAME: Final = "flow_event"
COUNTERS_KEPT_SECONDS: Final = 24 * 3600
WAITING_LIMIT: Final = 1_000
# What one write to Redis or to the log may hold.
BATCH_LIMIT: Final = 100

levels = logging.getLogger(EVENT_NAME)


def counter_key(name: str, bot_id: UUID) -> str:
    """Where a bot's counter of one event type is kept."""
    return f"metrics:flow:{name}:{bot_id}"


def rendered(event: FlowEvent) -> str:
    """One line of the log."""
    return orjson.dumps(
        {
            "event": EVENT_NAME,
            "level": "info",
            "event_type": event.event_type,
            "organization_id": event.organization_id,
            "bot_id": event.bot_id,
            "telegram_user_id": event.telegram_user_id,
            "run_id": event.run_id,
            "step_id": event.step_id,
            "timestamp": event.at,
            "data": event.data,
        },
        default=str,
    ).decode()


class Announcer:
    """The thread and its bounded queue; started by the first event, started anew after a fork."""

    def __init__(self, *, stream: TextIO | None = None) -> None:
        self.dropped = 0
        self._stream = stream
        self._reset()

    def _reset(self) -> None:
        self._waiting: queue.Queue[Sequence[FlowEvent] | None] = queue.Queue(WAITING_LIMIT)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def announce(self, events: Sequence[FlowEvent]) -> None:
        """Leaves committed events to the thread; returns at once, never raises."""
        if not events:
            return
        if self._thread is None:
            self._start()
        try:
            self._waiting.put_nowait(events)
        except queue.Full:
            self.dropped += len(events)

    def flush(self, timeout: float = 1.0) -> None:
        """Waits until what was announced so far is written, or the time is over: for the end of a process."""
        thread = self._thread
        if thread is None:
            return
        try:
            self._waiting.put(None, timeout=timeout)
        except queue.Full:
            return
        thread.join(timeout)
        self._thread = None

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="flow-events", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            batch = [self._waiting.get()]
            while len(batch) < BATCH_LIMIT and not self._waiting.empty():
                batch.append(self._waiting.get())
            events = [event for announced in batch if announced is not None for event in announced]
            self._write_lines(events)
            counts = per_bot(events)
            for (_bot_id, name), count in counts.items():
                metrics.TRANSITIONS.labels(name).inc(count)
            _add_up(counts)
            if None in batch:
                return

    def _write_lines(self, events: Sequence[FlowEvent]) -> None:
        if not events or not levels.isEnabledFor(logging.INFO):
            return
        stream = self._stream or sys.stderr
        try:
            stream.write("".join(f"{rendered(event)}\n" for event in events))
            stream.flush()
        except (OSError, ValueError, TypeError):
            self.dropped += len(events)


def _add_up(counts: Mapping[tuple[UUID, str], int]) -> None:
    """Adds to the bots' counters in one round trip; Redis gone, the numbers are lost and nothing else."""
    if not counts:
        return

    def add(client: redis.Redis) -> object:
        pipeline = client.pipeline(transaction=False)
        for (bot_id, name), count in counts.items():
            key = counter_key(name, bot_id)
            pipeline.incrby(key, count)
            pipeline.expire(key, COUNTERS_KEPT_SECONDS)
        return pipeline.execute()

    try:
        call(add)
    except RedisUnavailable:
        return


def counts_of(bot_id: UUID, names: Sequence[str]) -> Counter[str]:
    """A bot's counters of the last 24 hours; raises RedisUnavailable."""
    values = call(lambda client: client.mget([counter_key(name, bot_id) for name in names]))
    return Counter({name: int(value) for name, value in zip(names, values, strict=True) if value is not None})


announcer = Announcer()
atexit.register(announcer.flush)
# The thread does not survive a fork.
os.register_at_fork(after_in_child=announcer._reset)
