"""Upkeep: what has served its purpose goes, a batch at a time (partitioned tables lose whole months elsewhere)."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from bots.ids import uuid7_floor
from bots.tenancy import no_scope
from flows.models import Timer, TimerState
from flows.runtime import inbox

# Telegram repeats an update for a day; a gateway or a partner may come back much later.
KEY_RETENTION: Final = timedelta(days=30)
TIMER_RETENTION: Final = timedelta(days=30)
BATCH: Final = 10_000


def purge() -> int:
    """Forgets old dedupe keys and timers that fired or died; answers how many rows. Safe to repeat."""
    with no_scope(reason="upkeep serves every organization"):
        return _purge_keys() + _purge_timers()


def _purge_keys() -> int:
    purged = 0
    while True:
        deleted = inbox.purge_inbox_keys(KEY_RETENTION, limit=BATCH)
        purged += deleted
        if deleted < BATCH:
            return purged


def _purge_timers() -> int:
    # The key's time stands for the row's: no index of its own is needed.
    before = uuid7_floor(timezone.now() - TIMER_RETENTION)
    over = Timer.unscoped.filter(pk__lt=before, state__in=[TimerState.FIRED, TimerState.VOID]).order_by("pk")
    purged = 0
    while True:
        ids = list(over.values_list("pk", flat=True)[:BATCH])
        Timer.unscoped.filter(pk__in=ids).delete()
        purged += len(ids)
        if len(ids) < BATCH:
            return purged
