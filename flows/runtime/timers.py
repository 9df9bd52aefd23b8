"""Due timers become inbox rows; the drain does the rest."""

from typing import Any, Final

from django.db import transaction

from bots.crashpoints import crash_point, register
from bots.ids import uuid7
from bots.jobs import enqueue_on_commit
from bots.storable import dump_json
from bots.tenancy import no_scope
from flows.engine.codec import dump_event
from flows.engine.events import TimerFired, TimerKind
from flows.models import Conversation, Timer
from flows.runtime import inbox
from flows.runtime.locking import claim_due_timers
from flows.runtime.runner import DRAIN_TASK, UPDATES_QUEUE
from flows.runtime.shards import shard_of

BATCH: Final = 500

CLAIMED = register("timers.claimed")
BEFORE_COMMIT = register("timers.before_commit")
AFTER_COMMIT = register("timers.after_commit")


def fire_due_timers() -> int:
    """Turns every due timer of a run that is on top into an inbox row; answers how many. Several may run at once."""
    total = 0
    with no_scope(reason="timers of every organization are due together"):
        while True:
            fired = _fire_batch()
            crash_point(AFTER_COMMIT)
            total += fired
            if fired < BATCH:
                return total


def _fire_batch() -> int:
    with transaction.atomic():
        due = claim_due_timers(BATCH)
        if not due:
            return 0
        crash_point(CLAIMED)
        rows = [_row(timer, conversation) for timer, conversation in due]
        inbox.fire_timers(rows)
        for shard in sorted({row["shard"] for row in rows}):
            enqueue_on_commit(DRAIN_TASK, queue=UPDATES_QUEUE, args=(shard,), coalesce_key=f"{DRAIN_TASK}:{shard}")
        crash_point(BEFORE_COMMIT)
    return len(due)


def _row(timer: Timer, conversation: Conversation) -> dict[str, Any]:
    event = TimerFired(kind=TimerKind(timer.kind), wait=timer.wait, visit=timer.visit)
    return {
        "id": str(uuid7()),
        "timer_id": str(timer.id),
        "organization_id": str(timer.organization_id),
        "bot_id": str(conversation.bot_id),
        "telegram_user_id": conversation.telegram_user_id,
        "run_id": str(timer.run_id),
        "shard": shard_of(conversation.bot_id, conversation.telegram_user_id),
        "payload": dump_json(dump_event(event)),
    }
