"""The order of accounts per bot: pressed into place on its page, kept by its charges, told to the audit trail."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bots.errors import Invalid, NotFound
from bots.models import AuditEntry, Role
from bots.services import SYSTEM
from bots.tenancy import organization_scope
from payments import selectors
from payments.domain.money import Currency, Money
from payments.models import BotGateway, GatewayAccount
from payments.services.accounts import accounts_to_try, stars_account
from payments.services.bot_accounts import OrderAct, change_bot_order, set_bot_order
from tests.factories.bots import make_bot, make_membership
from tests.factories.payments import Shop, make_shop
from tests.support.pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make_shop()


@pytest.fixture
def accounts(shop: Shop) -> dict[str, GatewayAccount]:
    """`a`, `b` and, where the shop had its sandbox, `c`."""
    with organization_scope(shop.organization.pk):
        GatewayAccount.objects.filter(pk=shop.account.pk).update(position=9, name="c", gateway="woovi")
        made = [
            GatewayAccount.objects.create(organization=shop.organization, gateway="woovi", name=name, position=place)
            for place, name in enumerate("ab")
        ]
    return {"a": made[0], "b": made[1], "c": shop.account}


@pytest.fixture
def browser(shop: Shop) -> Client:
    return signed_in(make_membership(organization=shop.organization).user)


def press(browser: Client, shop: Shop, act: OrderAct | str, account: GatewayAccount | None = None) -> Any:
    data = {"act": str(act)} | ({"account": str(account.pk)} if account else {})
    return browser.post(f"/ajustes/pagamentos/bots/{shop.bot.pk}/mudar/", data)


def tried(shop: Shop) -> list[str]:
    """By name, as a charge of 10 reais would."""
    found = accounts_to_try(
        organization_id=shop.organization.pk,
        bot_id=shop.bot.pk,
        wanted_id=None,
        amount=Money(1000, Currency.BRL),
        payer={},
        is_test=False,
    )
    return [account.name for account in found]


def test_a_bot_follows_the_organization_until_it_has_a_list_of_its_own(
    browser: Client, shop: Shop, accounts: dict[str, GatewayAccount]
) -> None:
    assert tried(shop) == ["a", "b", "c"]
    press(browser, shop, OrderAct.OWN)
    assert tried(shop) == ["a", "b", "c"]
    browser.post(f"/ajustes/pagamentos/{accounts['a'].pk}/mover/", {"to": "down"})
    assert tried(shop) == ["a", "b", "c"]
    press(browser, shop, OrderAct.SHARED)
    assert tried(shop) == ["b", "a", "c"]


def test_each_press_moves_one_place_and_the_ends_stay(
    browser: Client, shop: Shop, accounts: dict[str, GatewayAccount]
) -> None:
    press(browser, shop, OrderAct.OWN)
    for act, name, order in [
        (OrderAct.DOWN, "a", "bac"),
        (OrderAct.UP, "c", "bca"),
        (OrderAct.UP, "b", "bca"),
        (OrderAct.DOWN, "a", "bca"),
        (OrderAct.REMOVE, "c", "ba"),
        (OrderAct.REMOVE, "b", "a"),
        # The last one stays: an empty list would silently be the organization's.
        (OrderAct.REMOVE, "a", "a"),
        (OrderAct.ADD, "c", "ac"),
        (OrderAct.ADD, "c", "ac"),
    ]:
        assert press(browser, shop, act, accounts[name]).status_code == 302
        assert "".join(tried(shop)) == order


def test_other_bots_keep_theirs(browser: Client, shop: Shop, accounts: dict[str, GatewayAccount]) -> None:
    other = make_bot(organization=shop.organization)
    press(browser, shop, OrderAct.OWN)
    press(browser, shop, OrderAct.REMOVE, accounts["a"])
    with organization_scope(shop.organization.pk):
        assert [one.name for one in selectors.accounts_tried_by(other.pk)] == ["a", "b", "c"]
        orders = {
            order.bot.pk: (order.own, [one.name for one in order.accounts]) for order in selectors.orders_of_bots()
        }
    assert orders == {other.pk: (False, ["a", "b", "c"]), shop.bot.pk: (True, ["b", "c"])}


def test_the_page_says_which_list_holds_and_offers_what_can_be_done(
    browser: Client, shop: Shop, accounts: dict[str, GatewayAccount]
) -> None:
    address = f"/ajustes/pagamentos/bots/{shop.bot.pk}/"
    assert 'value="own"' in browser.get(address).content.decode()
    press(browser, shop, OrderAct.OWN)
    press(browser, shop, OrderAct.REMOVE, accounts["b"])
    page = browser.get(address).content.decode()
    assert ('value="own"' in page, 'value="shared"' in page) == (False, True)
    assert page.count('value="up"') == page.count('value="down"') == page.count('value="add"') == 1
    assert shop.bot.name in browser.get("/ajustes/pagamentos/").content.decode()


def test_each_change_stands_in_the_audit_trail(
    browser: Client, shop: Shop, accounts: dict[str, GatewayAccount]
) -> None:
    press(browser, shop, OrderAct.OWN)
    press(browser, shop, OrderAct.UP, accounts["a"])
    press(browser, shop, OrderAct.REMOVE, accounts["a"])
    told = AuditEntry.unscoped.filter(action="bot.gateway_accounts").order_by("created_at")
    # Up at the upper end changed nothing.
    assert [len(entry.data["accounts"]) for entry in told] == [3, 2]


def test_who_may_not_manage_sees_and_cannot_press(shop: Shop, accounts: dict[str, GatewayAccount]) -> None:
    viewer = signed_in(make_membership(organization=shop.organization, role=Role.VIEWER).user)
    page = viewer.get(f"/ajustes/pagamentos/bots/{shop.bot.pk}/")
    assert (page.status_code, b'name="act"' in page.content) == (200, False)
    assert press(viewer, shop, OrderAct.OWN).status_code == 403


def test_what_is_not_there_is_not_there(browser: Client, shop: Shop, accounts: dict[str, GatewayAccount]) -> None:
    stranger = make_shop("Outra")
    assert browser.get(f"/ajustes/pagamentos/bots/{stranger.bot.pk}/").status_code == 404
    assert press(browser, stranger, OrderAct.OWN).status_code == 404
    assert press(browser, shop, OrderAct.ADD, stranger.account).status_code == 404
    assert press(browser, shop, OrderAct.UP, stranger.account).status_code == 404
    assert press(browser, shop, "sideways").status_code == 400
    assert not BotGateway.unscoped.exists()


def test_stars_stand_in_no_list(browser: Client, shop: Shop, accounts: dict[str, GatewayAccount]) -> None:
    stars = stars_account(organization_id=shop.organization.pk, bot_id=shop.bot.pk)
    with organization_scope(shop.organization.pk):
        assert stars not in selectors.accounts_tried_by(shop.bot.pk)
    press(browser, shop, OrderAct.ADD, stars)
    assert tried(shop) == ["a", "b", "c"]
    with pytest.raises(Invalid) as refused:
        set_bot_order(shop.bot.pk, organization_id=shop.organization.pk, account_ids=[stars.pk], actor=SYSTEM)
    assert refused.value.code == "stars_in_list"


def test_an_account_stands_in_a_list_once(shop: Shop, accounts: dict[str, GatewayAccount]) -> None:
    twice = [accounts["a"].pk, accounts["a"].pk]
    with pytest.raises(Invalid) as refused:
        set_bot_order(shop.bot.pk, organization_id=shop.organization.pk, account_ids=twice, actor=SYSTEM)
    assert refused.value.code == "account_twice"


def test_an_empty_list_is_the_organizations_order(shop: Shop, accounts: dict[str, GatewayAccount]) -> None:
    organization_id = shop.organization.pk
    set_bot_order(shop.bot.pk, organization_id=organization_id, account_ids=[accounts["b"].pk], actor=SYSTEM)
    assert tried(shop) == ["b"]
    order = set_bot_order(shop.bot.pk, organization_id=organization_id, account_ids=[], actor=SYSTEM)
    assert [account.name for account in order] == tried(shop) == ["a", "b", "c"]


def test_a_press_for_nothing_writes_nothing(shop: Shop, accounts: dict[str, GatewayAccount]) -> None:
    change_bot_order(
        shop.bot.pk, organization_id=shop.organization.pk, act=OrderAct.UP, account_id=accounts["a"].pk, actor=SYSTEM
    )
    assert not BotGateway.unscoped.exists()
    with pytest.raises(NotFound):
        change_bot_order(uuid4(), organization_id=shop.organization.pk, act=OrderAct.OWN, account_id=None, actor=SYSTEM)
