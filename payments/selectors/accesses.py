"""Reads of accesses: lists, one, what was given before, the names conditions know them by."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from bots.errors import NotFound
from bots.selectors import audit_of
from flows.ports import GrantOwner
from payments.models import (
    Grant,
)
from payments.selectors.ids import LIKE_UUID


class GrantState(StrEnum):
    """Where an access stands."""

    OPEN = "open"
    ENDED = "ended"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class GivenContent:
    """Something accesses were given of before."""

    key: str
    title: str
    content: Mapping[str, Any]


def grants_found(*, search: str = "", state: GrantState | None = None) -> QuerySet[Grant]:
    """Accesses, newest first. `search` finds name, @username, Telegram id, what was bought, and our own ids."""
    found = grants().select_related("contact__bot")
    now = timezone.now()
    match state:
        case GrantState.OPEN:
            unended = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
            found = found.filter(unended, revoked_at__isnull=True)
        case GrantState.ENDED:
            found = found.filter(revoked_at__isnull=True, ends_at__lte=now)
        case GrantState.TAKEN_BACK:
            found = found.filter(revoked_at__isnull=False)
    text = search.strip()
    if not text:
        return found
    wanted = (
        Q(contact__first_name__icontains=text)
        | Q(contact__last_name__icontains=text)
        | Q(contact__username__iexact=text.removeprefix("@"))
        | Q(order__description__icontains=text)
    )
    if text.isascii() and text.isdigit() and len(text) <= 18:
        wanted |= Q(telegram_user_id=int(text))
    if LIKE_UUID.fullmatch(text):
        wanted |= Q(pk=UUID(text)) | Q(order_id=UUID(text))
    return found.filter(wanted)


def grant(grant_id: UUID) -> Grant:
    """One access. Raises `NotFound`."""
    found = Grant.objects.select_related("contact", "order").filter(pk=grant_id).first()
    if found is None:
        raise NotFound("grant_not_found", _("There is no such access."))
    return found


def grant_title(grant: Grant) -> str:
    """What an access is of, in a few words: what was sold, else what it says or leads to."""
    if grant.order is not None:
        return grant.order.description
    return content_title(grant.content)


def content_title(content: Mapping[str, Any]) -> str:
    """A content in a few words."""
    names = ("title", "text", "link", "chat")
    return next((str(content[name])[:80] for name in names if content.get(name)), "") or _("Content")


def contents_given(*, limit: int = 30) -> list[GivenContent]:
    """What the organization gave lately, each once, newest first: what can be given again by hand."""
    newest: dict[str, GivenContent] = {}
    for one in grants()[: limit * 20]:
        if one.content_key not in newest:
            newest[one.content_key] = GivenContent(one.content_key, grant_title(one), one.content)
        if len(newest) == limit:
            break
    return list(newest.values())


def reasons_of(found: Sequence[Grant]) -> Mapping[str, str]:
    """Why the team did with each what it did last."""
    entries = audit_of(object_type=Grant._meta.label_lower).filter(object_id__in=[str(one.pk) for one in found])
    # Newest first; the last one written stays.
    return {entry.object_id: entry.reason for entry in reversed(entries) if entry.reason}


def grants() -> QuerySet[Grant]:
    """Accesses, newest first; those of test chats are left out."""
    return Grant.objects.select_related("order", "contact").filter(is_test=False).order_by("-created_at", "-id")


def open_grant_names(owners: Collection[GrantOwner]) -> Mapping[GrantOwner, tuple[str, ...]]:
    """What conditions call the open accesses of these people, of any organization; one statement for all."""
    now, asked = timezone.now(), frozenset(owners)
    named = ("organization_id", "telegram_user_id", "step_id", "content__chat", "order__description", "order__items")
    rows = Grant.unscoped.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now),
        organization_id__in={organization_id for organization_id, _user_id in asked},
        telegram_user_id__in={user_id for _organization_id, user_id in asked},
        revoked_at__isnull=True,
        starts_at__lte=now,
    ).order_by("id")
    found: dict[GrantOwner, dict[str, None]] = defaultdict(dict)
    for organization_id, user_id, step_id, chat, description, items in rows.values_list(*named):
        # The same person may be known to two of these organizations.
        if (organization_id, user_id) not in asked:
            continue
        sold = [item.get("name") for item in items or () if isinstance(item, dict)]
        for name in (chat, step_id, description, *sold):
            if isinstance(name, str) and name:
                found[organization_id, user_id][name] = None
    return {owner: tuple(names) for owner, names in found.items()}
