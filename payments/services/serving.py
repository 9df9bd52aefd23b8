"""The end of a sale: the run reached its delivery, and the messages that carry it, its link among them, left."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from bots.crashpoints import crash_point, register
from bots.ids import uuid7_floor, uuid7_time
from bots.outbox.models import UNFINISHED, MessageState, OutboxMessage
from flows.topics import ACCESS_GRANT, MESSAGE_SEND
from payments.locking import lock_order
from payments.models import Grant, GrantKind, Order, Place
from payments.selectors import heard_of_money_at
from payments.services.links import chat_of
from payments.services.notices import tell_not_served
from payments.services.transactions import work_for

MARKED = register("payments.served.marked")

# The delivery's messages were published by the same statement as the note that it was served.
_SAME_MOMENT = timedelta(seconds=5)
# A link that has not been said by then is a matter for the team; it still counts when it is.
LINK_SAID_WITHIN: Final = timedelta(minutes=15)
NO_LINK: Final = "no_link"


def mark_served(*, organization_id: UUID, order_id: UUID, note_id: UUID, effect_key: str) -> bool:
    """Notes that the run reached its delivery, then, once its messages have left, when; answers whether all is known.

    `note_id` and `effect_key` (`<run>:<revision>:<n>`) are the outbox message's own: the messages of the same walk have
    keys that begin alike. A place in a group or channel is sent when its link is. Locks the order. The first delivery
    counts. Safe to repeat.
    """
    with work_for(organization_id):
        order = lock_order(order_id)
        if order.served_at is None:
            order.served_at = uuid7_time(note_id)
            order.went_on_at = heard_of_money_at(order) or order.served_at
            order.save(update_fields=["served_at", "went_on_at"])
    crash_point(MARKED)
    with work_for(organization_id):
        messages = _messages_of(note_id, effect_key)
        if any(message.state in UNFINISHED for message in messages):
            return False
        order = lock_order(order_id)
        if order.sent_at is None:
            order.sent_at, order.send_failure = _outcome([one for one in messages if one.topic == MESSAGE_SEND])
            if order.sent_at is not None:
                links = _links_of(order)
                if any(_is_on_its_way(grant) for grant in links):
                    return False
                order.sent_at, order.send_failure = _with_links(order.sent_at, links)
            order.save(update_fields=["sent_at", "send_failure"])
            if order.send_failure:
                tell_not_served(order)
    return True


def mark_link_sent(*, organization_id: UUID, grant_id: UUID, note_id: UUID, effect_key: str) -> bool:
    """Notes when the link of an access left, or why it did not, for every access of this person to this chat that was
    there by then; answers whether it is known. A sale that only wanted its link is sent with it. Safe to repeat."""
    with work_for(organization_id):
        messages = [one for one in _messages_of(note_id, effect_key) if one.topic == MESSAGE_SEND]
        if any(message.state in UNFINISHED for message in messages):
            return False
        said = Grant.objects.filter(pk=grant_id).first()
        if said is None:
            return True
        grants = Grant.objects.filter(
            telegram_user_id=said.telegram_user_id,
            content_key=said.content_key,
            is_test=said.is_test,
            link_sent_at__isnull=True,
            created_at__lte=uuid7_time(note_id) + _SAME_MOMENT,
        )
        waiting = list(grants.order_by("id"))
        sent_at, failure = _outcome(messages)
        grants.update(link_sent_at=sent_at, link_failure=failure)
        _note_place(said, sent_at, failure)
        # In the order of their ids, so that two of these never wait for each other.
        for order_id in sorted({grant.order_id for grant in waiting if grant.order_id is not None}):
            _link_came(lock_order(order_id), sent_at)
    return True


def _link_came(order: Order, sent_at: datetime | None) -> None:
    if sent_at is None or order.send_failure != NO_LINK or any(one.link_sent_at is None for one in _links_of(order)):
        return
    order.sent_at, order.send_failure = sent_at, ""
    order.save(update_fields=["sent_at", "send_failure"])


def _note_place(grant: Grant, sent_at: datetime | None, failure: str) -> None:
    if grant.is_test:
        return
    chat = chat_of(grant.content)
    places = Place.objects.filter(chat=chat, telegram_user_id=grant.telegram_user_id)
    places.update(link_sent_at=sent_at, link_failure=failure)


def _links_of(order: Order) -> list[Grant]:
    """The accesses of a sale that come with a link; one taken back wants none."""
    return list(Grant.objects.filter(order_id=order.pk, kind=GrantKind.CHAT, revoked_at__isnull=True))


def _is_on_its_way(grant: Grant) -> bool:
    unknown = grant.link_sent_at is None and not grant.link_failure
    return unknown and timezone.now() < grant.created_at + LINK_SAID_WITHIN


def _with_links(sent_at: datetime, links: Sequence[Grant]) -> tuple[datetime | None, str]:
    if any(grant.link_sent_at is None for grant in links):
        return None, NO_LINK
    return max([sent_at, *(grant.link_sent_at for grant in links if grant.link_sent_at)]), ""


def _messages_of(note_id: UUID, effect_key: str) -> list[OutboxMessage]:
    moment = uuid7_time(note_id)
    walk = effect_key.rpartition(":")[0]
    return list(
        OutboxMessage.objects.filter(
            id__gte=uuid7_floor(moment - _SAME_MOMENT),
            id__lt=uuid7_floor(moment + _SAME_MOMENT),
            topic__in=(MESSAGE_SEND, ACCESS_GRANT),
            key__startswith=f"{walk}:",
        )
    )


def _outcome(messages: Sequence[OutboxMessage]) -> tuple[datetime | None, str]:
    """When the last one left; or why one did not. A delivery that says nothing is sent at once."""
    failed = next((message.state for message in messages if message.state != MessageState.DONE), "")
    if failed:
        return None, str(failed)
    return max((message.done_at for message in messages if message.done_at), default=timezone.now()), ""
