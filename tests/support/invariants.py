"""What must be true of the whole product once it has come to rest, whatever happened to it on the way.

Each check reads all rows and all calls of the Bot API; each names what it found in its failure.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from bots.models import Channel, Contact
from bots.outbox.models import MessageState, OutboxAttempt, OutboxKey, OutboxMessage
from flows.models import Conversation, InboxEvent, InboxKey, InboxSource, InboxState, Run, TimelineEntry
from flows.topics import MESSAGE_SEND
from payments.domain.ledger import fold
from payments.domain.states import SETTLED, UNPAID
from payments.gateways.sandbox.charge import SandboxCharge
from payments.models import Grant, Order, Payment, PaymentEvent
from telegram_gateway.models import TelegramUpdate, UpdateState
from telegram_gateway.topics import CHECKOUT_ANSWER
from tests.support.fake_telegram import Call, FakeTelegram

WORTH_NOTHING_LATE = ("message.answer", CHECKOUT_ANSWER)
TOLD_ONCE = ("answered", "unmatched", "pressed", "stale_press", "timer_fired", "payment_changed", "payment_checked")


@dataclass(frozen=True, slots=True)
class Rest:
    """What the checks compare the rows with. `accepted`: the ids of every update that was answered 200."""

    telegram: FakeTelegram
    accepted: Collection[int]


def check_everything(rest: Rest) -> None:
    """Every promise at once."""
    check_updates_are_kept_once(rest.accepted)
    check_transitions_happen_once()
    check_outbox_is_done()
    check_messages_came_in_order(rest.telegram)
    check_books(rest.telegram)


def check_updates_are_kept_once(accepted: Collection[int]) -> None:
    """Each update that was taken is one row, and that row is worked off."""
    rows = list(InboxEvent.unscoped.values_list("bot_id", "source", "external_id", "state"))
    assert {row[3] for row in rows} <= {InboxState.DONE, InboxState.IGNORED, InboxState.SET_ASIDE}, Counter(rows)
    keys = Counter(row[:3] for row in rows)
    assert set(keys) == set(InboxKey.objects.values_list("bot_id", "source", "external_id"))
    assert set(keys.values()) <= {1}, [key for key, number in keys.items() if number > 1]
    kept = Counter(external_id for _bot, source, external_id, _state in rows if source == InboxSource.TELEGRAM)
    others = list(TelegramUpdate.unscoped.values_list("external_id", "state"))
    kept.update(external_id for external_id, _state in others)
    assert kept == Counter(map(str, accepted))
    assert UpdateState.NEW not in {state for _external_id, state in others}


def check_transitions_happen_once() -> None:
    """No event moved a run twice, no revision was skipped, no visit was paid twice, nobody is in two places."""
    told = Counter(
        TimelineEntry.unscoped.filter(kind__in=TOLD_ONCE).values_list("run_id", "inbox_event_id", "kind", "step_id")
    )
    _once(told)
    _once(
        (run_id, data.get("visit"))
        for run_id, data in TimelineEntry.unscoped.filter(kind="paid").values_list("run_id", "data")
    )
    for run in Run.unscoped.all():
        assert run.revision == run.state["revision"], run
        events = TimelineEntry.unscoped.filter(run_id=run.pk).values_list("inbox_event_id", flat=True)
        assert len(set(events)) <= run.revision, f"run {run.pk}: {run.revision} revisions of {len(set(events))} events"
        assert not run.owes, f"run {run.pk} is still owed its paid exit"
    people = Counter(Contact.unscoped.values_list("bot_id", "telegram_user_id"))
    _once(people)
    for conversation in Conversation.unscoped.all():
        live = set(Run.unscoped.filter(conversation=conversation, status="active").values_list("pk", flat=True))
        assert len(conversation.stack) == len(set(conversation.stack)), conversation
        assert set(conversation.stack) == live, conversation


def check_outbox_is_done() -> None:
    """Every key once, every message at its end; none given up, none of unknown outcome."""
    messages = list(OutboxMessage.unscoped.values_list("key", "state", "topic", "last_error"))
    _once(key for key, _state, _topic, _error in messages)
    assert {message[0] for message in messages} == set(OutboxKey.objects.values_list("key", flat=True))
    unfinished = [message for message in messages if message[1] not in (MessageState.DONE, MessageState.CANCELLED)]
    # An answer to a press, or to whether somebody may pay, is worth nothing after seconds, and given up on purpose.
    assert [message for message in unfinished if message[2] not in WORTH_NOTHING_LATE] == []
    assert {message[1] for message in unfinished} <= {MessageState.DEAD}


def check_messages_came_in_order(telegram: FakeTelegram) -> None:
    """Each message reached its chat, in the order it was said; one came again only where an attempt was lost or cut
    off, and then before anything newer."""
    said: dict[int, list[OutboxMessage]] = defaultdict(list)
    sends = OutboxMessage.unscoped.filter(topic=MESSAGE_SEND, state=MessageState.DONE).order_by("position")
    for message in sends:
        if message.payload["channel"] == Channel.TELEGRAM:
            said[message.payload["telegram_user_id"]].append(message)
    for user_id, messages in said.items():
        _check_chat(user_id, messages, telegram.sent_to(user_id))


def _check_chat(user_id: int, messages: list[OutboxMessage], calls: list[Call]) -> None:
    by_id = {call.message_id: call for call in calls}
    owner = {number: message for message in messages for number in message.result["message_ids"]}
    recorded = [number for message in messages for number in message.result["message_ids"]]
    assert set(recorded) <= set(by_id), f"{user_id}: recorded, but never in the chat"
    assert recorded == sorted(recorded), f"{user_id}: out of order: {recorded}"
    for place, call in enumerate(calls):
        if call.message_id in owner:
            continue
        later = (owner[after.message_id] for after in calls[place:] if after.message_id in owner)
        message = next(later, None)
        if message is None:
            # What was being sent when the contact went away.
            assert _was_cancelled(user_id, call), f"{user_id}: said by nobody: {call.text!r}"
            continue
        texts = [by_id[number].text for number in message.result["message_ids"]]
        assert call.text in texts or _was_cancelled(user_id, call), f"{user_id}: {call.text!r} came before {texts}"
        assert call.text not in texts or _was_uncertain(message), f"{user_id}: {call.text!r} twice without need"


def _was_uncertain(message: OutboxMessage) -> bool:
    return message.losses > 0 or OutboxAttempt.unscoped.filter(message_id=message.pk).exclude(outcome="done").exists()


def _was_cancelled(user_id: int, call: Call) -> bool:
    rows = OutboxMessage.unscoped.filter(
        topic=MESSAGE_SEND, state=MessageState.CANCELLED, payload__telegram_user_id=user_id
    )
    return any(call.text == row.payload["effect"]["message"]["text"] for row in rows)


def check_books(telegram: FakeTelegram) -> None:
    """Our books are the gateway's, and Telegram's of Stars; each sale was paid by one move, gave once what it owed, and
    was served."""
    payments = {payment.pk: payment for payment in Payment.unscoped.all()}
    lines: dict[Any, list[PaymentEvent]] = defaultdict(list)
    for event in PaymentEvent.unscoped.order_by("id"):
        lines[event.payment_id].append(event)
    for payment in payments.values():
        standing = fold(event.line for event in lines[payment.pk])
        assert (standing.status, standing.overpaid, standing.late) == (payment.status, payment.overpaid, payment.late)
        arrivals = [e for e in lines[payment.pk] if e.to_status == "paid" and e.from_status in UNPAID]
        assert len(arrivals) == (payment.status in SETTLED), payment
    ours = {p.provider_id: p.status for p in payments.values() if p.provider_id and p.status in SETTLED}
    theirs = {c.provider_id: c.status for c in SandboxCharge.unscoped.all() if c.status in SETTLED}
    assert ours == theirs | _paid_in_stars(telegram)
    _check_sales(payments)


def _paid_in_stars(telegram: FakeTelegram) -> dict[str, str]:
    """What the bots' own lists say of each invoice."""
    lines = [line for listed in telegram.stars.transactions.values() for line in listed]
    given_back = {line["id"] for line in lines if "receiver" in line}
    paid = [line for line in lines if "source" in line]
    _once(line["source"]["invoice_payload"] for line in paid)
    return {line["source"]["invoice_payload"]: "refunded" if line["id"] in given_back else "paid" for line in paid}


def _check_sales(payments: dict[Any, Payment]) -> None:
    open_sales = Order.unscoped.filter(paid_at__isnull=True)
    assert not Grant.unscoped.filter(order__in=open_sales).exists(), "given without money"
    _once(Grant.unscoped.exclude(order=None).values_list("order_id", "content_key"))
    for order in Order.unscoped.filter(paid_at__isnull=False):
        assert order.paid_by_id is not None
        assert payments[order.paid_by_id].order_id == order.pk
        assert order.served_at is not None, f"sale {order.pk} was paid and never served"
        if order.owed:
            assert Grant.unscoped.filter(order=order, content=order.owed).count() == 1, order.pk


def _once(things: Iterable[Any]) -> None:
    twice = {
        thing: number
        for thing, number in (things if isinstance(things, Counter) else Counter(things)).items()
        if number > 1
    }
    assert twice == {}, twice
