"""Named places where a process can be made to die, so that the kill tests walk a registry instead of guessing.

`CRASH_PLAN="drain.before_commit:3:kill,relay.after_call:1:raise"` means: at the third time that place is reached, do
that. With `CRASH_MARKS` naming a folder, each entry happens once however often the process is started again.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.conf import settings

EXIT_CODE = 70


class CrashAction(StrEnum):
    KILL = "kill"
    EXIT = "exit"
    STOP = "stop"
    RAISE = "raise"


class CrashPointReached(Exception):
    """Raised where the plan says `raise`: an error no code expects."""


@dataclass(frozen=True, slots=True)
class PlannedCrash:
    name: str
    hit: int
    action: CrashAction


_names: set[str] = set()
_hits: Counter[str] = Counter()


def parse_plan(text: str) -> Mapping[str, tuple[PlannedCrash, ...]]:
    """The plan by name; raises ValueError for an entry that is not `name:hit:action`."""
    plan: dict[str, tuple[PlannedCrash, ...]] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, hit, action = entry.split(":")
        plan[name] = (*plan.get(name, ()), PlannedCrash(name, int(hit), CrashAction(action)))
    return plan


_plan = parse_plan(settings.CRASH_PLAN)


def register(name: str) -> str:
    """Make a place known; called where the module that holds it is imported."""
    _names.add(name)
    return name


def registered() -> frozenset[str]:
    """Every place known so far; complete once all apps are loaded."""
    return frozenset(_names)


def crash_point(name: str) -> None:
    """Nothing at all, unless the plan names this place."""
    if not _plan:
        return
    planned = _plan.get(name)
    if planned is None:
        return
    _hits[name] += 1
    for crash in planned:
        if crash.hit == _hits[name] and _claim(crash):
            _crash(crash)


@contextmanager
def planned(text: str) -> Iterator[None]:
    """Follow another plan inside the block, counting from nothing: for tests in one process."""
    global _plan  # noqa: PLW0603 - the plan is one per process by nature
    before, counts = _plan, dict(_hits)
    _plan = parse_plan(text)
    _hits.clear()
    try:
        yield
    finally:
        _plan = before
        _hits.clear()
        _hits.update(counts)


def _claim(crash: PlannedCrash) -> bool:
    folder = os.environ.get("CRASH_MARKS")
    if not folder:
        return True
    try:
        (Path(folder) / f"{crash.name}.{crash.hit}.{crash.action}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _crash(crash: PlannedCrash) -> None:
    match crash.action:
        case CrashAction.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case CrashAction.STOP:
            os.kill(os.getpid(), signal.SIGSTOP)
        case CrashAction.EXIT:
            os._exit(EXIT_CODE)
        case CrashAction.RAISE:
            raise CrashPointReached(crash.name)
