"""The link of an access to a group: who gets which, when, how often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bots.models import Channel, ChatStatus, ConnectedChat
from bots.outbox.models import MessageState, OutboxMessage
from bots.tenancy import organization_scope
from flows.engine.effects import GrantAccess, RecallAccess
from flows.engine.events import AccessReady
from payments.models import Grant, Place
from payments.services.handling import grant_access
from payments.services.links import TEST_LINK
from payments.services.recalling import recall_accesses
from payments.services.tending import tend_places
from tests.support.fake_telegram import FakeTelegram
from tests.support.fake_telegram.groups import Group
from tests.support.races import run_before
from tests.telegram_gateway.groups.support import (
    ANA,
    CHAT,
    RUI,
    envelope,
    give,
    links,
    make_due,
    moves,
    relay_all,
    told,
)

pytestmark = pytest.mark.django_db


def test_one_link_that_asks_to_join_serves_everybody(chat: ConnectedChat, telegram: FakeTelegram) -> None:
    grant = give(chat)
    relay_all()
    give(chat, user_id=RUI)
    relay_all()

    (call,) = telegram.accepted("createChatInviteLink")
    assert call.parameters == {"chat_id": CHAT, "creates_join_request": True}
    first, second = told(AccessReady)
    assert (first.grant_id, first.wait, first.visit) == (grant.pk, 3, 1)
    assert first.link == second.link == ConnectedChat.unscoped.get().join_request_link


def test_a_personal_link_is_each_ones_own(chat: ConnectedChat, telegram: FakeTelegram) -> None:
    give(chat, mode="invite_link")
    give(chat, user_id=RUI, mode="invite_link")
    relay_all()

    calls = [call.parameters for call in telegram.accepted("createChatInviteLink")]
    assert calls == [{"chat_id": CHAT, "name": str(user), "member_limit": 1} for user in (ANA, RUI)]
    assert links() == list(Place.unscoped.order_by("id").values_list("link", flat=True))
    assert len(set(links())) == 2


def test_a_repeated_step_asks_once(chat: ConnectedChat, telegram: FakeTelegram) -> None:
    effect = GrantAccess(1, None, {"chat": str(chat.pk), "mode": "join_request"}, "vip", link_for=3)
    same = envelope(chat.bot, effect)
    for _ in range(2):
        with organization_scope(chat.organization_id):
            grant_access(same, effect)
    relay_all()

    assert (Grant.unscoped.count(), Place.unscoped.count(), len(links())) == (1, 1, 1)


def test_of_two_links_made_at_once_one_is_told_to_everybody(chat: ConnectedChat, telegram: FakeTelegram) -> None:
    def somebody_is_faster() -> None:
        ConnectedChat.unscoped.update(join_request_link="https://t.me/+first")

    give(chat)
    with run_before("payments.services.links.take_link", somebody_is_faster):
        relay_all()

    assert links() == ["https://t.me/+first"]
    assert ConnectedChat.unscoped.get().join_request_link == "https://t.me/+first"


def test_a_test_chat_gets_a_link_that_opens_nothing(chat: ConnectedChat, telegram: FakeTelegram) -> None:
    give(chat, user_id=-5, channel=Channel.SIMULATOR)
    relay_all()

    assert links() == [TEST_LINK]
    assert telegram.calls == []
    assert not Place.unscoped.exists()


def test_without_the_right_the_link_waits_until_the_owner_mends_it(
    chat: ConnectedChat, group: Group, telegram: FakeTelegram
) -> None:
    group.rights["can_invite_users"] = False
    give(chat)
    relay_all()
    chat.refresh_from_db()
    assert (links(), chat.status, chat.can_invite_users, chat.can_restrict_members) == (
        [],
        ChatStatus.CONNECTED,
        False,
        True,
    )

    group.rights["can_invite_users"] = True
    OutboxMessage.unscoped.filter(state=MessageState.NEW).update(due_at=timezone.now())
    relay_all()

    assert len(links()) == 1


def test_an_access_taken_back_meanwhile_gets_no_link(chat: ConnectedChat, telegram: FakeTelegram) -> None:
    give(chat)
    Grant.unscoped.update(revoked_at=timezone.now())
    relay_all()

    assert (links(), telegram.calls) == ([], [])


def test_who_is_not_inside_gets_another_link_twice_at_most(chat: ConnectedChat) -> None:
    give(chat)
    relay_all()
    assert Place.unscoped.get().due_at > timezone.now() + timedelta(minutes=15)  # type: ignore[operator]

    for _ in range(4):
        make_due()
        tend_places()
        relay_all()

    assert len(links()) == 3


def test_who_is_inside_gets_no_other_link(chat: ConnectedChat, group: Group) -> None:
    give(chat)
    moves(chat.bot, group, ANA, inside=True)
    make_due()

    tend_places()
    relay_all()

    assert len(links()) == 1


def test_the_command_gives_a_way_in_again(chat: ConnectedChat) -> None:
    give(chat)
    relay_all()

    recall_accesses(envelope(chat.bot, RecallAccess()), key="k")
    relay_all()

    assert [event.wait for event in told(AccessReady)] == [3, 0]
