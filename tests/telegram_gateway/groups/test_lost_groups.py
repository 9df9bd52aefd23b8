"""A group that is lost, moved, or closed to the bot."""

from typing import Any

import pytest

from bots.models import ConnectedChat
from bots.outbox import relay
from bots.outbox.models import OutboxMessage, Queue
from flows.engine.events import MoneyTold, MoneyWord
from payments.services.tending import tend_places
from tests.support.fake_telegram import FakeTelegram, Fault
from tests.support.fake_telegram.groups import Group
from tests.telegram_gateway.groups.support import CHAT, give, hear, inside_until, links, make_due, relay_all, told

pytestmark = pytest.mark.django_db


def notices() -> list[dict[str, Any]]:
    rows = OutboxMessage.unscoped.filter(topic="notice.raised").order_by("id")
    return [row.payload["facts"] | {"kind": row.payload["kind"]} for row in rows]


def loses_its_place(chat: ConnectedChat, status: str, *, at: int, **rights: bool) -> None:
    me = {"id": chat.bot.telegram_id or 42, "is_bot": True}
    hear(
        chat.bot,
        my_chat_member={
            "chat": {"id": CHAT, "type": "supergroup", "title": "VIP"},
            "from": {"id": 7},
            "date": at,
            "old_chat_member": {"user": me, "status": "administrator"},
            "new_chat_member": {"user": me, "status": status, **rights},
        },
    )
    while relay.run_once(Queue.OUTBOX):
        pass


def test_a_lost_chat_is_told_once_for_each_loss_and_who_waits_gets_a_link_when_the_bot_is_back(
    chat: ConnectedChat, group: Group
) -> None:
    give(chat)
    relay_all()
    ConnectedChat.unscoped.update(title="VIP")
    loses_its_place(chat, "member", at=1_760_000_000)
    loses_its_place(chat, "kicked", at=1_760_000_001)
    lost = {"bot": chat.bot.name, "chat": "VIP", "kind": "bot_rights"}
    assert notices() == [lost | {"reason": "The bot is no administrator there any more"}]
    assert [event.word for event in told(MoneyTold)] == [MoneyWord.ACCESS_WAITS]
    make_due()
    tend_places()
    relay_all()
    assert len(links()) == 1

    both = {"can_invite_users": True, "can_restrict_members": True}
    loses_its_place(chat, "administrator", at=1_760_000_002, **both)
    tend_places()
    relay_all()
    assert len(links()) == 2

    loses_its_place(chat, "kicked", at=1_760_000_003)
    assert [one["reason"] for one in notices()] == [
        "The bot is no administrator there any more",
        "The bot was removed",
    ]


def test_a_call_that_is_refused_tells_which_right_is_missing_and_a_link_that_waited_goes_out_at_once(
    chat: ConnectedChat, group: Group
) -> None:
    group.rights["can_invite_users"] = False
    give(chat)
    relay_all()
    assert [one["reason"] for one in notices()] == ["it may not invite people any more"]

    group.rights["can_invite_users"] = True
    both = {"can_invite_users": True, "can_restrict_members": True}
    loses_its_place(chat, "administrator", at=1_760_000_002, **both)
    relay_all()

    assert len(links()) == 1


def test_a_right_to_remove_that_is_missing_closes_no_door(chat: ConnectedChat, group: Group) -> None:
    group.rights["can_restrict_members"] = False
    inside_until(chat, group, minutes=-1)
    tend_places()
    relay_all()

    chat.refresh_from_db()
    assert (chat.lets_people_in, chat.lets_people_out) == (True, False)
    assert [one["reason"] for one in notices()] == ["it may not remove people any more"]


def test_a_group_that_moved_is_known_by_its_new_number_from_the_first_call(
    chat: ConnectedChat, group: Group, telegram: FakeTelegram
) -> None:
    telegram.groups.open(-1002)
    del telegram.groups.known[CHAT]
    telegram.fail(
        Fault(
            status=400,
            description="Bad Request: group chat was upgraded to a supergroup chat",
            parameters={"migrate_to_chat_id": -1002},
            method="createChatInviteLink",
        )
    )
    give(chat)

    relay_all()

    assert ConnectedChat.unscoped.get().telegram_id == -1002


def test_who_is_outside_after_every_link_is_told_to_the_team_once(chat: ConnectedChat) -> None:
    give(chat)
    relay_all()
    for _ in range(5):
        make_due()
        tend_places()

    assert [one["kind"] for one in notices()] == ["not_served"]
