"""Reads of places in groups and channels: who is inside, who is not although they may be, who will leave, who left."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import NotFound
from bots.models import ConnectedChat
from payments.models import Grant, Place

# A link that was asked for is told by then, or something holds it up.
LINK_COMES_WITHIN: Final = timedelta(minutes=1)
# How long a removal stays in the list of those that can be undone.
UNDONE_WITHIN: Final = timedelta(days=30)
_INSIDE: Final = Q(entered_at__isnull=False, left_at__isnull=True)


@dataclass(frozen=True, slots=True)
class ChatPeople:
    """How many people accesses have brought into a chat, and how many who may come in are still outside."""

    inside: int = 0
    outside: int = 0


class LinkFate(StrEnum):
    """What became of the last link of somebody who is outside."""

    CHAT_LOST = "chat_lost"
    BLOCKED = "blocked"
    COMING = "coming"
    FAILED = "failed"
    UNUSED = "unused"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Outside:
    """Somebody who may come in and is not there: by which access, since when, and what became of their last link."""

    place: Place
    grant: Grant
    fate: LinkFate

    @property
    def since(self) -> datetime:
        return self.grant.starts_at


class LeavingWhy(StrEnum):
    """Why somebody is to be put out."""

    ENDS = "ends"
    REFUND = "refund"
    DISPUTE = "dispute"
    TAKEN_BACK = "taken_back"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Leaving:
    """Somebody who will be put out: when (None: nothing holds them any more), why, and whether the list keeps them."""

    place: Place
    at: datetime | None
    why: LeavingWhy
    grant: Grant | None
    stays: bool


def people_of_chats() -> Mapping[UUID, ChatPeople]:
    """Who is inside each group or channel by an access, and who is not although they may be."""
    rows = Place.objects.annotate(may=Exists(_begun(_accesses_of_place()))).order_by().values("chat")
    counted = rows.annotate(inside=Count("pk", filter=_INSIDE), outside=Count("pk", filter=~_INSIDE & Q(may=True)))
    return {row["chat"]: ChatPeople(row["inside"], row["outside"]) for row in counted}


def paid_but_not_inside(*, longer_than: timedelta = timedelta(0), chat_id: UUID | None = None) -> QuerySet[Place]:
    """Who may come into a group or channel and is not there, longest known first."""
    begun = _accesses_of_place().filter(starts_at__lte=timezone.now() - longer_than)
    waiting = Place.objects.exclude(_INSIDE).filter(Exists(begun))
    if chat_id is not None:
        waiting = waiting.filter(chat_id=chat_id)
    return waiting.select_related("chat", "contact__bot").order_by("created_at")


def outside(places: Iterable[Place]) -> list[Outside]:
    """What is shown of people who are outside; one statement for all."""
    known = list(places)
    grants = _grants_of(known)
    now = timezone.now()
    told = []
    for place in known:
        opened = [grant for grant in grants[_key(place)] if grant.is_open(now)]
        if opened:
            told.append(Outside(place, opened[-1], link_fate(place, now)))
    return told


def link_fate(place: Place, now: datetime) -> LinkFate:
    """What became of the last link, the most telling first."""
    if not place.chat.lets_people_in:
        return LinkFate.CHAT_LOST
    if place.contact.blocked_at is not None:
        return LinkFate.BLOCKED
    asked, told = place.link_asked_at, place.link_told_at
    if asked is not None and (told is None or told < asked):
        return LinkFate.COMING if asked > now - LINK_COMES_WITHIN else LinkFate.FAILED
    if place.link_failure:
        return LinkFate.FAILED
    return LinkFate.NONE if told is None else LinkFate.UNUSED


def place(place_id: UUID) -> Place:
    """One person's place. Raises `NotFound`."""
    found = Place.objects.select_related("chat", "contact").filter(pk=place_id).first()
    if found is None:
        raise NotFound("place_not_found", _("There is no such place in a group or channel."))
    return found


def places() -> QuerySet[Place]:
    """Everybody who was ever given access to a group or channel, newest first."""
    return Place.objects.select_related("chat", "contact").order_by("-id")


def to_be_removed(within: timedelta, *, chat_id: UUID | None = None) -> QuerySet[Place]:
    """Who will be put out of a group or channel in this time, unless they renew. Who stays by the chat's list is among
    them, as the list may change."""
    until = timezone.now() + within
    longer = _accesses_of_place().filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=until), Q(take_back_at__isnull=True) | Q(take_back_at__gt=until)
    )
    inside = Place.objects.filter(_INSIDE)
    if chat_id is not None:
        inside = inside.filter(chat_id=chat_id)
    leaving = inside.exclude(Exists(longer))
    return leaving.select_related("chat", "contact__bot").order_by("chat", "id")


def leaving(places: Iterable[Place]) -> list[Leaving]:
    """When and why each of them is put out; who goes first stands first. One statement for all."""
    known = list(places)
    grants = _grants_of(known)
    now = timezone.now()
    told = [_leaving(one, grants[_key(one)], now) for one in known]
    return sorted(told, key=lambda one: (one.at or now, one.place.pk))


def removed_lately() -> QuerySet[Place]:
    """Whom we put out and who is outside still, the last first: what can be undone."""
    gone = Place.objects.filter(removed_at__gt=timezone.now() - UNDONE_WITHIN).exclude(_INSIDE)
    return gone.exclude(Exists(_accesses_of_place())).select_related("chat", "contact__bot").order_by("-removed_at")


def chat(chat_id: UUID) -> ConnectedChat:
    """One group or channel. Raises `NotFound`."""
    found = ConnectedChat.objects.select_related("bot").filter(pk=chat_id).first()
    if found is None:
        raise NotFound("chat_not_found", _("There is no such group or channel."))
    return found


def chats() -> QuerySet[ConnectedChat]:
    """Every group and channel, also those that were lost, by title."""
    return ConnectedChat.objects.select_related("bot")


def _leaving(place: Place, grants: Sequence[Grant], now: datetime) -> Leaving:
    stays = place.telegram_user_id in place.chat.allow_list
    still = [one for one in grants if one.revoked_at is None and (one.ends_at is None or one.ends_at > now)]
    if still:
        last = max(still, key=lambda one: _end_of(one) or now)
        taken = last.take_back_at is not None and last.take_back_at == _end_of(last)
        return Leaving(place, _end_of(last), LeavingWhy(last.taken_for) if taken else LeavingWhy.ENDS, last, stays)
    if not grants:
        return Leaving(place, None, LeavingWhy.NONE, None, stays)
    over = grants[-1]
    if over.revoked_at is None:
        return Leaving(place, over.ends_at, LeavingWhy.ENDS, over, stays)
    why = LeavingWhy(over.taken_for) if over.taken_for else LeavingWhy.TAKEN_BACK
    return Leaving(place, over.revoked_at, why, over, stays)


def _end_of(grant: Grant) -> datetime | None:
    return min((at for at in (grant.ends_at, grant.take_back_at) if at is not None), default=None)


def _key(place: Place) -> tuple[str, int]:
    return f"chat:{place.chat_id}", place.telegram_user_id


def _grants_of(places: Sequence[Place]) -> Mapping[tuple[str, int], list[Grant]]:
    """Every access of these people to these chats, oldest first."""
    rows = Grant.objects.select_related("order", "contact").filter(
        content_key__in={f"chat:{place.chat_id}" for place in places},
        telegram_user_id__in={place.telegram_user_id for place in places},
        is_test=False,
    )
    found: dict[tuple[str, int], list[Grant]] = defaultdict(list)
    for grant in rows.order_by("id"):
        found[grant.content_key, grant.telegram_user_id].append(grant)
    return found


def _begun(accesses: QuerySet[Grant]) -> QuerySet[Grant]:
    return accesses.filter(starts_at__lte=timezone.now())


def _accesses_of_place() -> QuerySet[Grant]:
    """The accesses not over yet of a row of places."""
    return Grant.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now()),
        content_key=Concat(Value("chat:"), Cast(OuterRef("chat_id"), CharField())),
        telegram_user_id=OuterRef("telegram_user_id"),
        is_test=False,
        revoked_at__isnull=True,
    )
