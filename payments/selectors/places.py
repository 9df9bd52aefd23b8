"""Reads of places in groups and channels: who is inside, who is not although they may be, who will leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from payments.models import (
    Grant,
    Place,
)


@dataclass(frozen=True, slots=True)
class ChatPeople:
    """How many people accesses have brought into a chat, and how many who may come in are still outside."""

    inside: int = 0
    outside: int = 0


def people_of_chats() -> Mapping[UUID, ChatPeople]:
    """Who is inside each group or channel by an access, and who is not although they may be."""
    inside = Q(entered_at__isnull=False, left_at__isnull=True)
    rows = Place.objects.annotate(may=Exists(_accesses_of_place())).order_by().values("chat")
    counted = rows.annotate(inside=Count("pk", filter=inside), outside=Count("pk", filter=~inside & Q(may=True)))
    return {row["chat"]: ChatPeople(row["inside"], row["outside"]) for row in counted}


def paid_but_not_inside(*, longer_than: timedelta = timedelta(0)) -> QuerySet[Place]:
    """Who may come into a group or channel and is not there, longest waiting first."""
    outside = Place.objects.exclude(entered_at__isnull=False, left_at__isnull=True)
    waiting = outside.filter(Exists(_accesses_of_place()), created_at__lte=timezone.now() - longer_than)
    return waiting.select_related("chat", "contact").order_by("created_at")


def to_be_removed(within: timedelta) -> QuerySet[Place]:
    """Who will be put out of a group or channel in this time, unless they renew. Who stays by the chat's list is among
    them, as the list may change."""
    until = timezone.now() + within
    longer = _accesses_of_place().filter(Q(ends_at__isnull=True) | Q(ends_at__gt=until))
    inside = Place.objects.filter(entered_at__isnull=False, left_at__isnull=True)
    leaving = inside.exclude(Exists(longer))
    return leaving.select_related("chat", "contact").order_by("chat", "id")


def _accesses_of_place() -> QuerySet[Grant]:
    """The accesses not over yet of a row of places."""
    return Grant.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now()),
        content_key=Concat(Value("chat:"), Cast(OuterRef("chat_id"), CharField())),
        telegram_user_id=OuterRef("telegram_user_id"),
        is_test=False,
        revoked_at__isnull=True,
    )
