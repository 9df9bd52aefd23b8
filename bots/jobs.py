"""Bells and sweeps: how a worker learns that there is something to look at. No work travels this way.

A bell is a task without content. It may be lost, doubled or late: the sweeps find the rows anyway.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.db import transaction

from bots.bells import Bell, publisher

SweepFunction = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Sweep:
    """A function that finds due rows without any broker; run again and again in a thread of each worker process.

    The thread waits on `woken` between two runs, and says in `running` that it is there to be woken.
    """

    name: str
    run: SweepFunction
    every_ms: int
    roles: tuple[str, ...]
    woken: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    running: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)


_sweeps: dict[str, Sweep] = {}
_answers_here: dict[str, Callable[[], bool]] = {}


def register_sweep(
    name: str, run: SweepFunction, *, every_ms: int | None = None, roles: tuple[str, ...] = ("runtime",)
) -> None:
    """Have `run` called every so many milliseconds in processes of these roles. It must be safe to run anywhere, at any
    time, several times at once."""
    _sweeps[name] = Sweep(name, run, every_ms or settings.SWEEP_INTERVAL_MS, roles)


def sweeps(role: str | None = None) -> tuple[Sweep, ...]:
    """Every registered sweep, or those of one role, in the order of their registration."""
    return tuple(sweep for sweep in _sweeps.values() if role is None or role in sweep.roles)


def wake(name: str) -> bool:
    """Have a sweep of this process run now instead of soon; False where it does not run here."""
    sweep = _sweeps.get(name)
    if sweep is None or not sweep.running.is_set():
        return False
    sweep.woken.set()
    return True


def answer_here(coalesce_key: str, ring: Callable[[], bool]) -> None:
    """Let bells of this key be answered in the process that rings them: `ring` says whether it could. It returns at
    once, and spares the way through the broker."""
    _answers_here[coalesce_key] = ring


def enqueue(task_name: str, *, queue: str, args: Sequence[object] = (), coalesce_key: str | None = None) -> None:
    """Ring a bell: returns at once, never raises, promises nothing. Bells of one key still waiting become one."""
    key = coalesce_key or f"{task_name}:{args!r}"
    ring_here = _answers_here.get(key)
    if ring_here is None or not ring_here():
        publisher.ring(Bell(task_name, queue, tuple(args), key))


def enqueue_on_commit(
    task_name: str, *, queue: str, args: Sequence[object] = (), coalesce_key: str | None = None
) -> None:
    """Ring once the present transaction is committed; at once outside of one."""
    transaction.on_commit(partial(enqueue, task_name, queue=queue, args=args, coalesce_key=coalesce_key), robust=True)
