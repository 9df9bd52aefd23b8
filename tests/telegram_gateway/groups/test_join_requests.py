"""A request to join: who is let in."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from bots.models import ConnectedChat
from bots.outbox.models import MessageState, OutboxMessage
from payments.models import Grant
from telegram_gateway import memberships, services
from telegram_gateway.selectors import WebhookBot
from tests.support.fake_telegram import FakeTelegram
from tests.support.fake_telegram.groups import Group
from tests.telegram_gateway.groups.support import (
    ANA,
    RUI,
    asks_to_join,
    give,
    hear,
    numbers,
    relay_all,
)

pytestmark = pytest.mark.django_db


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
