"""`/contacts/`: people as one bot sees them."""

import pytest

from tests.support.partner import answer, make_partner
from tests.support.tenancy import make_tenant

pytestmark = pytest.mark.django_db


def test_tells_all_that_is_known_of_a_contact() -> None:
    tenant = make_tenant()
    tenant.contact.variables = {"email": "bia@example.com"}
    tenant.contact.tags = ["vip"]
    tenant.contact.save()
    partner = make_partner(tenant.organization)
    (contact,) = answer(partner.get("contacts/"))["results"]
    assert contact == {
        "id": str(tenant.contact.pk),
        "bot": str(tenant.bot.pk),
        "telegram_user_id": tenant.contact.telegram_user_id,
        "first_name": "Bia",
        "last_name": "",
        "username": "",
        "language_code": "",
        "variables": {"email": "bia@example.com"},
        "tags": ["vip"],
        "blocked_at": None,
        "created_at": contact["created_at"],
    }
    assert answer(partner.get(f"contacts/{tenant.contact.pk}/")) == contact
