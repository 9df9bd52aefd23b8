"""What `/start` does while a run is on top (SPEC 2.3, SPEC 3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from flows.engine.compile import Flow
from flows.engine.definition import OnStart
from flows.engine.state import State, Status

ABSORBED_FOR: Final = timedelta(seconds=10)


class StartDecision(StrEnum):
    """`absorb`: nothing. `restart`: end this run, begin a new one. `resume`, `stay_owed`: `Start` on this run says its
    step again; `stay_owed` because it is paid and not yet served, so that it may not be ended."""

    ABSORB = "absorb"
    RESTART = "restart"
    RESUME = "resume"
    STAY_OWED = "stay_owed"


def on_start_decision(flow: Flow, state: State, now: datetime) -> StartDecision:
    """Decides by the run on top alone; a run that does not wait is always replaced."""
    if state.status is not Status.WAITING:
        return StartDecision.RESTART
    if not state.answered and timedelta(0) <= now - state.started_at < ABSORBED_FOR:
        return StartDecision.ABSORB
    if state.owes:
        return StartDecision.STAY_OWED
    return StartDecision.RESUME if flow.document.on_start is OnStart.RESUME else StartDecision.RESTART
