"""Adding, testing and ordering gateway accounts: credentials are tried before they are kept, and never shown again."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from bots.models import AuditEntry
from bots.tenancy import organization_scope
from payments.models import GatewayAccount
from payments.services import ensure_sandbox_account
from payments.web.forms import ADDABLE
from tests.factories.bots import make_membership
from tests.support.fake_gateways import FAKES, FakeGateway, FakeMercadoPago, Mood
from tests.support.fake_gateways.server import SECRET
from tests.support.pages import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/ajustes/pagamentos/"
NEW = "/ajustes/pagamentos/nova/"


@pytest.fixture(params=FAKES, ids=lambda kind: kind.name.value)
def fake(request: pytest.FixtureRequest, settings: Any) -> Iterator[FakeGateway]:
    with request.param() as running:
        setattr(settings, running.setting, running.url)
        yield running


@pytest.fixture
def owner() -> Any:
    return make_membership()


@pytest.fixture
def browser(owner: Any) -> Client:
    return signed_in(owner.user)


def post(browser: Client, fake: FakeGateway, **changes: str) -> Any:
    return browser.post(f"{NEW}?gateway={fake.name}", {"name": "Principal", **fake.credentials, **changes})


def test_credentials_the_gateway_takes_are_kept_encrypted_and_never_shown(
    browser: Client, owner: Any, fake: FakeGateway
) -> None:
    assert post(browser, fake).status_code == 302
    account = GatewayAccount.unscoped.get()
    assert (account.gateway, account.name, account.organization_id) == (
        fake.name.value,
        "Principal",
        owner.organization_id,
    )
    assert dict(account.opened_credentials) == fake.credentials
    assert fake.entries == {}
    for page in (LIST, f"{NEW}?gateway={fake.name}"):
        assert SECRET not in browser.get(page).content.decode()
    entry = AuditEntry.unscoped.get(action="gateway_account.add")
    assert SECRET not in str(entry.data)


def test_every_gateway_on_offer_has_its_form(browser: Client) -> None:
    assert {name for name, _label in ADDABLE} == {fake.name for fake in FAKES}
    for name, _label in ADDABLE:
        assert browser.get(f"{NEW}?gateway={name}").status_code == 200


def test_credentials_the_gateway_refuses_are_not_kept(browser: Client, fake: FakeGateway) -> None:
    wrong = {name: "wrong-key" for name, value in fake.credentials.items() if value == SECRET}
    answer = post(browser, fake, **wrong)
    assert (answer.status_code, GatewayAccount.unscoped.count()) == (422, 0)
    assert "wrong-key" not in answer.content.decode()


def test_while_the_gateway_is_down_nothing_is_kept(browser: Client, fake: FakeGateway) -> None:
    fake.become(Mood.DOWN)
    assert (post(browser, fake).status_code, GatewayAccount.unscoped.count()) == (422, 0)


def test_a_missing_field_asks_no_gateway(browser: Client, fake: FakeGateway) -> None:
    missing = dict.fromkeys((name for name, value in fake.credentials.items() if value == SECRET), "")
    assert (post(browser, fake, **missing).status_code, fake.calls) == (422, [])


def test_the_secret_the_gateway_makes_is_its_own_and_else_ours_is_shown_to_be_entered(
    browser: Client, fake: FakeGateway
) -> None:
    post(browser, fake, webhook_secret="from-the-panel")
    account = GatewayAccount.unscoped.get()
    theirs = fake.name.value in ("mercadopago", "woovi")
    assert (account.webhook_secret == "from-the-panel") is theirs
    page = browser.get(LIST).content.decode()
    assert (account.webhook_secret in page) is not theirs
    assert (f"/payments/webhooks/{account.gateway}/" in page) is (fake.name.value != "mercadopago")


@pytest.mark.parametrize("fake", [FakeMercadoPago], indirect=True)
def test_testing_an_account_tells_its_health(browser: Client, fake: FakeGateway) -> None:
    post(browser, fake)
    account = GatewayAccount.unscoped.get()
    address = f"{LIST}{account.pk}/testar/"
    fake.become(Mood.DOWN)
    browser.post(address)
    account.refresh_from_db()
    assert (account.failing_since is not None, account.last_error) == (True, "gateway_down: HTTP 503")
    browser.post(address)
    account.refresh_from_db()
    assert (account.failing_since, account.last_error) == (None, "")


def test_accounts_are_tried_in_the_order_the_seller_gives_them(browser: Client, owner: Any) -> None:
    ensure_sandbox_account(owner.organization)
    with organization_scope(owner.organization_id):
        rows = [
            GatewayAccount.objects.create(organization=owner.organization, gateway="woovi", name=name, position=number)
            for number, name in enumerate("ab")
        ]

    def names() -> list[str]:
        accounts = GatewayAccount.unscoped.order_by("position", "created_at")
        return [account.name for account in accounts]

    assert names() == ["a", "b", "Sandbox"]
    browser.post(f"{LIST}{rows[0].pk}/mover/", {"to": "down"})
    assert names() == ["b", "a", "Sandbox"]
    browser.post(f"{LIST}{rows[0].pk}/mover/", {"to": "up"})
    browser.post(f"{LIST}{rows[0].pk}/mover/", {"to": "up"})
    assert names() == ["a", "b", "Sandbox"]


def test_an_account_that_is_off_stays_listed(browser: Client, owner: Any) -> None:
    account = ensure_sandbox_account(owner.organization)
    browser.post(f"{LIST}{account.pk}/ligar/")
    assert not GatewayAccount.unscoped.get().active
    assert str(account.pk) in browser.get(LIST).content.decode()
    browser.post(f"{LIST}{account.pk}/ligar/", {"active": "on"})
    assert GatewayAccount.unscoped.get().active
