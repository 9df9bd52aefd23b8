"""One contact talking to one run of the engine; its state is written and read back between every two events."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar
from uuid import UUID

from flows.engine.advance import advance
from flows.engine.codec import dump_event, dump_state, load_event, load_state
from flows.engine.compile import Flow, VersionKind, compile_flow
from flows.engine.effects import AnswerPress, Effect, OutMessage, Record, Say, TimelineKind
from flows.engine.events import (
    NEW_CODE_BUTTON,
    PAID_BUTTON,
    Answered,
    AnswerKind,
    ButtonRef,
    ChargeFailed,
    ChargeReady,
    Event,
    PaymentChanged,
    PaymentChecked,
    PaymentStatus,
    Pressed,
    Start,
    TimerFired,
    TimerKind,
)
from flows.engine.state import BotFacts, ContactFacts, Facts, State, Status, new_state
from tests.support.flows import Document, a_flow

RUN = UUID(int=0xA)
VERSION = UUID(int=0xB)
PAYMENT = UUID(int=0xC)
SECOND_PAYMENT = UUID(int=0xD)
ORDER = UUID(int=0xE)
SECOND_ORDER = UUID(int=0xF)
BEGINNING = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FACTS = Facts(
    contact=ContactFacts(chat_id=77, first_name="Ana <3", last_name="Sá", username="ana"),
    bot=BotFacts(name="Loja", username="loja_bot"),
)
BR_CODE = "00020126BRCODE6304ABCD"

E = TypeVar("E", bound=Effect)


class Talk:
    """Drives `advance`; `last` holds the effects of the last event, `now` only moves when told."""

    def __init__(
        self,
        *steps: Document,
        document: Mapping[str, Any] | None = None,
        kind: VersionKind = VersionKind.PUBLISHED,
        facts: Facts = FACTS,
        embedded: object = None,
        **fields: Any,
    ) -> None:
        self.flow: Flow = compile_flow(VERSION, document or a_flow(steps, **fields), kind=kind, embedded=embedded)
        self.now = BEGINNING
        self.state: State = new_state(run_id=RUN, version_id=VERSION, facts=facts, seed=7, now=self.now)
        self.last: tuple[Effect, ...] = ()

    def send(self, event: Event) -> Self:
        """Hands over one event, by way of JSON, and keeps what comes of it, by way of JSON."""
        stored = load_event(json.loads(json.dumps(dump_event(event))))
        state, self.last = advance(self.flow, self.state, stored, self.now)
        self.state = load_state(json.loads(json.dumps(dump_state(state))), state.facts)
        assert self.state == state
        return self

    def later(self, **delta: float) -> Self:
        self.now += timedelta(**delta)
        return self

    def begin(self, payload: str | None = None) -> Self:
        return self.send(Start(payload))

    def write(self, text: str) -> Self:
        return self.send(Answered(AnswerKind.TEXT, text))

    def press(self, index: int, *, wait: int | None = None, step: str | None = None, **fields: Any) -> Self:
        """Presses a button of the present step, or of an earlier step and wait; `fields` falsify its reference."""
        flow = self.flow.within(self.state.frames)
        ordinal = flow.ordinals[step or self.state.step_id or ""]
        waited = self.state.wait if wait is None else wait
        ref = replace(ButtonRef(RUN, flow.version_id, ordinal, waited, index), **fields)
        return self.send(Pressed("press", 5, ref))

    def says_paid(self, **where: Any) -> Self:
        return self.press(PAID_BUTTON, **where)

    def asks_new_code(self, **where: Any) -> Self:
        return self.press(NEW_CODE_BUTTON, **where)

    def charge_ready(self, visit: int = 1, *, payment: UUID = PAYMENT, code: str = BR_CODE, **fields: Any) -> Self:
        return self.send(ChargeReady(visit, payment, code, 2990, "BRL", **fields))

    def charge_failed(self, visit: int = 1, *, retrying: bool = False) -> Self:
        return self.send(ChargeFailed(visit, "gateway_down", retrying))

    def payment(self, status: PaymentStatus, visit: int = 1, *, payment: UUID = PAYMENT, order: UUID = ORDER) -> Self:
        return self.send(PaymentChanged(visit, payment, order, status, 2990, "BRL", self.now))

    def paid(self, visit: int = 1, **ids: UUID) -> Self:
        return self.payment(PaymentStatus.PAID, visit, **ids)

    def checked(self, status: PaymentStatus = PaymentStatus.PENDING, visit: int = 1) -> Self:
        return self.send(PaymentChecked(visit, PAYMENT, status, checked=True))

    def timer(self, kind: TimerKind, *, wait: int | None = None, visit: int | None = None) -> Self:
        return self.send(TimerFired(kind, self.state.wait if wait is None else wait, visit))

    # What came of it

    @property
    def at(self) -> str | None:
        """The step where the run waits; None where it does not wait."""
        return self.state.step_id if self.state.status is Status.WAITING else None

    def of(self, effect_type: type[E]) -> list[E]:
        return [effect for effect in self.last if isinstance(effect, effect_type)]

    @property
    def messages(self) -> list[OutMessage]:
        return [effect.message for effect in self.of(Say)]

    @property
    def said(self) -> list[str | None]:
        return [message.text for message in self.messages]

    @property
    def notices(self) -> list[str | None]:
        return [answer.text for answer in self.of(AnswerPress)]

    def recorded(self, kind: TimelineKind) -> list[Record]:
        return [record for record in self.of(Record) if record.kind is kind]

    @property
    def problems(self) -> list[object]:
        return [record.data["code"] for record in self.recorded(TimelineKind.PROBLEM)]
