"""The kernel's reads. Those of tenant tables look in the active scope."""

import uuid

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bots.errors import NotFound
from bots.models import ApiKey, AuditEntry, Bot, Invitation, Membership, Organization, User
from bots.tenancy import organization_scope


def bots_of() -> QuerySet[Bot]:
    """The active organization's bots, by name."""
    return Bot.objects.order_by("name", "pk")


def bot_of(bot_id: uuid.UUID) -> Bot:
    """One bot of the active organization; raises NotFound."""
    bot = Bot.objects.filter(pk=bot_id).first()
    if bot is None:
        raise NotFound("bot_not_found", _("There is no such bot."))
    return bot


def members_of() -> QuerySet[Membership]:
    """The active organization's members with their people, longest first."""
    return Membership.objects.select_related("user").order_by("pk")


def open_invitations() -> QuerySet[Invitation]:
    """Places offered and not yet taken, newest first."""
    return Invitation.objects.filter(accepted_at=None).select_related("invited_by").order_by("-pk")


def api_keys_of() -> QuerySet[ApiKey]:
    """The active organization's keys, newest first; revoked ones stay visible."""
    return ApiKey.objects.select_related("created_by").order_by("-pk")


def audit_of(*, object_type: str | None = None, object_id: str | None = None) -> QuerySet[AuditEntry]:
    """The active organization's trail, newest first; of one object if it is named."""
    entries = AuditEntry.objects.select_related("actor_user", "actor_key").order_by("-pk")
    if object_type is not None:
        entries = entries.filter(object_type=object_type)
    if object_id is not None:
        entries = entries.filter(object_id=object_id)
    return entries


def organization_ids_of(user: User) -> dict[uuid.UUID, uuid.UUID]:
    """The organizations a person is a member of, oldest membership first, each with the membership; needs no scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organization_id, membership_id FROM trilho_memberships_of(%s)", [user.pk])
        return dict(cursor.fetchall())


def organizations_of(user: User) -> QuerySet[Organization]:
    """The organizations a person is a member of, by name; needs no scope."""
    return Organization.objects.filter(pk__in=organization_ids_of(user)).order_by("name", "pk")


def membership_for(user: User, preferred: uuid.UUID | None = None) -> Membership | None:
    """A person's place in the organization they prefer, if they are a member there, else in their first; None without
    any. Needs no scope."""
    places = organization_ids_of(user)
    if not places:
        return None
    organization_id = preferred if preferred in places else next(iter(places))
    with organization_scope(organization_id):
        return Membership.objects.select_related("organization").filter(pk=places[organization_id]).first()
