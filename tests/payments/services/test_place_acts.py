"""What the team does about a place: another link, people who stay, a removal undone, more days; once and audited."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from bots.errors import Conflict, DomainError, Invalid, NotFound
from bots.models import AuditEntry, ConnectedChat, User
from bots.outbox.models import OutboxMessage
from bots.services import chats
from bots.tenancy import organization_scope
from flows.engine.events import AccessRecalled
from payments import selectors
from payments.models import Grant, Place
from payments.selectors import LeavingWhy, LinkFate
from payments.services.grant_acts import extend_grant, give_by_hand, move_grant, take_back
from payments.services.place_acts import keep_inside, keep_no_longer, send_link_now, undo_removal
from payments.services.tending import tend_places
from tests.factories.bots import make_membership
from tests.factories.payments import Shop, make_shop, second_contact, told

pytestmark = pytest.mark.django_db


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
        title="VIP",
        can_invite_users=True,
        can_restrict_members=True,
    )


@pytest.fixture
def place(shop: Shop, chat: ConnectedChat, member: User) -> Place:
    """Somebody with an access of thirty days, outside."""
    give_by_hand(
        shop.contact.pk,
        organization_id=shop.organization.pk,
        content={"chat": str(chat.pk), "mode": "join_request"},
        days=30,
        reason="a gift",
        tell=False,
        actor=member,
    )
    return Place.unscoped.get()


def topics() -> list[str]:
    return list(OutboxMessage.unscoped.order_by("id").values_list("topic", flat=True))


def audited(action: str) -> list[str]:
    return list(AuditEntry.unscoped.filter(action=action).values_list("reason", flat=True))


def ends(shop: Shop, *, inside: bool, days: float = -1) -> None:
    """The access is over so many days from now."""
    at = timezone.now() + timedelta(days=days)
    Grant.unscoped.update(starts_at=at - timedelta(days=30), ends_at=at)
    Place.unscoped.update(entered_at=timezone.now() if inside else None, due_at=timezone.now())


# Another link now


def test_a_link_is_sent_once_however_often_it_is_pressed(shop: Shop, place: Place, member: User) -> None:
    pressed = [send_link_now(place.pk, organization_id=shop.organization.pk, actor=member) for _ in range(3)]
    assert (pressed, topics().count("invite.create")) == ([True, False, False], 1)
    assert audited("place.link") == [""]
    Place.unscoped.update(link_asked_at=timezone.now() - timedelta(minutes=2))
    assert send_link_now(place.pk, organization_id=shop.organization.pk, actor=member)


@pytest.mark.parametrize("code", ["already_inside", "access_not_open", "chat_lost", "contact_blocked"])
def test_no_link_is_sent_that_would_be_of_no_use(shop: Shop, place: Place, member: User, code: str) -> None:
    match code:
        case "already_inside":
            Place.unscoped.update(entered_at=timezone.now())
        case "access_not_open":
            ends(shop, inside=False)
        case "chat_lost":
            ConnectedChat.unscoped.update(can_invite_users=False)
        case _:
            shop.contact.__class__.unscoped.update(blocked_at=timezone.now())
    with pytest.raises(Conflict) as refused:
        send_link_now(place.pk, organization_id=shop.organization.pk, actor=member)
    assert (refused.value.code, topics()) == (code, [])


def test_nobody_sends_links_to_people_of_others(place: Place, member: User) -> None:
    other = make_shop("Outra")
    with pytest.raises(NotFound):
        send_link_now(place.pk, organization_id=other.organization.pk, actor=member)


@pytest.mark.parametrize(
    ("asked", "told_at", "failure", "fate"),
    [
        (None, None, "", LinkFate.NONE),
        (0, None, "", LinkFate.COMING),
        (-5, None, "", LinkFate.FAILED),
        (-5, -4, "", LinkFate.UNUSED),
        (-5, -4, "cancelled", LinkFate.FAILED),
    ],
)
def test_the_list_says_what_became_of_the_last_link(
    shop: Shop, place: Place, asked: int | None, told_at: int | None, failure: str, fate: LinkFate
) -> None:
    now = timezone.now()
    moment: dict[int | None, datetime | None] = {None: None}
    moment |= {minutes: now + timedelta(minutes=minutes) for minutes in (0, -5, -4)}
    Place.unscoped.update(link_asked_at=moment[asked], link_told_at=moment[told_at], link_failure=failure)
    with organization_scope(shop.organization.pk):
        (one,) = selectors.outside(selectors.paid_but_not_inside())
        assert (one.place, one.grant, one.fate) == (place, Grant.objects.get(), fate)


# When, and how often, by itself


def test_a_chat_says_when_and_how_often_another_link_is_sent(
    shop: Shop, place: Place, chat: ConnectedChat, member: User
) -> None:
    with organization_scope(shop.organization.pk):
        chats.set_another_link(chat.pk, minutes=45, links=1, actor=member)
    for _ in range(3):
        Place.unscoped.update(due_at=timezone.now())
        tend_places()
    assert topics().count("invite.create") == 1
    assert topics().count("notice.raised") == 1


@pytest.mark.parametrize(("minutes", "links"), [(4, 2), (1441, 2), (30, 6), (30, -1)])
def test_what_nobody_means_is_refused(shop: Shop, chat: ConnectedChat, member: User, minutes: int, links: int) -> None:
    with organization_scope(shop.organization.pk), pytest.raises(Invalid):
        chats.set_another_link(chat.pk, minutes=minutes, links=links, actor=member)


# Who stays


def test_who_is_on_the_list_is_not_put_out_until_they_leave_it(
    shop: Shop, place: Place, chat: ConnectedChat, member: User
) -> None:
    who = (chat.pk, place.telegram_user_id)
    keep_inside(*who, organization_id=shop.organization.pk, reason="moderates", actor=member)
    ends(shop, inside=True)
    tend_places()
    assert ("member.remove" in topics(), told(shop)) == (False, [])

    keep_no_longer(*who, organization_id=shop.organization.pk, reason="left the team", actor=member)
    tend_places()
    assert topics().count("member.remove") == 1
    assert (audited("chat.kept"), audited("chat.not_kept")) == (["moderates"], ["left the team"])


def test_the_list_takes_a_person_once_and_wants_a_reason(shop: Shop, chat: ConnectedChat, member: User) -> None:
    organization_id = shop.organization.pk
    keep_inside(chat.pk, 7, organization_id=organization_id, reason="partner", actor=member)
    for act, chat_id, who, reason, expected in (
        (keep_inside, chat.pk, 7, "again", "already_kept"),
        (keep_inside, chat.pk, 8, " ", "reason_required"),
        (keep_no_longer, chat.pk, 9, "x", "not_kept"),
        (keep_inside, uuid4(), 9, "x", "chat_not_found"),
    ):
        with pytest.raises(DomainError) as refused:
            act(chat_id, who, organization_id=organization_id, reason=reason, actor=member)
        assert refused.value.code == expected
    assert ConnectedChat.unscoped.get().allow_list == [7]


# Removals to come


def test_the_dry_run_says_who_leaves_when_and_why(shop: Shop, place: Place, chat: ConnectedChat, member: User) -> None:
    ends(shop, inside=True, days=3)
    with organization_scope(shop.organization.pk):
        assert not selectors.to_be_removed(timedelta(days=2)).exists()
        (one,) = selectors.leaving(selectors.to_be_removed(timedelta(days=4)))
        grant = Grant.objects.get()
        assert (one.at, one.why, one.grant, one.stays) == (grant.ends_at, LeavingWhy.ENDS, grant, False)

        soon = timezone.now() + timedelta(days=1)
        Grant.objects.update(take_back_at=soon, taken_for="dispute")
        (one,) = selectors.leaving(selectors.to_be_removed(timedelta(days=2)))
        assert (one.at, one.why) == (soon, LeavingWhy.DISPUTE)

        ConnectedChat.objects.update(allow_list=[place.telegram_user_id])
        (one,) = selectors.leaving(selectors.to_be_removed(timedelta(days=2)))
        assert one.stays


def test_who_is_extended_stays_so_much_longer(shop: Shop, place: Place, member: User) -> None:
    ends(shop, inside=True, days=1)
    grant = Grant.unscoped.get()
    before = grant.ends_at
    extend_grant(grant.pk, organization_id=shop.organization.pk, days=7, reason="was away", actor=member)
    grant.refresh_from_db()
    assert before is not None
    assert grant.ends_at == before + timedelta(days=7)
    assert audited("grant.extend") == ["was away"]


def test_an_access_that_is_over_is_extended_from_now_and_its_removal_does_not_happen(
    shop: Shop, place: Place, member: User
) -> None:
    ends(shop, inside=True)
    extend_grant(
        Grant.unscoped.get().pk, organization_id=shop.organization.pk, days=7, reason="paid cash", actor=member
    )
    tend_places()
    assert "member.remove" not in topics()
    end = Grant.unscoped.get().ends_at
    assert end is not None
    assert timedelta(days=6) < end - timezone.now() <= timedelta(days=7)


def test_what_begins_after_an_extended_access_begins_later(shop: Shop, place: Place, member: User) -> None:
    first = Grant.unscoped.get()
    assert first.ends_at is not None
    second = copy_of(first, shop.contact.telegram_user_id)
    extend_grant(first.pk, organization_id=shop.organization.pk, days=5, reason="sorry", actor=member)
    first.refresh_from_db()
    second.refresh_from_db()
    assert second.starts_at == first.ends_at


def test_no_access_is_extended_that_has_no_end_or_was_taken_back(shop: Shop, place: Place, member: User) -> None:
    grant, organization_id = Grant.unscoped.get(), shop.organization.pk
    Grant.unscoped.update(ends_at=None)
    with pytest.raises(Conflict):
        extend_grant(grant.pk, organization_id=organization_id, days=5, reason="x", actor=member)
    take_back(grant.pk, organization_id=organization_id, reason="x", actor=member)
    with pytest.raises(Conflict):
        extend_grant(grant.pk, organization_id=organization_id, days=5, reason="x", actor=member)


def copy_of(grant: Grant, telegram_user_id: int) -> Grant:
    """A renewal that begins where the access ends."""
    assert grant.ends_at is not None
    renewed = Grant.unscoped.get(pk=grant.pk)
    renewed.pk, renewed.run_id = uuid4(), uuid4()
    renewed.starts_at, renewed.ends_at = grant.ends_at, grant.ends_at + timedelta(days=30)
    renewed.save(force_insert=True)
    return renewed


def test_a_moved_access_takes_along_what_was_renewed_ahead_of_time(shop: Shop, place: Place, member: User) -> None:
    first = Grant.unscoped.get()
    copy_of(first, shop.contact.telegram_user_id)
    other = second_contact(shop).contact
    move_grant(first.pk, other.pk, organization_id=shop.organization.pk, reason="a new phone", tell=False, actor=member)
    assert set(Grant.unscoped.values_list("telegram_user_id", flat=True)) == {other.telegram_user_id}


def test_who_renewed_is_not_reminded_of_the_first_end(shop: Shop, place: Place, member: User) -> None:
    ends(shop, inside=True, days=2)
    copy_of(Grant.unscoped.get(), shop.contact.telegram_user_id)
    tend_places()
    assert told(shop) == []


# Undone


def put_out(shop: Shop) -> UUID:
    ends(shop, inside=False)
    Place.unscoped.update(removed_at=timezone.now(), left_at=timezone.now(), entered_at=timezone.now())
    return Place.unscoped.get().pk


def test_a_removal_is_undone_once(shop: Shop, place: Place, member: User) -> None:
    place_id = put_out(shop)
    with organization_scope(shop.organization.pk):
        assert [one.pk for one in selectors.removed_lately()] == [place_id]
    grant = undo_removal(place_id, organization_id=shop.organization.pk, days=7, reason="our mistake", actor=member)
    assert grant.ends_at is not None
    assert grant.ends_at - grant.starts_at == timedelta(days=7)
    assert [topics().count(topic) for topic in ("member.readmit", "invite.create")] == [1, 1]
    assert [type(event) for event in told(shop)] == [AccessRecalled]
    assert audited("place.undo_removal") == ["our mistake"]
    with organization_scope(shop.organization.pk):
        assert not selectors.removed_lately().exists()
    with pytest.raises(Conflict):
        undo_removal(place_id, organization_id=shop.organization.pk, days=7, reason="again", actor=member)


def test_who_left_by_themselves_was_not_put_out(shop: Shop, place: Place, member: User) -> None:
    ends(shop, inside=False)
    with pytest.raises(Conflict) as refused:
        undo_removal(place.pk, organization_id=shop.organization.pk, days=None, reason="x", actor=member)
    assert refused.value.code == "not_removed"


def test_an_access_taken_back_by_the_team_is_told_as_such(shop: Shop, place: Place, member: User) -> None:
    Place.unscoped.update(entered_at=timezone.now())
    take_back(Grant.unscoped.get().pk, organization_id=shop.organization.pk, reason="spam", actor=member)
    tend_places()
    assert [getattr(event, "word", None) for event in told(shop)] == ["access_closed"]
    assert topics().count("member.remove") == 1
