"""Members and keys in the settings."""

import re
from datetime import time

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from bots.models import ApiKey, AuditEntry, Organization
from bots.permissions import ApiScope, Role
from bots.services.api_keys import hash_api_key
from tests.factories.bots import make_membership
from tests.support.pages import signed_in
from tests.support.tenancy import Tenant, make_tenant


def keys_of(tenant: Tenant) -> list[ApiKey]:
    return list(ApiKey.unscoped.filter(organization=tenant.organization))


def make_key(browser: Client) -> str:
    sent = {"name": "Site", "scopes": [ApiScope.FLOWS_READ, ApiScope.BOTS_READ]}
    response = browser.post(reverse("api_key_list"), sent)
    found = re.search(r"trl_[0-9a-f]{8}_[\w-]{43}", response.content.decode())
    assert found is not None
    assert response["Cache-Control"] == "no-store"
    return found[0]


def test_a_key_is_shown_once_and_kept_only_as_a_hash(browser: Client, tenant: Tenant) -> None:
    secret = make_key(browser)
    (key,) = keys_of(tenant)
    assert key.key_hash == hash_api_key(secret)
    assert key.scopes == ["bots:read", "flows:read"]
    assert key.created_by == tenant.owner
    page = browser.get(reverse("api_key_list")).content.decode()
    assert secret not in page
    assert f"trl_{key.prefix}_…" in page


def test_a_key_without_scopes_is_not_made(browser: Client, tenant: Tenant) -> None:
    response = browser.post(reverse("api_key_list"), {"name": "Site"})
    assert "trl_" not in response.content.decode()
    assert keys_of(tenant) == []


def test_a_revoked_key_stays_in_the_list_and_in_the_trail(browser: Client, tenant: Tenant) -> None:
    make_key(browser)
    (key,) = keys_of(tenant)
    page = browser.post(reverse("api_key_revoke", args=[key.pk]), follow=True).content.decode()
    assert "A chave foi revogada." in page
    assert not keys_of(tenant)[0].is_usable
    trail = AuditEntry.unscoped.filter(organization=tenant.organization, object_id=str(key.pk))
    assert [(entry.action, entry.actor_user) for entry in trail.order_by("pk")] == [
        ("api_key.created", tenant.owner),
        ("api_key.revoked", tenant.owner),
    ]


def test_members_of_this_organization_only(browser: Client, tenant: Tenant) -> None:
    other = make_tenant()
    page = browser.get(reverse("member_list")).content.decode()
    assert tenant.owner.email in page
    assert other.owner.email not in page


def test_the_owner_sets_the_clock_and_the_quiet_hours(browser: Client, tenant: Tenant) -> None:
    sent = {"name": "Loja Nova", "time_zone": "America/Manaus", "quiet_from": "22:00", "quiet_until": "08:30"}
    browser.post(reverse("organization_settings"), sent)
    tenant.organization.refresh_from_db()
    organization = tenant.organization
    assert (organization.name, organization.time_zone) == ("Loja Nova", "America/Manaus")
    assert (organization.quiet_from, organization.quiet_until) == (time(22), time(8, 30))
    (entry,) = AuditEntry.unscoped.filter(organization=organization, action="organization.changed")
    assert entry.data == {**sent, "quiet_from": "22:00:00", "quiet_until": "08:30:00"}
    page = browser.get(reverse("organization_settings")).content.decode()
    assert 'value="22:00"' in page

    browser.post(reverse("organization_settings"), {**sent, "quiet_from": "", "quiet_until": ""})
    organization.refresh_from_db()
    assert (organization.quiet_from, organization.quiet_until) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"time_zone": "Mars/Olympus"},
        {"quiet_until": ""},
        {"quiet_from": ""},
        {"quiet_from": "08:00"},
        {"quiet_from": "25:00"},
    ],
)
def test_half_said_settings_change_nothing(browser: Client, tenant: Tenant, wrong: dict[str, str]) -> None:
    sent = {"name": "X", "time_zone": "America/Manaus", "quiet_from": "22:00", "quiet_until": "08:00", **wrong}
    page = browser.post(reverse("organization_settings"), sent)
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.content.decode()
    before = (tenant.organization.name, tenant.organization.time_zone)
    tenant.organization.refresh_from_db()
    assert (tenant.organization.name, tenant.organization.time_zone) == before
    assert tenant.organization.quiet_from is None


def test_the_database_holds_no_half_said_quiet_hours(tenant: Tenant) -> None:
    for hours in ({"quiet_from": time(22)}, {"quiet_until": time(8)}, {"quiet_from": time(8), "quiet_until": time(8)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Organization.objects.filter(pk=tenant.organization.pk).update(**hours)


def test_an_administrator_does_not_change_the_organization(tenant: Tenant) -> None:
    client = signed_in(make_membership(organization=tenant.organization, role=Role.ADMIN).user)
    assert client.get(reverse("organization_settings")).status_code == 403
