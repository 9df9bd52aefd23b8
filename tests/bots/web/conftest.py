"""A member of an organization in their browser."""

import pytest
from django.test import Client

from tests.support.pages import signed_in
from tests.support.tenancy import Tenant, make_tenant


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant()


@pytest.fixture
def browser(tenant: Tenant) -> Client:
    return signed_in(tenant.owner)
