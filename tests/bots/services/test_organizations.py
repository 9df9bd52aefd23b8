"""Organizations, members, keys, the audit trail."""

import hashlib
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from bots import selectors, services
from bots.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from bots.models import ActorKind, ApiKey, AuditEntry, Invitation, Membership, Organization, Role, User
from bots.permissions import ApiScope
from bots.services import SYSTEM, Actor
from bots.tenancy import organization_scope
from tests.factories.bots import make_membership, make_user
from tests.support.races import at_once
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Tenant:
    return make_tenant()


def member(shop: Tenant, role: Role) -> Membership:
    return make_membership(organization=shop.organization, role=role)


def actions(organization: Organization) -> list[str]:
    entries = AuditEntry.unscoped.filter(organization=organization).order_by("pk")
    return list(entries.values_list("action", flat=True))


class TestOrganization:
    def test_its_maker_owns_it(self) -> None:
        user = make_user()
        organization = services.create_organization(name="  Loja da Ana ", owner=user)
        assert organization.name == "Loja da Ana"
        assert organization.slug.startswith("loja-da-ana-")
        assert list(selectors.organizations_of(user)) == [organization]
        membership = selectors.membership_for(user)
        assert membership is not None
        assert membership.role == Role.OWNER
        assert actions(organization) == ["organization.created"]

    def test_two_may_have_one_name(self) -> None:
        user = make_user()
        slugs = {services.create_organization(name="Loja", owner=user).slug for _ in range(2)}
        assert len(slugs) == 2

    @pytest.mark.parametrize("name", ["", "  ", "\0", "x" * 101])
    def test_needs_a_name(self, name: str) -> None:
        with pytest.raises(Invalid) as refused:
            services.create_organization(name=name, owner=make_user())
        assert refused.value.field == "name"
        assert not Organization.objects.exists()

    def test_a_person_works_for_the_one_they_prefer_if_they_are_a_member(self, shop: Tenant) -> None:
        user, stranger = shop.owner, make_tenant()
        other = services.create_organization(name="Outra", owner=user)
        assert selectors.membership_for(user, other.pk).organization == other  # type: ignore[union-attr]
        assert selectors.membership_for(user, stranger.organization.pk).organization == shop.organization  # type: ignore[union-attr]
        assert selectors.membership_for(make_user()) is None


class TestMembers:
    def test_an_administrator_adds_an_editor_and_not_an_owner(self, shop: Tenant) -> None:
        admin, person = member(shop, Role.ADMIN).user, make_user()
        with pytest.raises(Forbidden):
            services.add_member(organization=shop.organization, user=person, role=Role.OWNER, actor=admin)
        made = services.add_member(organization=shop.organization, user=person, role=Role.EDITOR, actor=admin)
        assert made.role == Role.EDITOR
        with pytest.raises(Conflict) as refused:
            services.add_member(organization=shop.organization, user=person, role=Role.EDITOR, actor=admin)
        assert refused.value.code == "already_member"

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.SUPPORT, Role.VIEWER])
    def test_others_give_no_roles(self, shop: Tenant, role: Role) -> None:
        actor = member(shop, role).user
        with pytest.raises(Forbidden):
            services.invite_member(organization=shop.organization, email="x@y.com", role=Role.VIEWER, actor=actor)
        assert not Invitation.unscoped.exists()

    def test_an_owner_of_another_organization_gives_none_here(self, shop: Tenant) -> None:
        with pytest.raises(Forbidden):
            services.add_member(
                organization=shop.organization, user=make_user(), role=Role.VIEWER, actor=make_tenant().owner
            )

    def test_staff_and_the_system_may_and_a_key_may_not(self, shop: Tenant) -> None:
        staff = make_user(is_staff=True)
        for actor in (Actor.of_staff(staff), SYSTEM):
            services.add_member(organization=shop.organization, user=make_user(), role=Role.OWNER, actor=actor)
        key = services.create_api_key(
            organization=shop.organization, name="k", scopes=[ApiScope.BOTS_READ], actor=shop.owner
        ).key
        with pytest.raises(Forbidden):
            services.add_member(
                organization=shop.organization, user=make_user(), role=Role.VIEWER, actor=Actor.of_key(key)
            )

    def test_the_last_owner_stays(self, shop: Tenant) -> None:
        own = selectors.membership_for(shop.owner)
        assert own is not None
        with organization_scope(shop.organization.pk):
            with pytest.raises(Conflict) as refused:
                services.change_role(own.pk, Role.ADMIN, actor=shop.owner)
            with pytest.raises(Conflict):
                services.remove_member(own.pk, actor=shop.owner)
            assert refused.value.code == "last_owner"
            second = member(shop, Role.OWNER)
            services.remove_member(own.pk, actor=second.user)
            assert list(Membership.objects.all()) == [second]

    def test_a_member_of_another_organization_is_not_there(self, shop: Tenant) -> None:
        foreign = selectors.membership_for(make_tenant().owner)
        assert foreign is not None
        with organization_scope(shop.organization.pk), pytest.raises(NotFound):
            services.remove_member(foreign.pk, actor=shop.owner)

    def test_an_invitation_is_taken_once_by_the_invited_and_again_without_harm(self, shop: Tenant) -> None:
        invited = make_user(email="bia@example.com")
        made = services.invite_member(
            organization=shop.organization, email=" Bia@Example.com ", role=Role.SUPPORT, actor=shop.owner
        )
        assert made.secret not in Invitation.unscoped.values_list("token_hash", flat=True)
        with pytest.raises(Forbidden):
            services.accept_invitation(secret=made.secret, user=make_user())
        membership = services.accept_invitation(secret=made.secret, user=invited)
        assert membership.role == Role.SUPPORT
        assert services.accept_invitation(secret=made.secret, user=invited) == membership
        assert actions(shop.organization) == ["member.invited", "member.joined"]

    def test_an_old_replaced_or_unknown_invitation_opens_nothing(self, shop: Tenant) -> None:
        invited = make_user(email="bia@example.com")
        invite: dict[str, Any] = {
            "organization": shop.organization,
            "email": invited.email,
            "role": Role.VIEWER,
            "actor": shop.owner,
        }
        replaced = services.invite_member(**invite)
        old = services.invite_member(**invite)
        Invitation.unscoped.filter(pk=old.invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        for secret in (replaced.secret, old.secret, "unknown"):
            with pytest.raises(NotFound):
                services.accept_invitation(secret=secret, user=invited)
        assert not Membership.unscoped.filter(user=invited).exists()


@pytest.mark.django_db(transaction=True)
class TestTwoOwnersWhoRemoveEachOther:
    def remove_each_other(self) -> tuple[Organization, list[object]]:
        shop = make_tenant()
        second = member(shop, Role.OWNER)
        first = selectors.membership_for(shop.owner)
        assert first is not None
        pairs: list[tuple[Membership, User]] = [(second, shop.owner), (first, second.user)]

        def remove(place: int) -> None:
            target, actor = pairs[place]
            with organization_scope(shop.organization.pk):
                services.remove_member(target.pk, actor=actor)

        return shop.organization, list(at_once(2, remove))

    def test_one_stays(self) -> None:
        organization, answers = self.remove_each_other()
        owners = Membership.unscoped.filter(organization=organization, role=Role.OWNER)
        assert owners.count() == 1
        assert sum(isinstance(answer, DomainError) for answer in answers) == 1

    def test_without_the_lock_both_go(self, monkeypatch: pytest.MonkeyPatch) -> None:
        both_looked = threading.Barrier(2)

        def look_without_locking() -> list[Membership]:
            everybody = list(Membership.objects.order_by("pk"))
            both_looked.wait(10)
            return everybody

        monkeypatch.setattr("bots.services.members.lock_memberships", look_without_locking)
        organization, answers = self.remove_each_other()
        assert answers == [None, None]
        assert not Membership.unscoped.filter(organization=organization, role=Role.OWNER).exists()


class TestApiKeys:
    def test_a_key_is_shown_once_and_kept_as_a_hash(self, shop: Tenant) -> None:
        made = services.create_api_key(
            organization=shop.organization,
            name="Integração",
            scopes=[ApiScope.FLOWS_WRITE, ApiScope.BOTS_READ, ApiScope.BOTS_READ],
            actor=shop.owner,
        )
        key = ApiKey.unscoped.get(pk=made.key.pk)
        start, prefix, secret = made.secret.split("_", 2)
        assert (start, prefix) == ("trl", key.prefix)
        assert len(secret) >= 43
        assert key.key_hash == hashlib.sha256(made.secret.encode()).hexdigest()
        assert key.scopes == ["bots:read", "flows:write"]
        assert key.is_usable
        assert secret not in str(AuditEntry.unscoped.values())

    @pytest.mark.parametrize(("name", "scopes", "field"), [("", [ApiScope.BOTS_READ], "name"), ("k", [], "scopes")])
    def test_needs_a_name_and_a_scope(self, shop: Tenant, name: str, scopes: list[ApiScope], field: str) -> None:
        with pytest.raises(Invalid) as refused:
            services.create_api_key(organization=shop.organization, name=name, scopes=scopes, actor=shop.owner)
        assert refused.value.field == field

    def test_a_revoked_or_expired_key_is_of_no_use(self, shop: Tenant) -> None:
        make: dict[str, Any] = {
            "organization": shop.organization,
            "name": "k",
            "scopes": [ApiScope.BOTS_READ],
            "actor": shop.owner,
        }
        expired = services.create_api_key(**make, expires_at=timezone.now() - timedelta(seconds=1))
        assert not expired.key.is_usable
        revoked = services.create_api_key(**make)
        with organization_scope(shop.organization.pk):
            services.revoke_api_key(revoked.key.pk, actor=shop.owner)
            services.revoke_api_key(revoked.key.pk, actor=shop.owner)
        assert not ApiKey.unscoped.get(pk=revoked.key.pk).is_usable
        assert actions(shop.organization).count("api_key.revoked") == 1

    def test_another_organizations_key_is_not_there(self, shop: Tenant) -> None:
        theirs = make_tenant()
        key = services.create_api_key(
            organization=theirs.organization, name="k", scopes=[ApiScope.BOTS_READ], actor=theirs.owner
        ).key
        with organization_scope(shop.organization.pk), pytest.raises(NotFound):
            services.revoke_api_key(key.pk, actor=shop.owner)
        assert ApiKey.unscoped.get(pk=key.pk).is_usable


def test_the_trail_says_who_did_what_to_what_and_why(shop: Tenant) -> None:
    with organization_scope(shop.organization.pk):
        services.pause_bot(shop.bot.pk, actor=Actor.of_staff(shop.owner), reason="abuse\0")
        (entry,) = selectors.audit_of(object_type="bots.bot", object_id=str(shop.bot.pk))
    assert (entry.actor_kind, entry.actor_user, entry.actor_key) == (ActorKind.STAFF, shop.owner, None)
    assert (entry.action, entry.reason) == ("bot.paused", "abuse")
