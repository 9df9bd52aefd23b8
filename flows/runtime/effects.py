"""Effects into rows: one handler per effect type, complete when this module is imported."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from bots.ids import uuid7
from bots.models import Channel, NoticeKind
from bots.outbox.publish import NewMessage
from bots.services.notices import notice
from bots.storable import dump_json
from flows.engine.codec import dump_effect
from flows.engine.effects import (
    EFFECT_TYPES,
    AnswerPress,
    ArmTimer,
    CallHttp,
    CheckPayment,
    Effect,
    GrantAccess,
    KeepAnswer,
    LinkSaid,
    OrderServed,
    RaiseAttention,
    RecallAccess,
    Record,
    RemoveKeyboard,
    RenewPayment,
    RequestPayment,
    Say,
    SetContact,
    VoidTimers,
)
from flows.engine.steps.http import ANSWER_WITHIN
from flows.runtime.live import LiveRun
from flows.runtime.output import FlowEvent
from flows.runtime.turn import Turn
from flows.topics import (
    ACCESS_GRANT,
    ACCESS_RECALL,
    HTTP_CALL,
    KEYBOARD_REMOVE,
    LINK_SAID,
    MESSAGE_SEND,
    NO_RUN,
    ORDER_SERVED,
    PAYMENT_CHECK,
    PAYMENT_RENEW,
    PAYMENT_REQUEST,
    PRESS_ANSWER,
)

# Telegram forgets a press soon; an answer later than this would be refused.
PRESS_WITHIN: Final = timedelta(seconds=10)
# Why the team is called to an event that was given up on.
SET_ASIDE: Final = "set_aside"

Handler = Callable[[Turn, LiveRun | None, str, Any], None]


def write_effects(turn: Turn, run: LiveRun, effects: Sequence[Effect]) -> None:
    """What a run asked for in one event, keyed by run, revision and place, so that a repetition makes the same keys."""
    for place, effect in enumerate(effects):
        HANDLERS[type(effect)](turn, run, f"{run.id}:{run.state.revision}:{place}", effect)


def write_effect_outside(turn: Turn, effect: Effect) -> None:
    """What is said outside any run, keyed by the inbox row that made it so."""
    HANDLERS[type(effect)](turn, None, f"event:{turn.row_id}:{turn.effects_outside}", effect)
    turn.effects_outside += 1


def _say(turn: Turn, run: LiveRun | None, key: str, effect: Say) -> None:
    _leave(turn, run, MESSAGE_SEND, key, effect, ordered=True, line=effect.message.text or "")


def _answer_press(turn: Turn, run: LiveRun | None, key: str, effect: AnswerPress) -> None:
    _leave(turn, run, PRESS_ANSWER, key, effect, expires=PRESS_WITHIN, line=_test_line(turn))


def _remove_keyboard(turn: Turn, run: LiveRun | None, key: str, effect: RemoveKeyboard) -> None:
    _leave(turn, run, KEYBOARD_REMOVE, key, effect, ordered=True, line=_test_line(turn))


def _test_line(turn: Turn) -> str | None:
    """In a test chat every call has its line, for the page to show what it did; elsewhere only messages have one."""
    return "" if turn.contact.channel == Channel.SIMULATOR else None


def _publish(topic: str) -> Handler:
    def handle(turn: Turn, run: LiveRun | None, key: str, effect: Effect) -> None:
        _leave(turn, run, topic, key, effect)

    return handle


def _request_payment(turn: Turn, run: LiveRun | None, key: str, effect: RequestPayment) -> None:
    # Of a subflow's step: two flows may have steps of the same id, and each its own open charge.
    _leave(turn, run, PAYMENT_REQUEST, key, effect, version_id=effect.version_id)


def _call_http(turn: Turn, run: LiveRun | None, key: str, effect: CallHttp) -> None:
    # Made later, nobody would wait for its answer.
    _leave(turn, run, HTTP_CALL, key, effect, expires=ANSWER_WITHIN)


def _arm_timer(turn: Turn, run: LiveRun | None, key: str, effect: ArmTimer) -> None:
    assert run is not None
    turn.arm_timer(run.id, kind=effect.kind.value, wait=effect.wait, visit=effect.visit, due_at=effect.due_at)


def _void_timers(turn: Turn, run: LiveRun | None, key: str, effect: VoidTimers) -> None:
    assert run is not None
    turn.void_timers(run.id, effect.kind.value if effect.kind else None)


def _set_contact(turn: Turn, run: LiveRun | None, key: str, effect: SetContact) -> None:
    turn.set_contact(effect)


def _keep_answer(turn: Turn, run: LiveRun | None, key: str, effect: KeepAnswer) -> None:
    assert run is not None
    turn.keep_answer(run.id, effect)


def _record(turn: Turn, run: LiveRun | None, key: str, effect: Record) -> None:
    assert run is not None
    record(turn, run.id, effect.kind.value, effect.step_id, dict(effect.data))


def _raise_attention(turn: Turn, run: LiveRun | None, key: str, effect: RaiseAttention) -> None:
    raise_attention(turn, effect.reason.value, run_id=run.id if run else None)


HANDLERS: Final[dict[type[Any], Handler]] = {
    Say: _say,
    AnswerPress: _answer_press,
    RemoveKeyboard: _remove_keyboard,
    RequestPayment: _request_payment,
    CheckPayment: _publish(PAYMENT_CHECK),
    RenewPayment: _publish(PAYMENT_RENEW),
    GrantAccess: _publish(ACCESS_GRANT),
    OrderServed: _publish(ORDER_SERVED),
    LinkSaid: _publish(LINK_SAID),
    CallHttp: _call_http,
    RecallAccess: _publish(ACCESS_RECALL),
    SetContact: _set_contact,
    KeepAnswer: _keep_answer,
    ArmTimer: _arm_timer,
    VoidTimers: _void_timers,
    Record: _record,
    RaiseAttention: _raise_attention,
}
if set(HANDLERS) != set(EFFECT_TYPES):
    raise RuntimeError("Every effect type needs its handler.")


def record(turn: Turn, run_id: UUID, kind: str, step_id: str | None, data: dict[str, Any]) -> None:
    """A line of the run's timeline, and of the log once it is committed."""
    turn.output.timeline.append(
        dump_json(
            {
                "id": uuid7(),
                "organization_id": turn.bot.organization_id,
                "bot_id": turn.bot.id,
                "conversation_id": turn.conversation.id,
                "run_id": run_id,
                "inbox_event_id": turn.row_id,
                "kind": kind,
                "step_id": step_id,
                "data": data,
                "at": turn.now,
            }
        )
    )
    log(turn, kind, run_id=run_id, step_id=step_id, data=data)


def raise_attention(turn: Turn, reason: str, *, run_id: UUID | None) -> None:
    """Puts the conversation on the team's unread list, and tells who wants to be told: the first of each hour, since
    whatever makes one conversation stand still mostly does it to many."""
    turn.attention = True
    if turn.contact.channel == Channel.TELEGRAM:
        turn.output.outbox.append(_attention_notice(turn, reason))
    log(turn, "attention", run_id=run_id, step_id=None, data={"reason": reason})


def _attention_notice(turn: Turn, reason: str) -> NewMessage:
    kind = NoticeKind.EVENT_SET_ASIDE if reason == SET_ASIDE else NoticeKind.RUN_WAITS
    contact = turn.contact
    name = contact.first_name or (f"@{contact.username}" if contact.username else contact.telegram_user_id)
    return notice(
        turn.bot.organization_id,
        kind,
        f"{turn.now - turn.clock_offset:%Y-%m-%dT%H}",
        {"name": name, "bot": turn.bot.facts.name},
        page=("standing_list",),
        at=turn.now - turn.clock_offset,
    )


def log(turn: Turn, event_type: str, *, run_id: UUID | None, step_id: str | None, data: dict[str, Any]) -> None:
    """A `flow_event` for after the commit."""
    turn.output.flow_events.append(
        FlowEvent(
            event_type=event_type,
            organization_id=turn.bot.organization_id,
            bot_id=turn.bot.id,
            telegram_user_id=turn.contact.telegram_user_id,
            run_id=run_id,
            step_id=step_id,
            at=turn.now,
            data=data,
        )
    )


def _leave(
    turn: Turn,
    run: LiveRun | None,
    topic: str,
    key: str,
    effect: Effect,
    *,
    ordered: bool = False,
    expires: timedelta | None = None,
    line: str | None = None,
    version_id: UUID | None = None,
) -> None:
    """A row of the outbox and, where the chat sees it, a line of the transcript with the same id."""
    bot, contact = turn.bot, turn.contact
    message_id, dumped = uuid7(), dump_effect(effect)
    turn.output.outbox.append(
        NewMessage(
            id=message_id,
            topic=topic,
            key=key,
            organization_id=bot.organization_id,
            bot_id=bot.id,
            ordering_key=f"{bot.id}:{contact.telegram_user_id}" if ordered else None,
            expires_at=turn.now - turn.clock_offset + expires if expires else None,
            payload={
                "organization_id": bot.organization_id,
                "bot_id": bot.id,
                "contact_id": contact.id,
                "conversation_id": turn.conversation.id,
                "telegram_user_id": contact.telegram_user_id,
                "channel": str(contact.channel),
                "run_id": run.id if run else NO_RUN,
                "version_id": version_id or (run.flow.version_id if run else NO_RUN),
                "effect": dumped,
            },
        )
    )
    if line is not None:
        turn.said(line, message_id=message_id, run_id=run.id if run else None, payload=dumped)
