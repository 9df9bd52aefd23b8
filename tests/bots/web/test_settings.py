"""Members and keys in the settings."""

import re

from django.test import Client
from django.urls import reverse

from bots.models import ApiKey, AuditEntry
from bots.permissions import ApiScope
from bots.services.api_keys import hash_api_key
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
