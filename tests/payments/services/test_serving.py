"""Served when the run reached its delivery; sent when its messages have left."""

from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone

from bots.ids import uuid7, uuid7_time
from bots.outbox.models import MessageState, OutboxMessage
from bots.outbox.publish import NewMessage, publish
from payments.services.serving import mark_served
from tests.factories.payments import Sale, Shop, charge


@pytest.fixture
def sale(shop: Shop) -> Sale:
    return charge(shop)


def say(sale: Sale, key: str) -> UUID:
    message_id = uuid7()
    with transaction.atomic():
        publish(
            [
                NewMessage(
                    topic="message.send", key=key, organization_id=sale.shop.organization.pk, payload={}, id=message_id
                )
            ]
        )
    return message_id


def serve(sale: Sale, note_id: UUID, key: str) -> bool:
    return mark_served(
        organization_id=sale.shop.organization.pk, order_id=sale.order_id, note_id=note_id, effect_key=key
    )


def test_is_served_at_once_and_sent_when_the_last_message_has_left(sale: Sale) -> None:
    run = uuid7()
    first, second, note = say(sale, f"{run}:7:0"), say(sale, f"{run}:7:1"), uuid7()
    assert serve(sale, note, f"{run}:7:2") is False
    assert (sale.order.served_at, sale.order.sent_at) == (uuid7_time(note), None)
    sent_at = timezone.now()
    OutboxMessage.unscoped.filter(pk__in=[first, second]).update(state=MessageState.DONE, done_at=sent_at)
    assert serve(sale, note, f"{run}:7:2") is True
    assert (sale.order.sent_at, sale.order.send_failure) == (sent_at, "")


@pytest.mark.parametrize("state", [MessageState.DEAD, MessageState.CANCELLED, MessageState.UNKNOWN])
def test_a_message_that_never_left_is_told(sale: Sale, state: MessageState) -> None:
    run = uuid7()
    message, note = say(sale, f"{run}:7:0"), uuid7()
    OutboxMessage.unscoped.filter(pk=message).update(state=state)
    assert serve(sale, note, f"{run}:7:1") is True
    assert (sale.order.sent_at, sale.order.send_failure) == (None, state.value)


def test_messages_of_another_walk_or_run_do_not_count(sale: Sale) -> None:
    run = uuid7()
    say(sale, f"{run}:70:0")
    say(sale, f"{uuid7()}:7:0")
    assert serve(sale, uuid7(), f"{run}:7:1") is True
    assert sale.order.sent_at is not None


def test_the_first_delivery_counts(sale: Sale) -> None:
    first, second = uuid7(), uuid7()
    serve(sale, first, "r:1:0")
    serve(sale, second, "r:2:0")
    assert sale.order.served_at == uuid7_time(first)
