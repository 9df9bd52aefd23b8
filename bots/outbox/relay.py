"""The relay: takes due messages under a lease, has them handled outside any transaction, writes what came of it.

It promises: every message is handed to its handler at least once before it ends; twice only if a worker was lost, its
lease ran out or the outcome was not known; messages of one ordering key one after the other, in order. Any number of
relays may run. Nothing is remembered between two runs.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty
from typing import Any, TypeVar
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from bots import jobs
from bots.crashpoints import crash_point, register
from bots.outbox import claiming, handling, store
from bots.outbox.handling import Answers, Finished
from bots.outbox.metrics import count_lost, count_outcomes
from bots.outbox.models import MessageState, Queue
from bots.outbox.outcomes import record_of, settled
from bots.outbox.publish import bell_key
from bots.outbox.registry import Claim, Dead, Done, OnDone, Outcome, once_topics, topic_named
from bots.tenancy import no_scope

Written = TypeVar("Written")

logger = structlog.get_logger(__name__)

AFTER_CLAIM = register("relay.after_claim")
BEFORE_MARK = register("relay.before_mark")
BETWEEN_MARKS = register("relay.between_marks")
AFTER_MARK = register("relay.after_mark")

# How many messages one process handles at a time. Payments are handled by functions, each in a thread of its own.
IN_FLIGHT = {Queue.OUTBOX: 200, Queue.PAYMENTS: handling.THREADS, Queue.BULK: 100, Queue.CHECKOUT: 100}
# After the first answer others are awaited so long, to be written together.
GATHER_SECONDS = 0.004
# An outcome that cannot be written makes a duplicate, so the database is given time to come back.
WRITE_TRIES = 20
WRITE_PAUSE = 0.5


class Pump:
    """One run of the relay over one queue: claims while there is room, writes answers as they come, claims again."""

    def __init__(self, queue: Queue, *, limit: int, inline: bool = False) -> None:
        self.queue = queue
        self.limit = limit
        self.inline = inline
        self.answers: Answers = Answers()
        self.in_flight = 0
        self.claimed = 0
        # Something ended since the last look from the beginning: the next of its chat may stand before the place the
        # claims have come to.
        self.has_freed = False

    def run_batch(self) -> int:
        """Claim once and handle it to the end."""
        while self.claim() and not self.in_flight:
            # Only bots without anything due were looked at; there are others behind them.
            continue
        while self.in_flight:
            self.write(self.gather())
        return self.claimed

    def run(self, rung: Callable[[], bool]) -> int:
        """Go on until nothing is due and nothing is under way. A failing claim ends the claiming, not the writing."""
        more, failure = True, None
        while True:
            if failure is None and self.in_flight < self.limit and (rung() or more):
                try:
                    more = self.claim()
                except DatabaseError as error:
                    failure = error
            if not self.in_flight:
                if failure is not None:
                    raise failure
                if not more and not rung():
                    return self.claimed
                continue
            more = self.write(self.gather()) or more

    def claim(self) -> bool:
        """Fill up what is free; whether there may be more."""
        batch = claiming.claim(self.queue, limit=self.limit - self.in_flight)
        if batch.from_beginning:
            self.has_freed = False
        if batch.claims:
            crash_point(AFTER_CLAIM)
            self.in_flight += len(batch.claims)
            self.claimed += len(batch.claims)
            handling.start(batch.claims, self.answers, inline=self.inline)
        return batch.more or self.has_freed

    def gather(self) -> list[Finished]:
        """The next answers: waits for one, then a moment for others. Empty when it was woken to look for new rows."""
        first = self.answers.get()
        finished = [] if first is None else [first]
        until = time.monotonic() + GATHER_SECONDS
        with suppress(Empty):
            while len(finished) < self.in_flight:
                answer = self.answers.get(timeout=max(0.0, until - time.monotonic()))
                if answer is not None:
                    finished.append(answer)
        return finished

    def write(self, finished: Sequence[Finished]) -> bool:
        """Write outcomes; whether that may have freed the next message of a chat, or room was short."""
        if not finished:
            return False
        was_full = self.in_flight >= self.limit
        self.in_flight -= len(finished)
        write_outcomes(finished)
        freed = any(answer.claim.ordering_key for answer in finished)
        self.has_freed = self.has_freed or freed
        return was_full or freed


def write_outcomes(finished: Sequence[Finished]) -> None:
    """Write what came of these claims: all together, but those with something of their own to be written along, which
    have a transaction each. Only claims that are still ours change their row."""
    now = timezone.now()
    plain: list[tuple[Outcome, store.Record]] = []
    special: list[tuple[Finished, Outcome, store.Record]] = []
    for answer in finished:
        topic = topic_named(answer.claim.topic)
        outcome = settled(answer.claim, answer.outcome, topic, now=now)
        record = record_of(answer.claim, outcome, now=now)
        has_hook = isinstance(outcome, Dead) and topic is not None and topic.on_dead is not None
        if outcome.follow_up is not None or has_hook:
            special.append((answer, outcome, record))
        else:
            plain.append((outcome, record))
    crash_point(BEFORE_MARK)
    written = insistently(partial(_record_together, plain))
    for answer, outcome, record in special:
        crash_point(BETWEEN_MARKS)
        if insistently(partial(_record_with_hooks, outcome, record)):
            written |= {answer.claim.id}
    crash_point(AFTER_MARK)
    count_outcomes(
        [*(record for _outcome, record in plain), *(record for _answer, _outcome, record in special)], written
    )


def _record_together(answers: Sequence[tuple[Outcome, store.Record]]) -> frozenset[UUID]:
    """Write outcomes in one statement, and in the same transaction what their topics want of all that was done. If that
    fails, the outcomes alone: what happened outside has happened."""
    records = [record for _outcome, record in answers]
    wanted: dict[OnDone, list[tuple[Claim, Mapping[str, Any]]]] = {}
    for outcome, record in answers:
        topic = topic_named(record.claim.topic)
        if isinstance(outcome, Done) and topic is not None and topic.on_done is not None:
            wanted.setdefault(topic.on_done, []).append((record.claim, outcome.result))
    if not wanted:
        return store.record(records)
    try:
        with transaction.atomic(), no_scope(reason="the relay records outcomes of every organization together"):
            written = store.record(records)
            for on_done, done in wanted.items():
                on_done([one for one in done if one[0].id in written])
    except Exception as error:
        if isinstance(error, DatabaseError) and not connection.is_usable():
            raise
        logger.exception("outbox_follow_up_failed", messages=len(records))
        return store.record(records)
    return written


def _record_with_hooks(outcome: Outcome, record: store.Record) -> bool:
    """Write one outcome together with its follow-up and its topic's `on_dead`. If those fail, the outcome alone: what
    happened outside has happened."""
    try:
        with transaction.atomic():
            if not store.record([record]):
                return False
            with no_scope(reason="an outcome's follow-up"):
                _run_hooks(outcome, record)
    except DatabaseError:
        if not connection.is_usable():
            raise
        logger.exception("outbox_follow_up_failed", topic=record.claim.topic, message_id=str(record.claim.id))
        return bool(store.record([record]))
    except Exception:
        logger.exception("outbox_follow_up_failed", topic=record.claim.topic, message_id=str(record.claim.id))
        return bool(store.record([record]))
    return True


def _run_hooks(outcome: Outcome, record: store.Record) -> None:
    if outcome.follow_up is not None:
        outcome.follow_up()
    topic = topic_named(record.claim.topic)
    if isinstance(outcome, Dead) and topic is not None and topic.on_dead is not None:
        topic.on_dead(record.claim, outcome)
    if isinstance(outcome, Done) and topic is not None and topic.on_done is not None:
        topic.on_done([(record.claim, outcome.result)])


def insistently(write: Callable[[], Written]) -> Written:
    """Write, and again while the database is away: an outcome that is not written becomes a duplicate."""
    for remaining in reversed(range(WRITE_TRIES)):
        try:
            return write()
        except (OperationalError, InterfaceError):
            if not remaining or connection.in_atomic_block:
                raise
            logger.warning("outbox_write_postponed", remaining=remaining)
            connection.close()
            time.sleep(WRITE_PAUSE)
    raise AssertionError("unreachable")


class Gate:
    """Lets one pump run per queue and process. Whoever finds it taken leaves; the holder looks once more."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self._taken = threading.Lock()
        self._rung = False
        self._pump: Pump | None = None

    def ring(self) -> bool:
        """Answer a bell in this process, without a broker; False where nobody here hands out this queue."""
        self._rung = True
        if (pump := self._pump) is not None:
            pump.answers.put(None)
            return True
        return jobs.wake(sweep_name(self.queue))

    def run(self) -> int:
        """Ring, and pump until nothing is left unless somebody does already."""
        self._rung = True
        claimed = 0
        while self._rung:
            if not self._taken.acquire(blocking=False):
                if (pump := self._pump) is not None:
                    pump.answers.put(None)
                return claimed
            try:
                self._pump = Pump(self.queue, limit=IN_FLIGHT[self.queue])
                claimed += self._pump.run(self._take_ring)
            finally:
                self._pump = None
                self._taken.release()
        return claimed

    def _take_ring(self) -> bool:
        rung, self._rung = self._rung, False
        return rung


_gates = {queue: Gate(queue) for queue in Queue}
_next_reclaim: dict[Queue, float] = {}


def run_once(queue: Queue = Queue.OUTBOX, *, limit: int | None = None) -> int:
    """Take one batch of due messages and handle it in the calling thread (coroutines on the loop); answers how many
    were taken. For tests and commands: a worker calls `run_until_empty`."""
    with no_scope(reason="the relay serves every organization"):
        return Pump(queue, limit=limit or IN_FLIGHT[queue], inline=True).run_batch()


def run_until_empty(queue: Queue = Queue.OUTBOX) -> int:
    """Hand out everything that is due now; answers how many messages this call took. Returns at once where another
    thread of this process does it already."""
    with no_scope(reason="the relay serves every organization"):
        return _gates[queue].run()


def reclaim_lost(queue: Queue) -> int:
    """Give back what lost workers hold; answers how many rows."""
    lost = store.reclaim(queue, once=once_topics())
    for message_id, state in lost:
        logger.warning("outbox_worker_lost", message_id=str(message_id), queue=queue.value, state=state.value)
        if state is MessageState.DEAD:
            _tell_of_loss(message_id)
    count_lost(queue, len(lost))
    return len(lost)


def _tell_of_loss(message_id: UUID) -> None:
    """A message that took one worker after the other along is given up: whoever must be told of it is told."""
    try:
        with transaction.atomic(), no_scope(reason="the relay serves every organization"):
            claim = store.claim_of(message_id)
            topic = topic_named(claim.topic)
            if topic is not None and topic.on_dead is not None:
                topic.on_dead(claim, Dead("its workers were lost", "lost"))
    except Exception:
        if not connection.is_usable():
            raise
        logger.exception("outbox_follow_up_failed", message_id=str(message_id))


def sweep(queue: Queue) -> None:
    """What the sweep thread does every moment: needs neither Redis nor a broker. Lost workers are looked for at the
    sweep's own pace, however often it is woken."""
    now = time.monotonic()
    if now >= _next_reclaim.get(queue, 0.0):
        reclaim_lost(queue)
        _next_reclaim[queue] = now + settings.SWEEP_INTERVAL_MS / 1000 / 2
    run_until_empty(queue)


def sweep_name(queue: Queue) -> str:
    """The name its sweep is registered by."""
    return f"outbox.{queue.value}"


def register_sweeps() -> None:
    """Register each queue's sweep, which also answers its bell in the process it runs in."""
    for queue in Queue:
        # Broadcasts have a process of their own.
        roles = ("app",) if queue is Queue.BULK else ("runtime",)
        jobs.register_sweep(sweep_name(queue), partial(sweep, queue), roles=roles)
        jobs.answer_here(bell_key(queue), _gates[queue].ring)
