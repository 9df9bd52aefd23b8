"""Hoje, sales with their proof, accounts, the test chat's charge."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bots.models import Bot, BotStatus, Membership, Role
from flows.models import InboxEvent, Run
from payments.models import GatewayAccount, MoneyMatter, Order, Payment, Refund
from payments.selectors import ProofKind, ProofState, ProofStop
from payments.services.sandbox import Act
from payments.web.proof import drawn
from tests.factories.payments import buyer, charge
from tests.support.pages import World

TODAY = "/"


def page_of(browser: Client, address: str, **filters: str) -> str:
    return browser.get(address, filters).content.decode()


def pay(world: World, *, ago: timedelta = timedelta()) -> Order:
    """The sale as if it had been paid then."""
    order = world.sale.order
    order.status, order.paid_at, order.paid_by_id = "paid", timezone.now() - ago, world.sale.payment.pk
    order.save()
    return order


@pytest.fixture
def nothing_waits(world: World) -> None:
    """What the world holds that somebody must look at is gone."""
    InboxEvent.unscoped.filter(pk=world.standing.pk).delete()
    Refund.unscoped.filter(pk=world.refund.pk).delete()
    MoneyMatter.unscoped.filter(pk=world.matter.pk).delete()


@pytest.mark.usefixtures("nothing_waits")
def test_a_quiet_day_says_so_and_shows_the_way_to_the_first_sale(browser: Client, world: World) -> None:
    Order.unscoped.filter(pk=world.sale.order_id).update(is_test=True)
    page = page_of(browser, TODAY)
    assert "Nada precisa de você." in page
    assert "Daqui até a primeira venda" in page
    assert "R$\N{NO-BREAK SPACE}0,00" in page


@pytest.mark.usefixtures("nothing_waits")
def test_what_needs_the_member_comes_first(browser: Client, world: World) -> None:
    pay(world, ago=timedelta(minutes=14))
    Bot.unscoped.filter(pk=world.shop.bot.pk).update(status=BotStatus.REVOKED)
    GatewayAccount.unscoped.filter(pk=world.shop.account.pk).update(failing_since=timezone.now())
    Run.unscoped.filter(pk=world.run.pk).update(status="failed")
    page = page_of(browser, TODAY)
    assert "Ana pagou e não tem acesso" in page
    assert "Grupo VIP, há 14 min" in page
    assert "Bot não está respondendo" in page
    assert "Sandbox não está respondendo" in page
    assert "1 conversa está parada" in page
    assert "Nada precisa de você." not in page
    assert page.index("Precisa de você") < page.index("Vendido hoje")


def test_sold_today_counts_what_was_paid_today(browser: Client, world: World) -> None:
    pay(world)
    page = page_of(browser, TODAY)
    assert page.count("R$\N{NO-BREAK SPACE}29,90") == 2
    pay(world, ago=timedelta(days=2))
    assert page_of(browser, TODAY).count("R$\N{NO-BREAK SPACE}29,90") == 1


def test_sales_are_found_by_person_and_state(browser: Client, world: World) -> None:
    link = reverse("sale_detail", args=[world.sale.order_id])
    address = reverse("sale_list")
    assert link in page_of(browser, address)
    assert reverse("sale_detail", args=[world.test_sale.order_id]) not in page_of(browser, address)
    assert link in page_of(browser, address, busca=world.sale.payment.txid)
    assert link in page_of(browser, address, busca=f"@{world.shop.contact.username}")
    assert link not in page_of(browser, address, busca="ninguém")
    assert link in page_of(browser, address, estado="open")
    assert link not in page_of(browser, address, estado="paid")
    assert link in page_of(browser, address, estado="rubbish", pagina="x")


def test_a_sale_shows_its_proof_red_where_it_broke(browser: Client, world: World) -> None:
    address = reverse("sale_detail", args=[world.sale.order_id])
    page = page_of(browser, address)
    assert page.count("proof-done") == 1
    assert page.count("proof-broken") == 0
    assert "Cobrança criada" in page
    assert world.sale.payment.txid in page
    pay(world, ago=timedelta(hours=1))
    page = page_of(browser, address)
    assert page.count("proof-done") == 2
    assert "Pagou, e a conversa não andou." in page


def test_the_line_waits_at_the_first_stop_not_reached() -> None:
    now = timezone.now()
    stops = [
        ProofStop(ProofKind.CHARGED, ProofState.DONE, now),
        ProofStop(ProofKind.PAID, ProofState.OPEN),
        ProofStop(ProofKind.WENT_ON, ProofState.OPEN),
        ProofStop(ProofKind.SENT, ProofState.OPEN),
    ]
    assert [(stop.state, str(stop.note)) for stop in drawn(stops)] == [
        ("done", ""),
        ("waiting", "Aguardando pagamento"),
        ("ahead", ""),
        ("ahead", ""),
    ]


def test_accounts_show_whether_they_work(browser: Client, world: World) -> None:
    address = reverse("account_list")
    assert "Funcionando" in page_of(browser, address)
    GatewayAccount.unscoped.filter(pk=world.shop.account.pk).update(
        failing_since=timezone.now(), last_error="timeout: no answer"
    )
    page = page_of(browser, address)
    assert "Falhando" in page
    assert "O gateway não respondeu a tempo." in page
    assert "timeout" not in page
    assert world.shop.account.webhook_secret not in page


@pytest.mark.parametrize(
    ("done", "offered"),
    [
        ((), ["pay", "fail", "expire", "late", "twice"]),
        ((Act.PAY,), ["twice"]),
        ((Act.FAIL,), ["late"]),
        ((Act.EXPIRE,), ["late"]),
    ],
)
def test_a_test_charge_offers_what_can_still_be_done(
    browser: Client, world: World, done: tuple[Act, ...], offered: list[str]
) -> None:
    for act in done:
        buyer(world.test_sale, act)
        Payment.unscoped.filter(pk=world.test_sale.payment.pk).update(
            status=world.test_sale.charge.status, paid_at=timezone.now()
        )
    page = page_of(browser, reverse("test_payments", args=[world.flow.pk]))
    assert [act.value for act in Act if f'value="{act.value}"' in page] == offered


def test_only_the_chats_own_charge_is_paid_there(browser: Client, world: World) -> None:
    real = reverse("test_payment_act", args=[world.flow.pk, world.sale.payment.pk])
    assert browser.post(real, {"action": "pay"}).status_code == 404
    assert world.sale.charge.status == "pending"
    own = reverse("test_payment_act", args=[world.flow.pk, world.test_sale.payment.pk])
    assert browser.post(own, {"action": "steal"}).status_code == 400
    assert browser.post(own, {"action": "pay"}).json() == {}
    assert world.test_sale.charge.status == "paid"
    refused = browser.post(own, {"action": "fail"})
    assert refused.status_code == 409
    assert "não está mais aberta" in refused.json()["message"]


def test_an_unchanged_charge_is_not_sent_again(browser: Client, world: World) -> None:
    address = reverse("test_payments", args=[world.flow.pk])
    etag = browser.get(address)["ETag"]
    assert browser.get(address, headers={"if-none-match": etag}).status_code == 304
    charge(world.shop)
    assert browser.get(address, headers={"if-none-match": etag}).status_code == 304
    Payment.unscoped.filter(pk=world.test_sale.payment.pk).update(revision=9)
    assert browser.get(address, headers={"if-none-match": etag}).status_code == 200


def test_support_sees_sales_and_manages_nothing(browser: Client, world: World) -> None:
    Membership.unscoped.filter(user=world.owner).update(role=Role.SUPPORT)
    page = page_of(browser, reverse("settings"))
    assert page == ""
    page = page_of(browser, reverse("member_list"))
    assert reverse("account_list") in page
    assert reverse("api_key_list") not in page
