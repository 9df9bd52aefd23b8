"""`/gateway-accounts/`: connected, changed, tested, switched off and ordered by a partner; secrets never come out."""

from collections.abc import Iterator
from typing import Any

import pytest

from bots.models import AuditEntry, Membership
from bots.permissions import ApiScope
from bots.tenancy import organization_scope
from payments.domain.events import EventSource
from payments.domain.states import Notice, PaymentStatus
from payments.models import GatewayAccount
from payments.services import apply_notice
from payments.services.accounts import stars_account
from tests.factories.bots import make_membership
from tests.factories.payments import Shop, charge, make_shop
from tests.support.fake_gateways import FakeAsaas, FakeWoovi, Mood
from tests.support.fake_gateways.server import SECRET
from tests.support.partner import Partner, answer, make_partner, refusal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def woovi(settings: Any) -> Iterator[FakeWoovi]:
    settings.SITE_URL = "https://trilho.example.com"
    with FakeWoovi() as fake:
        settings.WOOVI_API_BASE_URL = fake.url
        yield fake


@pytest.fixture
def shop() -> Shop:
    shop = make_shop()
    make_membership(organization=shop.organization)
    return shop


@pytest.fixture
def partner(shop: Shop) -> Partner:
    return make_partner(shop.organization, [ApiScope.GATEWAYS_WRITE])


def connect(partner: Partner, fake: FakeWoovi, **changes: Any) -> Any:
    body = {"gateway": "woovi", "name": "Principal", "credentials": fake.credentials} | changes
    return partner.call("POST", "/api/v1/gateway-accounts/", body)


def test_an_account_is_connected_once_its_gateway_takes_the_credentials(partner: Partner, woovi: FakeWoovi) -> None:
    made = connect(partner, woovi)
    told = answer(made, 201)
    account = GatewayAccount.unscoped.get(pk=told["id"])
    assert dict(account.opened_credentials) == woovi.credentials
    assert (told["gateway"], told["name"], told["active"]) == ("woovi", "Principal", True)
    assert told["credentials"] == ["app_id", "environment"]
    assert told["webhook_url"] == f"https://trilho.example.com/payments/webhooks/woovi/{account.public_id}/"
    assert SECRET not in made.content.decode()
    assert AuditEntry.unscoped.filter(action="gateway_account.add", object_id=account.pk).count() == 1


def test_the_address_of_its_notices_is_entered_at_the_gateway(partner: Partner, woovi: FakeWoovi) -> None:
    told = answer(connect(partner, woovi), 201)
    assert (told["registers_webhook"], told["webhook_error"]) == (True, "")
    assert told["webhook_registered_at"] is not None
    assert {hook["url"] for hook in woovi.webhooks} == {told["webhook_url"]}


def test_an_account_whose_address_cannot_be_entered_works_and_says_why(partner: Partner, woovi: FakeWoovi) -> None:
    woovi.become(Mood.DOWN, match="/api/v1/webhook")
    told = answer(connect(partner, woovi), 201)
    assert (told["webhook_registered_at"], told["webhook_error"]) == (None, "gateway_down: HTTP 503")
    again = answer(partner.call("POST", f"/api/v1/gateway-accounts/{told['id']}/test/"))
    assert (again["works"], again["error"], again["account"]["webhook_error"]) == (True, None, "")
    assert again["account"]["webhook_registered_at"] is not None


def test_a_webhook_of_the_sellers_own_is_left_alone(partner: Partner, woovi: FakeWoovi) -> None:
    """Ours would be signed with secrets nobody told us."""
    told = answer(connect(partner, woovi, webhook_secret="from-the-panel"), 201)
    assert (told["registers_webhook"], told["webhook_registered_at"], woovi.webhooks) == (False, None, [])


@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        ({"app_id": "wrong", "environment": "production"}, 422),
        ({"app_id": SECRET, "environment": "moon"}, 422),
        ({"app_id": SECRET}, 422),
        ({"app_id": SECRET, "environment": "production", "token": "x"}, 422),
    ],
)
def test_what_the_gateway_refuses_is_not_kept(
    partner: Partner, woovi: FakeWoovi, credentials: dict[str, str], status: int
) -> None:
    assert connect(partner, woovi, credentials=credentials).status_code == status
    assert GatewayAccount.unscoped.filter(gateway="woovi").count() == 0


def test_of_what_is_changed_only_what_is_given_changes(partner: Partner, woovi: FakeWoovi) -> None:
    told = answer(connect(partner, woovi), 201)
    address = f"/api/v1/gateway-accounts/{told['id']}/"
    asked = len(woovi.calls)
    assert answer(partner.call("PATCH", address, {"name": "Outra"}))["name"] == "Outra"
    assert len(woovi.calls) == asked
    refused = partner.call("PATCH", address, {"credentials": {"app_id": "revoked"}})
    assert refusal(refused)["code"] == "credentials_refused"
    account = GatewayAccount.unscoped.get(pk=told["id"])
    assert (account.name, dict(account.opened_credentials)) == ("Outra", woovi.credentials)
    answer(partner.call("PATCH", address, {"credentials": {"app_id": SECRET}}))
    changes = [entry.data["changed"] for entry in AuditEntry.unscoped.filter(action="gateway_account.change")]
    assert sorted(changes) == [["credentials"], ["name"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"credentials": {"token": "x"}}, "unknown_credential"),
        ({"credentials": {"environment": "moon"}}, "bad_credential"),
        ({"credentials": {"app_id": "   "}}, "invalid"),
    ],
)
def test_credentials_it_does_not_have_are_refused(
    partner: Partner, woovi: FakeWoovi, body: dict[str, Any], code: str
) -> None:
    told = answer(connect(partner, woovi), 201)
    assert refusal(partner.call("PATCH", f"/api/v1/gateway-accounts/{told['id']}/", body))["code"] == code


def test_stars_have_no_credentials_to_change(partner: Partner, shop: Shop) -> None:
    stars = stars_account(organization_id=shop.organization.pk, bot_id=shop.bot.pk)
    body = {"credentials": {"bot": str(shop.bot.pk)}}
    told = refusal(partner.call("PATCH", f"/api/v1/gateway-accounts/{stars.pk}/", body))
    assert told["code"] == "unknown_credential"


def test_deleting_switches_it_off_and_a_change_on_again(partner: Partner, shop: Shop) -> None:
    address = f"/api/v1/gateway-accounts/{shop.account.pk}/"
    assert partner.call("DELETE", address).status_code == 204
    assert answer(partner.get(f"gateway-accounts/{shop.account.pk}/"))["active"] is False
    assert answer(partner.call("PATCH", address, {"active": True}))["active"] is True


def test_a_test_that_fails_is_an_answer_and_the_accounts_health(partner: Partner, woovi: FakeWoovi) -> None:
    told = answer(connect(partner, woovi), 201)
    woovi.become(Mood.DOWN)
    tested = answer(partner.call("POST", f"/api/v1/gateway-accounts/{told['id']}/test/"))
    assert (tested["works"], tested["error"]) == (False, "HTTP 503")
    assert tested["account"]["failing_since"] is not None
    assert tested["account"]["last_error"] == "gateway_down: HTTP 503"


def test_its_health_counts_what_was_found_by_asking(partner: Partner, shop: Shop) -> None:
    paid = charge(shop)
    apply_notice(paid.payment.pk, Notice(PaymentStatus.PAID), source=EventSource.POLL)
    health = answer(partner.get(f"gateway-accounts/{shop.account.pk}/"))["health"]
    assert health == {
        "paid": 1,
        "found_by_asking": 1,
        "found_by_asking_percent": 100,
        "notices": 0,
        "forged": 0,
        "delay_seconds": None,
        "tells_too_little": False,
    }


def test_a_bots_order_is_read_and_set_whole(partner: Partner, shop: Shop) -> None:
    with organization_scope(shop.organization.pk):
        other = GatewayAccount.objects.create(organization=shop.organization, gateway="woovi", name="W", position=50)
    address = f"/api/v1/bots/{shop.bot.pk}/gateway-accounts/"

    def shown(told: Any) -> tuple[bool, list[str]]:
        return told["own"], [account["id"] for account in told["accounts"]]

    both = sorted([shop.account, other], key=lambda one: one.position)
    assert shown(answer(partner.get(f"bots/{shop.bot.pk}/gateway-accounts/"))) == (False, [str(one.pk) for one in both])
    turned = [str(other.pk), str(shop.account.pk)]
    assert shown(answer(partner.call("PUT", address, {"accounts": turned}))) == (True, turned)
    assert refusal(partner.call("PUT", address, {"accounts": [turned[0]] * 2}))["code"] == "account_twice"
    strange = str(make_shop("Outra").account.pk)
    assert refusal(partner.call("PUT", address, {"accounts": [strange]}))["code"] == "gateway_account_not_found"
    assert refusal(partner.call("PUT", address, {}))["code"] == "accounts_missing"
    assert shown(answer(partner.call("PUT", address, {"accounts": []})))[0] is False


def test_an_asaas_account_tells_the_owner_s_address_where_one_is_wanted(
    partner: Partner, shop: Shop, settings: Any
) -> None:
    settings.SITE_URL = "https://trilho.example.com"
    with FakeAsaas() as asaas:
        settings.ASAAS_API_BASE_URL = asaas.url
        body = {"gateway": "asaas", "name": "Asaas", "credentials": asaas.credentials}
        told = answer(partner.call("POST", "/api/v1/gateway-accounts/", body), 201)
        (hook,) = asaas.webhooks
    account = GatewayAccount.unscoped.get(pk=told["id"])
    assert (hook["url"], hook["authToken"]) == (told["webhook_url"], account.webhook_secret)
    assert hook["email"] == make_owner_email(shop)
    assert account.webhook_secret not in str(told)


def make_owner_email(shop: Shop) -> str:
    return str(Membership.unscoped.get(organization=shop.organization).user.email)


def test_a_site_without_a_public_address_enters_nothing(partner: Partner, woovi: FakeWoovi, settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    told = answer(connect(partner, woovi), 201)
    assert (told["registers_webhook"], woovi.webhooks) == (False, [])
