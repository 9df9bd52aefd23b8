"""From an access to a place in a group: the link, the request to join, who is inside, and the end."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from bots.models import Bot, Channel, ChatStatus, ConnectedChat, Contact
from bots.outbox import relay
from bots.outbox.models import MessageState, OutboxMessage, Queue
from bots.tenancy import organization_scope
from flows.engine.codec import load_event
from flows.engine.effects import GrantAccess, RecallAccess
from flows.engine.events import AccessReady, Event, MoneyTold, MoneyWord
from flows.models import InboxEvent
from flows.topics import Envelope
from payments.models import Grant, Place
from payments.services.handling import grant_access
from payments.services.links import TEST_LINK
from payments.services.places import accesses_ended
from payments.services.recalling import recall_accesses
from payments.services.tending import tend_places
from telegram_gateway import memberships, services
from telegram_gateway.selectors import WebhookBot, sending_bots
from tests.support.fake_telegram import FakeTelegram, Fault
from tests.support.fake_telegram.groups import Group
from tests.support.races import run_before

pytestmark = pytest.mark.django_db

CHAT = -1001
ANA, RUI = 700_100_200, 700_100_300
numbers = iter(range(1, 10_000))


@pytest.fixture
def group(telegram: FakeTelegram) -> Group:
    return telegram.groups.open(CHAT)


@pytest.fixture
def chat(bot: Bot, group: Group) -> ConnectedChat:
    return ConnectedChat.unscoped.create(
        organization_id=bot.organization_id,
        bot=bot,
        telegram_id=CHAT,
        kind="supergroup",
        can_invite_users=True,
        can_restrict_members=True,
    )


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


# The link


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


# Coming in


def test_who_has_access_is_let_in(chat: ConnectedChat, group: Group) -> None:
    give(chat)

    asks_to_join(chat.bot, group, ANA)

    assert (group.members, group.asking) == ({ANA: "member"}, set())


def test_who_has_none_is_declined_and_told(chat: ConnectedChat, group: Group, telegram: FakeTelegram) -> None:
    give(chat)

    asks_to_join(chat.bot, group, RUI)

    assert (group.members, group.asking) == ({}, set())
    (said,) = telegram.sent_to(RUI)
    assert "/acesso" in said.text


@pytest.mark.parametrize("ended", [{"revoked_at": 0}, {"ends_at": 0, "starts_at": -9}])
def test_an_access_that_is_over_lets_nobody_in(chat: ConnectedChat, group: Group, ended: dict[str, int]) -> None:
    give(chat)
    Grant.unscoped.update(**{name: timezone.now() + timedelta(minutes=at) for name, at in ended.items()})

    asks_to_join(chat.bot, group, ANA)

    assert group.members == {}


def test_an_access_to_another_chat_lets_nobody_in(chat: ConnectedChat, group: Group, telegram: FakeTelegram) -> None:
    other = ConnectedChat.unscoped.create(
        organization_id=chat.organization_id, bot=chat.bot, telegram_id=-1002, kind="channel"
    )
    give(other)

    asks_to_join(chat.bot, group, ANA)

    assert group.members == {}


def test_it_is_judged_when_it_is_answered(chat: ConnectedChat, group: Group) -> None:
    """The access ends between the request and the answer."""
    give(chat)
    relay_all()
    group.asking.add(ANA)
    person = {"id": ANA, "is_bot": False}
    body = {"update_id": 9, "chat_join_request": {"chat": group.chat, "from": person, "user_chat_id": ANA, "date": 1}}
    services.take_in(WebhookBot(chat.bot_id, chat.organization_id, ""), json.dumps(body).encode())
    memberships.process_memberships()
    Grant.unscoped.update(revoked_at=timezone.now())

    relay_all()

    assert (group.members, group.asking) == ({}, set())


def test_a_request_that_was_withdrawn_is_done_with(chat: ConnectedChat, group: Group) -> None:
    give(chat)
    relay_all()
    person = {"id": ANA, "is_bot": False}
    hear(chat.bot, chat_join_request={"chat": group.chat, "from": person, "user_chat_id": ANA, "date": 1})

    assert OutboxMessage.unscoped.get(topic="join.answer").state == MessageState.DONE


def test_who_comes_in_and_leaves_is_noted(chat: ConnectedChat, group: Group) -> None:
    give(chat)

    moves(chat.bot, group, ANA, inside=True)
    assert Place.unscoped.get().is_inside
    moves(chat.bot, group, ANA, inside=False)

    place = Place.unscoped.get()
    assert (place.is_inside, place.entered_at is None, place.left_at is None) == (False, False, False)


def test_a_personal_link_used_by_its_owner_is_revoked(chat: ConnectedChat, group: Group) -> None:
    give(chat, mode="invite_link")
    relay_all()
    (link,) = links()

    moves(chat.bot, group, ANA, inside=True, link=link)

    assert group.links[link]["is_revoked"]
    assert (group.members, Place.unscoped.get().link) == ({ANA: "member"}, "")


def test_a_personal_link_used_by_somebody_else_puts_them_out_and_the_owner_gets_another(
    chat: ConnectedChat, group: Group
) -> None:
    give(chat, mode="invite_link")
    relay_all()
    (link,) = links()

    moves(chat.bot, group, RUI, inside=True, link=link)

    assert group.links[link]["is_revoked"]
    assert (RUI in group.members, RUI in group.banned) == (False, False)
    first, second = links()
    assert (first, second == first, Place.unscoped.get().link) == (link, False, second)


def test_somebody_else_with_an_access_of_their_own_stays(chat: ConnectedChat, group: Group) -> None:
    give(chat, mode="invite_link")
    give(chat, user_id=RUI)
    relay_all()

    moves(chat.bot, group, RUI, inside=True, link=Place.unscoped.get(telegram_user_id=ANA).link)

    assert group.members == {RUI: "member"}


# Outside although paid


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


# The end


def inside_until(chat: ConnectedChat, group: Group, **until: float) -> Grant:
    grant = give(chat, duration_days=30)
    moves(chat.bot, group, ANA, inside=True)
    ends_at = timezone.now() + timedelta(**until)
    Grant.unscoped.update(starts_at=ends_at - timedelta(days=30), ends_at=ends_at)
    make_due()
    return grant


def test_the_end_is_told_before_and_each_reminder_once(chat: ConnectedChat, group: Group) -> None:
    inside_until(chat, group, days=2)
    for _ in range(2):
        tend_places()
        make_due()
    assert [event.word for event in told(MoneyTold)] == [MoneyWord.ACCESS_ENDS_IN_DAYS]

    Grant.unscoped.update(ends_at=timezone.now() + timedelta(hours=20))
    for _ in range(2):
        make_due()
        tend_places()

    assert [event.word for event in told(MoneyTold)] == [MoneyWord.ACCESS_ENDS_IN_DAYS, MoneyWord.ACCESS_ENDS_TOMORROW]


def test_at_the_end_they_are_put_out_and_may_come_back(
    chat: ConnectedChat, group: Group, telegram: FakeTelegram
) -> None:
    inside_until(chat, group, minutes=-1)

    tend_places()
    relay_all()

    assert (group.members, group.banned) == ({}, set())
    (unban,) = telegram.accepted("unbanChatMember")
    assert unban.parameters == {"chat_id": CHAT, "user_id": ANA, "only_if_banned": True}
    assert not Place.unscoped.get().is_inside


def test_who_renewed_stays(chat: ConnectedChat, group: Group) -> None:
    first = inside_until(chat, group, minutes=1)
    second = give(chat, duration_days=30)
    assert second.starts_at == Grant.unscoped.get(pk=first.pk).ends_at
    Grant.unscoped.filter(pk=first.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    Grant.unscoped.filter(pk=second.pk).update(starts_at=timezone.now() - timedelta(seconds=1))
    make_due()

    tend_places()
    relay_all()

    assert group.members == {ANA: "member"}


@pytest.mark.parametrize("status", ["administrator", "creator"])
def test_an_administrator_is_never_put_out(chat: ConnectedChat, group: Group, status: str) -> None:
    inside_until(chat, group, minutes=-1)
    group.members[ANA] = status

    tend_places()
    relay_all()

    assert group.members == {ANA: status}


def test_who_stands_on_the_list_stays(chat: ConnectedChat, group: Group) -> None:
    inside_until(chat, group, minutes=-1)
    ConnectedChat.unscoped.update(allow_list=[ANA])

    tend_places()
    relay_all()

    assert group.members == {ANA: "member"}


def test_who_never_had_an_access_is_never_put_out(chat: ConnectedChat, group: Group, telegram: FakeTelegram) -> None:
    moves(chat.bot, group, RUI, inside=True)

    tend_places()
    relay_all()

    assert (group.members, telegram.calls) == ({RUI: "member"}, [])


def test_an_access_bought_again_before_the_call_keeps_them_inside(chat: ConnectedChat, group: Group) -> None:
    inside_until(chat, group, minutes=-1)
    tend_places()
    give(chat)

    relay_all()

    assert group.members == {ANA: "member"}


def test_who_buys_between_the_question_and_the_call_gets_a_way_in_at_once(chat: ConnectedChat, group: Group) -> None:
    inside_until(chat, group, minutes=-1)
    tend_places()

    with run_before("telegram_gateway.group_calls._call", lambda: give(chat)):
        relay_all()
    assert group.members == {}
    before = len(links())
    tend_places()
    relay_all()

    assert len(links()) == before + 1


def test_an_access_taken_back_puts_them_out(chat: ConnectedChat, group: Group) -> None:
    grant = give(chat)
    moves(chat.bot, group, ANA, inside=True)
    Grant.unscoped.update(revoked_at=timezone.now())
    with organization_scope(chat.organization_id):
        accesses_ended([grant])

    tend_places()
    relay_all()

    assert group.members == {}


def test_its_twin_without_the_question_before_the_call_puts_out_who_bought_again(
    chat: ConnectedChat, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside_until(chat, group, minutes=-1)
    tend_places()
    give(chat)
    monkeypatch.setattr("payments.services.places.may_be_removed", lambda *_who: True)

    relay_all()

    assert group.members == {}


def test_two_requests_of_one_person_let_them_in_once(chat: ConnectedChat, group: Group, telegram: FakeTelegram) -> None:
    give(chat)
    relay_all()
    for _ in range(2):
        group.asking.add(ANA)
        person = {"id": ANA, "is_bot": False}
        body = {
            "update_id": next(numbers),
            "chat_join_request": {"chat": group.chat, "from": person, "user_chat_id": ANA, "date": 1},
        }
        services.take_in(WebhookBot(chat.bot_id, chat.organization_id, ""), json.dumps(body).encode())
    memberships.process_memberships()
    relay_all()

    assert (group.members, group.asking) == ({ANA: "member"}, set())
    assert len(telegram.accepted("approveChatJoinRequest")) == 1
    answers = OutboxMessage.unscoped.filter(topic="join.answer")
    assert {one.state for one in answers} == {MessageState.DONE}


def test_its_twin_that_asks_for_no_access_lets_anybody_in(
    chat: ConnectedChat, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.services.places.may_enter", lambda *_who: True)

    asks_to_join(chat.bot, group, RUI)

    assert group.members == {RUI: "member"}


def test_the_twin_of_a_link_used_by_another_that_looks_for_no_owner_lets_them_stay(
    chat: ConnectedChat, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(chat, mode="invite_link")
    relay_all()
    monkeypatch.setattr("payments.services.places._owner_of", lambda *_which: None)

    moves(chat.bot, group, RUI, inside=True, link=links()[0])

    assert RUI in group.members


# A chat the bot lost


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
