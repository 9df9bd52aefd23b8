"""Somebody with an access, and what reaches us of the group."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from bots.models import Bot, Channel, ConnectedChat, Contact
from bots.outbox import relay
from bots.outbox.models import Queue
from bots.tenancy import organization_scope
from flows.engine.codec import load_event
from flows.engine.effects import GrantAccess
from flows.engine.events import AccessReady, Event
from flows.models import InboxEvent
from flows.topics import Envelope
from payments.models import Grant, Place
from payments.services.handling import grant_access
from telegram_gateway import memberships, services
from telegram_gateway.selectors import WebhookBot, sending_bots
from tests.support.fake_telegram.groups import Group

CHAT = -1001
ANA, RUI = 700_100_200, 700_100_300
numbers = iter(range(1, 10_000))


def contact_of(bot: Bot, user_id: int = ANA, channel: Channel = Channel.TELEGRAM) -> Contact:
    known = Contact.unscoped.filter(bot=bot, telegram_user_id=user_id).first()
    return known or Contact.unscoped.create(
        organization_id=bot.organization_id, bot=bot, telegram_user_id=user_id, channel=channel
    )


def envelope(bot: Bot, effect: Any, *, user_id: int = ANA, channel: Channel = Channel.TELEGRAM) -> Envelope:
    contact = contact_of(bot, user_id, channel)
    return Envelope(
        organization_id=bot.organization_id,
        bot_id=bot.pk,
        contact_id=contact.pk,
        conversation_id=uuid4(),
        telegram_user_id=user_id,
        channel=channel,
        run_id=uuid4(),
        version_id=uuid4(),
        effect=effect,
    )


def give(chat: ConnectedChat, *, user_id: int = ANA, channel: Channel = Channel.TELEGRAM, **content: Any) -> Grant:
    """What a step does that gives a place; answers the access."""
    effect = GrantAccess(1, None, {"chat": str(chat.pk), "mode": "join_request", **content}, "vip", link_for=3)
    with organization_scope(chat.organization_id):
        grant_access(envelope(chat.bot, effect, user_id=user_id, channel=channel), effect)
    return Grant.unscoped.filter(telegram_user_id=user_id).latest("id")


def relay_all() -> None:
    for _ in range(20):
        for bot_id in Bot.unscoped.values_list("id", flat=True):
            sending_bots.get(bot_id, no_older_than=0)
        if not relay.run_once(Queue.PAYMENTS):
            return


def told(kind: type[Event]) -> list[Any]:
    rows = InboxEvent.unscoped.order_by("id")
    return [event for row in rows if isinstance(event := load_event(json.loads(bytes(row.payload))), kind)]


def links() -> list[str]:
    return [event.link for event in told(AccessReady)]


def hear(bot: Bot, **update: object) -> None:
    """Telegram tells something, and all of it is done."""
    body = json.dumps({"update_id": next(numbers), **update}).encode()
    services.take_in(WebhookBot(bot.id, bot.organization_id, ""), body)
    memberships.process_memberships()
    relay_all()


def asks_to_join(bot: Bot, group: Group, user_id: int) -> None:
    group.asking.add(user_id)
    person = {"id": user_id, "is_bot": False, "language_code": "pt-br"}
    hear(bot, chat_join_request={"chat": group.chat, "from": person, "user_chat_id": user_id, "date": 1_760_000_000})


def moves(bot: Bot, group: Group, user_id: int, *, inside: bool, link: str = "") -> None:
    person = {"id": user_id, "is_bot": False}
    before, after = ("left", "member") if inside else ("member", "left")
    if inside:
        group.members[user_id] = "member"
    else:
        group.members.pop(user_id, None)
    change: Mapping[str, object] = {
        "chat": group.chat,
        "from": person,
        "date": 1_760_000_000,
        "old_chat_member": {"user": person, "status": before},
        "new_chat_member": {"user": person, "status": after},
        **({"invite_link": {"invite_link": link}} if link else {}),
    }
    hear(bot, chat_member=change)


def make_due() -> None:
    Place.unscoped.update(due_at=timezone.now() - timedelta(seconds=1))


def inside_until(chat: ConnectedChat, group: Group, **until: float) -> Grant:
    grant = give(chat, duration_days=30)
    moves(chat.bot, group, ANA, inside=True)
    ends_at = timezone.now() + timedelta(**until)
    Grant.unscoped.update(starts_at=ends_at - timedelta(days=30), ends_at=ends_at)
    make_due()
    return grant
