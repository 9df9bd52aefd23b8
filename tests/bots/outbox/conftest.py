"""Messages without any app above: topics of the tests' own, a bell that rings for nobody."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from bots import jobs
from bots.ids import uuid7
from bots.outbox import claiming, registry, relay
from bots.outbox.models import OutboxAttempt, OutboxMessage, Queue
from bots.outbox.publish import NewMessage, publish
from bots.outbox.registry import declare_topic

SEND = "test.send"
CHARGE = "test.charge"


class Desk:
    """Publishes for one organization and looks at what became of it."""

    def __init__(self) -> None:
        self.organization_id = uuid7()
        self.bot_id = uuid7()

    def message(self, key: str, *, chat: str | None = None, topic: str = SEND, **fields: Any) -> NewMessage:
        values: dict[str, Any] = {"bot_id": self.bot_id, "ordering_key": chat, "payload": {"text": key}} | fields
        return NewMessage(topic=topic, key=key, organization_id=self.organization_id, **values)

    def publish(self, *messages: NewMessage) -> frozenset[UUID]:
        with transaction.atomic():
            return publish(messages)

    def put(self, *keys: str, **fields: Any) -> None:
        self.publish(*(self.message(key, **fields) for key in keys))

    def row(self, key: str) -> OutboxMessage:
        return OutboxMessage.unscoped.get(key=key)

    def state(self, key: str) -> str:
        return self.row(key).state

    def change(self, key: str, **values: Any) -> None:
        assert OutboxMessage.unscoped.filter(key=key).update(**values) == 1

    def attempts(self, key: str) -> list[str]:
        attempts = OutboxAttempt.unscoped.filter(message_id=self.row(key).pk).order_by("number")
        return [attempt.outcome for attempt in attempts]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(autouse=True)
def quiet_bells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    rung: list[str] = []
    monkeypatch.setattr(jobs, "enqueue", lambda _task, *, queue, **_options: rung.append(queue))
    return rung


@pytest.fixture(autouse=True)
def fresh_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "_places", {})
    monkeypatch.setattr(relay, "_next_reclaim", {})


@pytest.fixture(autouse=True)
def own_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_topics", {})
    monkeypatch.setattr(registry, "_queues", {})
    declare_topic(SEND)
    declare_topic(CHARGE, queue=Queue.PAYMENTS)


@pytest.fixture
def handle() -> Callable[..., list[str]]:
    """Register a handler; answers the list of keys it was called for."""

    def register(answer: Callable[[registry.Claim], registry.Outcome], **options: Any) -> list[str]:
        calls: list[str] = []

        def function(claim: registry.Claim) -> registry.Outcome:
            calls.append(claim.key)
            return answer(claim)

        registry.handler(options.pop("topic", SEND), **options)(function)
        return calls

    return register
