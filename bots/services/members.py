"""Who works in an organization, and as what."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.actor import Actor, AnyActor
from bots.errors import Conflict, Forbidden, NotFound
from bots.locking import lock_memberships
from bots.models import ActorKind, Invitation, Membership, Organization, Role, User
from bots.permissions import MANAGEABLE_ROLES
from bots.services.audit import record_audit
from bots.tenancy import organization_scope

INVITATION_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation and its secret, which is kept nowhere."""

    invitation: Invitation
    secret: str = field(repr=False)


def add_member(*, organization: Organization, user: User, role: Role, actor: AnyActor) -> Membership:
    """Give a person a place. Raises Conflict if they have one, Forbidden if the actor may not give that role."""
    with transaction.atomic(), organization_scope(organization.pk):
        _may_manage(actor, role)
        try:
            with transaction.atomic():
                membership = Membership.objects.create(organization=organization, user=user, role=role)
        except IntegrityError:
            raise Conflict("already_member", _("This person is already a member."), field="email") from None
        record_audit(membership, "member.added", actor=actor, data={"email": user.email, "role": role})
    return membership


def invite_member(*, organization: Organization, email: str, role: Role, actor: AnyActor) -> NewInvitation:
    """Offer a place for a week; the caller sends the secret. An open invitation to the same person is replaced.

    Raises Conflict if they are a member, Forbidden if the actor may not give that role.
    """
    email = email.strip().lower()
    secret = secrets.token_urlsafe(32)
    with transaction.atomic(), organization_scope(organization.pk):
        _may_manage(actor, role)
        if Membership.objects.filter(user__email=email).exists():
            raise Conflict("already_member", _("This person is already a member."), field="email")
        Invitation.objects.filter(email=email, accepted_at=None).delete()
        invitation = Invitation.objects.create(
            organization=organization,
            email=email,
            role=role,
            token_hash=_hash(secret),
            invited_by=Actor.of(actor).user,
            expires_at=timezone.now() + INVITATION_LIFE,
        )
        record_audit(invitation, "member.invited", actor=actor, data={"email": email, "role": role})
    return NewInvitation(invitation, secret)


def accept_invitation(*, secret: str, user: User) -> Membership:
    """Take the place an invitation offers. Safe to repeat. Raises NotFound for a secret that is unknown, used or too
    old, Forbidden for another person's."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT invitation_id, organization_id FROM trilho_invitation_by_hash(%s)", [_hash(secret)])
            found = cursor.fetchone()
        if found is None:
            raise _no_invitation()
        with organization_scope(found[1]):
            invitation = Invitation.objects.select_for_update(no_key=True, of=("self",)).get(pk=found[0])
            if invitation.email != user.email:
                raise Forbidden("not_invited", _("This invitation is for another e-mail address."))
            membership = Membership.objects.filter(user=user).first()
            if membership is not None:
                return membership
            if invitation.accepted_at is not None or invitation.expires_at <= timezone.now():
                raise _no_invitation()
            invitation.accepted_at = timezone.now()
            invitation.save(update_fields=["accepted_at"])
            membership = Membership.objects.create(
                organization_id=invitation.organization_id, user=user, role=invitation.role
            )
            record_audit(membership, "member.joined", actor=user, data={"role": invitation.role})
            return membership


def change_role(membership_id: uuid.UUID, role: Role, *, actor: AnyActor) -> Membership:
    """Change what a member may do. Raises NotFound, Forbidden, or Conflict for the last owner."""
    with transaction.atomic():
        membership = _manageable(membership_id, actor, role)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        record_audit(membership, "member.role_changed", actor=actor, data={"from": before, "to": role})
    return membership


def remove_member(membership_id: uuid.UUID, *, actor: AnyActor) -> None:
    """Take a member's place away. Raises NotFound, Forbidden, or Conflict for the last owner."""
    with transaction.atomic():
        membership = _manageable(membership_id, actor, None)
        record_audit(membership, "member.removed", actor=actor, data={"email": membership.user.email})
        membership.delete()


def _manageable(membership_id: uuid.UUID, actor: AnyActor, role: Role | None) -> Membership:
    """The membership, locked with all others: two owners who remove each other at once leave one."""
    everybody = lock_memberships()
    membership = next((member for member in everybody if member.pk == membership_id), None)
    if membership is None:
        raise NotFound("member_not_found", _("There is no such member."))
    _may_manage(actor, Role(membership.role))
    if role is not None:
        _may_manage(actor, role)
    owners = [member for member in everybody if member.role == Role.OWNER]
    if owners == [membership] and role is not Role.OWNER:
        raise Conflict("last_owner", _("An organization keeps at least one owner."))
    return membership


def _may_manage(actor: AnyActor, role: Role) -> None:
    """Members give and take only the roles that their own allows; keys give none; staff and Trilho itself give all."""
    by = Actor.of(actor)
    if by.kind is ActorKind.API_KEY:
        raise Forbidden("role_not_manageable", _("An API key manages no members."))
    if by.kind is not ActorKind.USER:
        return
    own = Membership.objects.filter(user=by.user).first()
    if own is None or role not in MANAGEABLE_ROLES[Role(own.role)]:
        raise Forbidden("role_not_manageable", _("Your role does not allow giving or taking this one."))


def _no_invitation() -> NotFound:
    return NotFound("invitation_not_found", _("This invitation does not exist any more. Ask for a new one."))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
