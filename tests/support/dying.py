"""Where workers may die during a sale, which of them die where, and how they do it."""

import random
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

from bots.crashpoints import CrashPointReached, registered
from config.environment import BASE_DIR
from payments.services import deciding
from telegram_gateway import leases
from tests.support.crashes import ChildFailed, killed_at

# Registered by their modules, which only a page and a process of its own import.
assert deciding
assert leases

# Where no sale comes by between its order and its access, each with where workers die there instead.
ELSEWHERE: Final[Mapping[str, str]] = {
    "connect.": "before anybody buys: tests/chaos",
    "notices.": "the team's own: tests/chaos",
    "payments.access.": "after the access: tests/payments/services/test_crash_points.py, tests/chaos",
    "payments.matter.": "a member's decision: tests/chaos",
    "payments.place.": "after the access: tests/chaos",
    "payments.refund.": "after the access: tests/chaos",
    "payments.renew.": "a second code: tests/payments/services/test_crash_points.py, tests/chaos",
    "polling.": "another way in for updates: tests/chaos",
    "telegram.membership_": "after the access: tests/chaos",
    "telegram.update_processed": "who blocks a bot: tests/chaos",
    "timers.": "what waits for its time: tests/flows/runtime/test_races.py, tests/chaos",
}
WEBHOOK: Final = frozenset({"payments.webhook.asked", "payments.webhook.claimed", "payments.webhook.stored"})
CHECKOUT: Final = frozenset({"telegram.checkout_after_commit", "telegram.checkout_before_commit"})
# Reached only by what was tried before.
AFTER_ANOTHER: Final[Mapping[str, str]] = {"drain.attempt_counted": "drain.advanced"}
_REGISTERED: Final = re.compile(r'= register\("([a-z_.]+)"\)')
# An event that fails three times is set aside, as promised.
MOST_IN_DRAIN: Final = 2


def everywhere() -> frozenset[str]:
    """Every place the source names, imported or not."""
    apps = (BASE_DIR / app for app in ("bots", "flows", "payments", "telegram_gateway", "config"))
    return frozenset(
        name for app in apps for path in app.rglob("*.py") for name in _REGISTERED.findall(path.read_text())
    )


def places(*, stars: bool) -> tuple[str, ...]:
    """Every place a sale passes between its order and its access, at such a gateway."""
    passed = {name for name in registered() if not name.startswith(tuple(ELSEWHERE))}
    return tuple(sorted(passed - (WEBHOOK if stars else CHECKOUT)))


class Dying(ABC):
    """How workers die: `work` is done under the plan, and may not come to its end."""

    @abstractmethod
    def work(self, work: Callable[[], object]) -> bool:
        """False where it died, or failed, on the way."""


class Raising(Dying):
    """A worker's transaction is rolled back by an error that no code expects; the plan is the caller's to follow."""

    def work(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except (CrashPointReached, AssertionError):
            return False
        return True


class Killed(Dying):
    """A process of its own is really killed; the next one goes on from there. With `CRASH_MARKS` each entry of the plan
    happens once."""

    def __init__(self, plan: str) -> None:
        self.plan = plan
        self.deaths = 0

    def work(self, work: Callable[[], object]) -> bool:
        try:
            died = killed_at(self.plan, work)
        except ChildFailed:
            return False
        self.deaths += died
        return not died


def plan_of(planned: Mapping[str, int], action: str) -> str:
    """A crash plan: each place at that time it is reached; with what must happen before it can be."""
    entries = dict(planned)
    for place in planned:
        if place in AFTER_ANOTHER:
            entries.setdefault(AFTER_ANOTHER[place], 1)
    return ",".join(f"{place}:{hit}:{action}" for place, hit in entries.items())


def died_at(marks: Path) -> list[str]:
    """The places where work has died, by the marks it left."""
    return sorted(mark.name.rsplit(".", 2)[0] for mark in marks.iterdir())


def chosen(chance: random.Random, dealt: Collection[str], among: Collection[str], *, deaths: int) -> dict[str, int]:
    """So many places and when: those dealt at the first time, the others at any of the first three."""
    found = dict.fromkeys(dealt, 1)
    for place in chance.sample(sorted(set(among) - set(dealt)), deaths * 3):
        in_drain = sum(name.startswith("drain.") for name in found) + ("drain.attempt_counted" in found)
        if len(found) < deaths and not (place.startswith("drain.") and in_drain >= MOST_IN_DRAIN - 1):
            found[place] = chance.randint(1, 3)
    return found
