"""Who handles which topic, what it is given and what it may answer."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from bots.outbox.models import Queue

# Run by the relay in the transaction that records the outcome: the place for what must be written with it.
FollowUp = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Claim:
    """One message under a lease. `attempt` counts from 1; `lease_until` is on the database's clock."""

    id: uuid.UUID
    token: uuid.UUID
    organization_id: uuid.UUID
    bot_id: uuid.UUID | None
    topic: str
    key: str
    ordering_key: str | None
    payload: Mapping[str, Any]
    attempt: int
    created_at: datetime
    expires_at: datetime | None
    lease_until: datetime
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """It happened."""

    result: Mapping[str, Any] = field(default_factory=dict)
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Not now. `at` None: exponential backoff. `counts=False`: it was held back, not tried, so it is no attempt."""

    at: datetime | None
    error: str
    counts: bool = True
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """It cannot be done, now or later."""

    error: str
    code: str
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have happened, and must not be tried again by itself."""

    error: str
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """It is not wanted any more."""

    reason: str
    follow_up: FollowUp | None = None


Outcome = Done | RetryAt | Dead | Unknown | Cancelled
SyncHandler = Callable[[Claim], Outcome]
AsyncHandler = Callable[[Claim], Awaitable[Outcome]]
Handler = SyncHandler | AsyncHandler
OnDead = Callable[[Claim, Dead], object]
# What was done, many at once: each claim with its result.
OnDone = Callable[[Sequence[tuple[Claim, Mapping[str, Any]]]], object]

AnyHandler = TypeVar("AnyHandler", bound=Callable[[Claim], Any])


@dataclass(frozen=True, slots=True)
class Topic:
    """How messages of one topic are handed out."""

    name: str
    handler: Handler
    queue: Queue
    deadline: float
    repeatable: bool
    give_up_after: float
    on_dead: OnDead | None
    on_done: OnDone | None = None


_topics: dict[str, Topic] = {}
_queues: dict[str, Queue] = {}


def declare_topic(name: str, *, queue: Queue = Queue.OUTBOX) -> str:
    """Say which queue a topic's messages go by; called in `topics.py`, so that a publisher knows no handler."""
    _queues[name] = queue
    return name


def queue_of(topic: str) -> Queue:
    """The queue of a topic; the ordinary one where nothing was declared."""
    return _queues.get(topic, Queue.OUTBOX)


def handler(
    topic: str,
    *,
    deadline: float = 15.0,
    repeatable: bool = True,
    give_up_after: float = 24 * 3600.0,
    on_dead: OnDead | None = None,
    on_done: OnDone | None = None,
) -> Callable[[AnyHandler], AnyHandler]:
    """Register a topic's handler: a function or a coroutine function `(claim) -> Outcome`, run outside any transaction
    in the scope of the claim's organization. Coroutines run together on the process's one event loop and never touch
    the database: what must be written goes into the outcome's `follow_up`.

    `deadline` seconds for the call, always less than the lease. `repeatable=False`: after a lost worker or a timeout
    the message is `unknown` instead of tried again. `on_dead(claim, outcome)` runs in the transaction that gives it up,
    `on_done(those done)` in the one that records them: once for as many as are recorded together.
    """

    def register(function: AnyHandler) -> AnyHandler:
        if topic in _topics and _topics[topic].handler is not function:
            raise RuntimeError(f"Topic {topic} has two handlers.")
        _topics[topic] = Topic(topic, function, queue_of(topic), deadline, repeatable, give_up_after, on_dead, on_done)
        return function

    return register


def topic_named(name: str) -> Topic | None:
    """The registered topic, if any."""
    return _topics.get(name)


def once_topics() -> tuple[str, ...]:
    """The topics that must not be repeated where the outcome is not known."""
    return tuple(topic.name for topic in _topics.values() if not topic.repeatable)


def handled_topics() -> frozenset[str]:
    """Every topic with a handler."""
    return frozenset(_topics)


def declared_topics() -> frozenset[str]:
    """Every topic some app publishes; the start-up check compares the two."""
    return frozenset(_queues)
