"""Accesses and places, all at once: nobody loses a day, nobody is put out who renewed, each link and gift is one.

Each with its twin that shows the race with the guard off.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from bots.models import ConnectedChat, Contact, User
from bots.outbox.models import OutboxMessage
from flows.engine.effects import RecallAccess
from payments.models import Grant, Place
from payments.services import grant_acts, grants, place_acts, recalling, tending
from payments.services.recalling import recall_accesses
from payments.services.transactions import work_for
from tests.factories.bots import make_membership
from tests.factories.payments import Shop, make_shop
from tests.support.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

TWO = 2


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def member(shop: Shop) -> User:
    return make_membership(organization=shop.organization).user


@pytest.fixture
def chat(shop: Shop) -> ConnectedChat:
    return ConnectedChat.unscoped.create(
        organization=shop.organization,
        bot=shop.bot,
        telegram_id=-1001,
        kind="channel",
        can_invite_users=True,
        can_restrict_members=True,
    )


def content(chat: ConnectedChat) -> dict[str, object]:
    return {"chat": str(chat.pk), "mode": "join_request", "duration_days": 30}


def give(shop: Shop, chat: ConnectedChat) -> None:
    """What a step gives."""
    with work_for(shop.organization.pk):
        grants.give(
            organization_id=shop.organization.pk,
            contact_id=shop.contact.pk,
            telegram_user_id=shop.contact.telegram_user_id,
            order_id=None,
            run_id=uuid4(),
            visit=1,
            step_id="vip",
            content=content(chat),
            is_test=False,
        )


def unlocked(*_args: object) -> None:
    """In place of a lock."""


def meeting(act: Callable[..., Any]) -> Callable[..., Any]:
    """The same, but both have done it before either goes on."""
    barrier = threading.Barrier(TWO)

    def met(*args: Any, **kwargs: Any) -> Any:
        answer = act(*args, **kwargs)
        barrier.wait(20)
        return answer

    return met


def without(*guards: tuple[object, str, Callable[..., Any]]) -> ExitStack:
    """Names replaced for a while."""
    stack = ExitStack()
    for module, name, instead in guards:
        stack.enter_context(patch.object(module, name, instead))
    return stack


def requests() -> int:
    return OutboxMessage.unscoped.filter(topic="invite.create").count()


# Two renewals of one access


def days_bought(shop: Shop, chat: ConnectedChat) -> int:
    give(shop, chat)
    at_once(TWO, lambda _place: give(shop, chat))
    last = Grant.unscoped.order_by("ends_at").last()
    assert last is not None
    assert last.ends_at is not None
    return round((last.ends_at - timezone.now()) / timedelta(days=1))


def test_two_renewals_at_once_lose_no_day(shop: Shop, chat: ConnectedChat) -> None:
    assert days_bought(shop, chat) == 90


def test_its_twin_without_the_lock_loses_a_month(shop: Shop, chat: ConnectedChat) -> None:
    give(shop, chat)
    read = meeting(grants._end_of_open_access)
    with without((grants, "lock_access", unlocked), (grants, "_end_of_open_access", read)):
        at_once(TWO, lambda _place: give(shop, chat))
    ends = list(Grant.unscoped.order_by("ends_at").values_list("ends_at", flat=True))
    assert ends[1] == ends[2]


# One gift, given twice


def gifts(shop: Shop, chat: ConnectedChat, member: User) -> int:
    def by_hand(_place: int) -> Grant:
        return grant_acts.give_by_hand(
            shop.contact.pk,
            organization_id=shop.organization.pk,
            content=content(chat),
            days=30,
            reason="a gift",
            tell=True,
            actor=member,
        )

    at_once(TWO, by_hand)
    return Grant.unscoped.count()


def test_what_two_give_at_once_is_given_once(shop: Shop, chat: ConnectedChat, member: User) -> None:
    assert gifts(shop, chat, member) == 1


def test_its_twin_without_the_locks_gives_twice(shop: Shop, chat: ConnectedChat, member: User) -> None:
    read = meeting(grant_acts._of)
    with without(
        (grant_acts, "lock_access", unlocked),
        (grant_acts, "_contact", lambda pk: Contact.objects.get(pk=pk)),
        (grant_acts, "_of", read),
    ):
        assert gifts(shop, chat, member) == 2


# Links


def a_place(shop: Shop, chat: ConnectedChat) -> Place:
    give(shop, chat)
    Place.unscoped.update(due_at=timezone.now() - timedelta(seconds=1))
    return Place.unscoped.get()


def seen(place_id: UUID) -> Place:
    return Place.objects.select_related("chat", "contact").get(pk=place_id)


def press(shop: Shop, place: Place, member: User) -> None:
    at_once(TWO, lambda _n: place_acts.send_link_now(place.pk, organization_id=shop.organization.pk, actor=member))


def test_a_link_that_two_of_the_team_send_at_once_is_one(shop: Shop, chat: ConnectedChat, member: User) -> None:
    press(shop, a_place(shop, chat), member)
    assert requests() == 1


def test_its_twin_without_the_places_lock_sends_two(shop: Shop, chat: ConnectedChat, member: User) -> None:
    place = a_place(shop, chat)
    with without((place_acts, "_locked", meeting(seen))):
        press(shop, place, member)
    assert requests() == 2


def test_two_sweeps_at_once_send_one_link(shop: Shop, chat: ConnectedChat) -> None:
    a_place(shop, chat)
    at_once(TWO, lambda _n: tending.tend_places())
    assert (requests(), Place.unscoped.get().links_sent) == (1, 1)


def test_its_twin_without_the_places_lock_lets_both_send(shop: Shop, chat: ConnectedChat) -> None:
    a_place(shop, chat)
    with without((tending, "_locked", meeting(seen))):
        at_once(TWO, lambda _n: tending.tend_places())
    assert requests() == 2


def asks_again(shop: Shop) -> None:
    at_once(TWO, lambda n: recall_accesses(shop.envelope(RecallAccess()), key=f"press {n}"))


def test_a_command_sent_twice_at_once_asks_for_one_link(shop: Shop, chat: ConnectedChat) -> None:
    a_place(shop, chat)
    asks_again(shop)
    assert requests() == 1


def test_its_twin_without_the_places_lock_asks_for_two(shop: Shop, chat: ConnectedChat) -> None:
    a_place(shop, chat)

    def unlocked_place(chat_id: UUID, telegram_user_id: int) -> Place:
        return Place.objects.get(chat_id=chat_id, telegram_user_id=telegram_user_id)

    with without((recalling, "locked_place", meeting(unlocked_place))):
        asks_again(shop)
    assert requests() == 2
