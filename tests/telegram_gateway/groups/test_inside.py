"""Who is inside, by which link, and the end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bots.models import ConnectedChat
from bots.tenancy import organization_scope
from flows.engine.events import MoneyTold, MoneyWord
from payments.models import Grant, Place
from payments.services.places import accesses_ended
from payments.services.tending import tend_places
from tests.support.fake_telegram import FakeTelegram
from tests.support.fake_telegram.groups import Group
from tests.support.races import run_before
from tests.telegram_gateway.groups.support import (
    ANA,
    CHAT,
    RUI,
    give,
    inside_until,
    links,
    make_due,
    moves,
    relay_all,
    told,
)

pytestmark = pytest.mark.django_db


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


def test_the_twin_of_a_link_used_by_another_that_looks_for_no_owner_lets_them_stay(
    chat: ConnectedChat, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(chat, mode="invite_link")
    relay_all()
    monkeypatch.setattr("payments.services.places._owner_of", lambda *_which: None)

    moves(chat.bot, group, RUI, inside=True, link=links()[0])

    assert RUI in group.members
