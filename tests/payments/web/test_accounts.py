"""The page of gateway accounts: a new organization can try everything at once, in the sandbox."""

import pytest

from bots.models import Role
from payments.models import GatewayAccount
from tests.factories.bots import make_membership
from tests.support.pages import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/ajustes/pagamentos/"
ADD = "/ajustes/pagamentos/sandbox/"


def test_a_new_organization_adds_the_sandbox_once() -> None:
    owner = make_membership()
    client = signed_in(owner.user)
    assert ADD in client.get(PAGE).content.decode()

    assert client.post(ADD).status_code == 302
    assert client.post(ADD).status_code == 302

    (account,) = GatewayAccount.unscoped.filter(organization=owner.organization)
    page = client.get(PAGE).content.decode()
    assert account.name in page
    assert ADD not in page


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.EDITOR])
def test_who_manages_no_gateways_neither_sees_nor_may(role: Role) -> None:
    member = make_membership(role=role)
    client = signed_in(member.user)
    assert ADD not in client.get(PAGE).content.decode()
    assert client.post(ADD).status_code == 403
    assert not GatewayAccount.unscoped.exists()


def test_it_is_added_by_a_post_alone() -> None:
    assert signed_in(make_membership().user).get(ADD).status_code == 405
