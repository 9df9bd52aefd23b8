"""Accesses in the team's hands: given, taken back, moved; each with its reason, each told once."""

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from bots.errors import Conflict, Invalid, NotFound
from bots.models import AuditEntry, ConnectedChat, User
from bots.tenancy import organization_scope
from flows.engine.events import AccessRecalled
from payments.models import Grant, Place
from payments.selectors import open_grant_names
from payments.services.grant_acts import give_by_hand, move_grant, take_back
from tests.factories.bots import make_membership
from tests.factories.payments import Shop, make_shop, second_contact, told

pytestmark = pytest.mark.django_db

CONTENT = {"text": "Bem-vindo!", "link": "https://example.com/vip"}


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def member(shop: Shop) -> User:
    return make_membership(organization=shop.organization).user


def give(shop: Shop, member: User, **changes: Any) -> Grant:
    wanted: dict[str, Any] = {"content": CONTENT, "days": 30, "reason": "a gift", "tell": True} | changes
    return give_by_hand(shop.contact.pk, organization_id=shop.organization.pk, actor=member, **wanted)


def audited(shop: Shop) -> list[tuple[str, str]]:
    entries = AuditEntry.unscoped.filter(organization=shop.organization, object_type="payments.grant").order_by("pk")
    return [(entry.action, entry.reason) for entry in entries]


def test_an_access_by_hand_is_open_told_and_audited(shop: Shop, member: User) -> None:
    grant = give(shop, member)
    assert (grant.ends_at - grant.starts_at).days == 30  # type: ignore[operator]
    assert [event.accesses[0].content for event in told(shop) if isinstance(event, AccessRecalled)] == [CONTENT]
    assert audited(shop) == [("grant.give", "a gift")]
    owner = (shop.organization.pk, shop.contact.telegram_user_id)
    assert owner in open_grant_names([owner]) or grant.is_open(grant.starts_at)


def test_without_days_it_has_no_end_and_untold_nothing_is_said(shop: Shop, member: User) -> None:
    assert give(shop, member, days=None, tell=False).ends_at is None
    assert told(shop) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "  "}, "reason_required"),
        ({"content": {}}, "content_required"),
        ({"days": 0}, "days_out_of_range"),
        ({"days": 4000}, "days_out_of_range"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    shop: Shop, member: User, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        give(shop, member, **changes)
    assert refused.value.code == code
    assert Grant.unscoped.count() == 0
    assert audited(shop) == []


def test_the_same_open_access_is_given_once(shop: Shop, member: User) -> None:
    give(shop, member)
    with pytest.raises(Conflict):
        give(shop, member)
    assert Grant.unscoped.count() == 1


def test_what_was_taken_back_may_be_given_again(shop: Shop, member: User) -> None:
    grant = give(shop, member)
    take_back(grant.pk, organization_id=shop.organization.pk, reason="a mistake", actor=member)
    assert give(shop, member).pk != grant.pk
    assert audited(shop) == [("grant.give", "a gift"), ("grant.take_back", "a mistake"), ("grant.give", "a gift")]


def test_an_access_is_taken_back_once(shop: Shop, member: User) -> None:
    grant = give(shop, member)
    taken = take_back(grant.pk, organization_id=shop.organization.pk, reason="a mistake", actor=member)
    assert taken.revoked_at is not None
    with pytest.raises(Conflict):
        take_back(grant.pk, organization_id=shop.organization.pk, reason="again", actor=member)
    with pytest.raises(Invalid):
        take_back(grant.pk, organization_id=shop.organization.pk, reason="", actor=member)


def test_a_moved_access_is_the_others_for_as_long_as_it_was(shop: Shop, member: User) -> None:
    grant, other = give(shop, member, tell=False), second_contact(shop)
    moved = move_grant(
        grant.pk, other.contact.pk, organization_id=shop.organization.pk, reason="new phone", tell=True, actor=member
    )
    assert (moved.pk, moved.ends_at, moved.telegram_user_id) == (
        grant.pk,
        grant.ends_at,
        other.contact.telegram_user_id,
    )
    assert len([event for event in told(shop) if isinstance(event, AccessRecalled)]) == 1
    entry = AuditEntry.unscoped.get(action="grant.move")
    assert entry.data["from"] == shop.contact.telegram_user_id
    assert entry.reason == "new phone"


def test_what_is_closed_or_had_already_is_not_moved(shop: Shop, member: User) -> None:
    grant, other = give(shop, member), second_contact(shop)
    theirs = give(other, member)

    def move() -> None:
        move_grant(
            grant.pk, other.contact.pk, organization_id=shop.organization.pk, reason="x", tell=False, actor=member
        )

    with pytest.raises(Conflict) as had:
        move()
    assert had.value.code == "already_has_access"
    take_back(theirs.pk, organization_id=shop.organization.pk, reason="x", actor=member)
    take_back(grant.pk, organization_id=shop.organization.pk, reason="x", actor=member)
    with pytest.raises(Conflict) as closed:
        move()
    assert closed.value.code == "access_not_open"


def test_another_organization_has_no_part_in_it(shop: Shop, member: User) -> None:
    grant, other = give(shop, member), make_shop("Outra")
    with pytest.raises(NotFound):
        take_back(grant.pk, organization_id=other.organization.pk, reason="x", actor=member)
    with pytest.raises(NotFound):
        give_by_hand(
            other.contact.pk,
            organization_id=shop.organization.pk,
            content=CONTENT,
            days=None,
            reason="x",
            tell=False,
            actor=member,
        )
    with pytest.raises(NotFound):
        move_grant(
            grant.pk, other.contact.pk, organization_id=shop.organization.pk, reason="x", tell=False, actor=member
        )
    with pytest.raises(NotFound):
        take_back(uuid4(), organization_id=shop.organization.pk, reason="x", actor=member)


@pytest.mark.django_db(transaction=True)
def test_two_who_give_the_same_at_once_give_it_once() -> None:
    shop = make_shop()
    member = make_membership(organization=shop.organization).user
    ready, refused = threading.Barrier(2), []

    def work() -> None:
        try:
            ready.wait()
            give(shop, member, tell=False)
        except Conflict as error:
            refused.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _one in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with organization_scope(shop.organization.pk):
        assert Grant.objects.count() == 1
    assert refused == ["already_has_access"]


def test_a_place_in_a_group_is_watched_from_the_gift_to_its_end(shop: Shop, member: User) -> None:
    chat = ConnectedChat(organization=shop.organization, bot=shop.bot, telegram_id=-100, kind="supergroup")
    chat.save(force_insert=True)
    grant = give(shop, member, content={"chat": str(chat.pk)}, tell=False)
    place = Place.unscoped.get()
    assert (place.telegram_user_id, place.chat_id) == (shop.contact.telegram_user_id, chat.pk)
    assert place.due_at is not None
    other = second_contact(shop)
    Place.unscoped.update(due_at=None)
    move_grant(
        grant.pk, other.contact.pk, organization_id=shop.organization.pk, reason="new phone", tell=False, actor=member
    )
    looked_at = {place.telegram_user_id: place.due_at is not None for place in Place.unscoped.all()}
    assert looked_at == {shop.contact.telegram_user_id: True, other.contact.telegram_user_id: True}
    Place.unscoped.update(due_at=None)
    take_back(grant.pk, organization_id=shop.organization.pk, reason="a mistake", actor=member)
    assert Place.unscoped.get(contact=other.contact).due_at is not None
    assert Place.unscoped.get(contact=shop.contact).due_at is None
