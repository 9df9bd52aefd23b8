"""The drain: works off the unread inbox of a shard, many conversations per transaction, until nothing is left.

What makes it right are row locks, unique keys and revisions; the cache lock only spares work, and without Redis the
drain goes on without it. A bell that is lost, doubled or late changes nothing: the sweep finds the rows, and whoever
finds nothing leaves. Safe to run anywhere, at any time, several times at once.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.ids import uuid7
from bots.jobs import enqueue
from bots.models import Bot, NoticeKind
from bots.redis import RedisUnavailable, owned_lock, release
from bots.services.notices import notify
from bots.storable import dump_json
from bots.tenancy import no_scope
from flows.models import InboxState
from flows.models.inbox import MAX_SHARDS
from flows.runtime import inbox, metrics
from flows.runtime.inbox import Waiting
from flows.runtime.work import Key, Worked, set_head_aside, work, work_alone

log = structlog.get_logger(__name__)

DRAIN_TASK: Final = "flows.drain"
UPDATES_QUEUE: Final = "updates"

BATCH: Final = 100
MAX_ATTEMPTS: Final = 3
# One drain holds a shard this long at most, then rings for itself; a dead one's lock is gone soon after.
HOLD_SECONDS: Final = 1.5
LOCK_SECONDS: Final = 2 * HOLD_SECONDS

MARKED = register("drain.marked")
COUNTED = register("drain.attempt_counted")
BEFORE_RELEASE = register("drain.before_release")
AFTER_RELEASE = register("drain.after_release")

# Not the data's fault: the same rows are tried again by the next sweep, and nobody is blamed.
NOBODYS_FAULT: Final = (OperationalError, InterfaceError)


@dataclass(slots=True)
class DrainReport:
    """What one call did. `busy`: somebody else holds the shard."""

    events: int = 0
    conversations: int = 0
    failures: int = 0
    set_aside: int = 0
    transactions: int = 0
    busy: bool = False

    def add(self, worked: Worked) -> None:
        self.events += worked.events
        self.conversations += worked.conversations
        self.failures += len(worked.failures)
        self.set_aside += len(worked.output.alarms)
        self.transactions += 1


def drain(shard: int) -> DrainReport:
    """Works off everything unread in a shard; leaves at once if somebody else is at it."""
    with no_scope(reason="a drain serves the conversations of many organizations in one transaction"):
        return _Drain(shard).run()


def drain_all() -> DrainReport:
    """Every shard with unread rows, one after the other."""
    total = DrainReport()
    with no_scope(reason="the sweep looks at every organization's inbox"):
        shards = inbox.shards_waiting(MAX_SHARDS - 1)
    for shard in shards:
        report = drain(shard)
        total.events += report.events
        total.conversations += report.conversations
        total.failures += report.failures
        total.set_aside += report.set_aside
        total.transactions += report.transactions
        total.busy = total.busy or report.busy
    return total


def sweep() -> DrainReport:
    """What the sweep thread runs: counts the attempts of workers that died, then drains what is unread."""
    with no_scope(reason="dead drains may have held any organization's rows"):
        inbox.count_dead_drains()
    return drain_all()


class _Drain:
    """One call: what it has done, and which conversations it need not look at again."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.report = DrainReport()
        self.skip: set[Key] = set()
        self.until = time.monotonic() + HOLD_SECONDS

    def run(self) -> DrainReport:
        """Lock, work, unlock, look once more: a row that came while others were worked off rang for nobody."""
        while True:
            token = self._lock()
            if self.report.busy:
                return self.report
            try:
                self._work_off()
                crash_point(BEFORE_RELEASE)
            finally:
                if token is not None:
                    self._unlock(token)
            crash_point(AFTER_RELEASE)
            if not inbox.waiting(self.shard, limit=1, skip=self.skip):
                return self.report
            if time.monotonic() >= self.until:
                enqueue(DRAIN_TASK, queue=UPDATES_QUEUE, args=(self.shard,), coalesce_key=f"{DRAIN_TASK}:{self.shard}")
                return self.report

    def _lock(self) -> str | None:
        try:
            token = owned_lock(self._key, LOCK_SECONDS)
        except RedisUnavailable:
            return None
        self.report.busy = token is None
        return token

    def _unlock(self, token: str) -> None:
        with suppress(RedisUnavailable):
            release(self._key, token)

    @property
    def _key(self) -> str:
        return f"flows:drain:{self.shard}"

    def _work_off(self) -> None:
        while time.monotonic() < self.until:
            mark = uuid7()
            waiting = inbox.waiting(
                self.shard, limit=BATCH, skip=self.skip, mark=mark, lease=settings.TRILHO_LEASE_SECONDS
            )
            crash_point(MARKED)
            untried = [one for one in waiting if one.attempts == 0]
            if untried:
                self._together(untried, mark)
            for one in waiting:
                if one.attempts:
                    self._alone(one)
            if len(waiting) < BATCH:
                return

    def _together(self, waiting: Sequence[Waiting], mark: UUID) -> None:
        try:
            worked = work(waiting, mark=mark)
        except NOBODYS_FAULT:
            inbox.lift_mark(mark)
            raise
        except Exception as error:
            log.exception("drain_refused", shard=self.shard, conversations=len(waiting), error=type(error).__name__)
            inbox.lift_mark(mark)
            for one in waiting:
                self._alone(one)
            return
        self._take(worked)

    def _alone(self, one: Waiting) -> None:
        """One row in a transaction of its own. Its attempt counts before: a SIGKILL would roll back anything inside."""
        attempts = inbox.count_attempts([one.head]).get(one.head)
        crash_point(COUNTED)
        if attempts is None:
            return
        if attempts > MAX_ATTEMPTS:
            self._set_aside(one, "attempts_used_up")
            return
        try:
            worked = work_alone(one)
        except NOBODYS_FAULT:
            raise
        except Exception as error:
            log.exception("event_refused", inbox_event_id=str(one.head), bot_id=str(one.bot_id), attempts=attempts)
            self._failed_alone(one, error, attempts)
            return
        failed = worked.failures[0].error if worked.failures else None
        worked.failures.clear()
        self._take(worked)
        if failed is not None:
            self._failed_alone(one, failed, attempts)

    def _failed_alone(self, one: Waiting, error: Exception, attempts: int) -> None:
        self.report.failures += 1
        metrics.FAILURES.labels(type(error).__name__).inc()
        self.skip.add(one.key)
        if attempts >= MAX_ATTEMPTS:
            self._set_aside(one, f"{type(error).__name__}: {error}")

    def _set_aside(self, one: Waiting, reason: str) -> None:
        try:
            self._take(set_head_aside(one, reason))
        except NOBODYS_FAULT:
            raise
        except Exception:
            # Not even the words for it can be written: the row steps out of the way, the team is told.
            log.exception("event_set_aside", inbox_event_id=str(one.head), bot_id=str(one.bot_id), reason=reason)
            with transaction.atomic():
                row = {"id": str(one.head), "state": InboxState.SET_ASIDE.value, "error": reason[:500]}
                inbox.mark_inbox([dump_json(row)], mark=None)
                self._tell_of(one)
            self.report.set_aside += 1
        # Its conversation goes on with the next row at once.
        self.skip.discard(one.key)

    def _tell_of(self, one: Waiting) -> None:
        """What `raise_attention` tells, where even that could not be written; never in the way of the row itself."""
        now = timezone.now()
        with suppress(DatabaseError), transaction.atomic():
            name = Bot.unscoped.filter(pk=one.bot_id).values_list("name", flat=True).first()
            key, facts = f"{now:%Y-%m-%dT%H}", {"bot": name}
            notify(one.organization_id, NoticeKind.EVENT_SET_ASIDE, key, facts, page=("standing_list",))

    def _take(self, worked: Worked) -> None:
        """Counts what was done, and one attempt for each row whose event raised."""
        self.report.add(worked)
        self.skip |= worked.missed
        for alarm in worked.output.alarms:
            log.error("event_set_aside", **alarm)
        for failure in worked.failures:
            error = type(failure.error).__name__
            log.error("event_failed", inbox_event_id=str(failure.row_id), error=error, exc_info=failure.error)
            metrics.FAILURES.labels(error).inc()
            inbox.count_attempts([failure.row_id], error=f"{error}: {failure.error}"[:500])
            self.skip.add(failure.key)
