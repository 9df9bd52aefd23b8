"""The list of sales: every filter of its address, what it comes to, and the spreadsheet."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bots.models import AuditEntry, Contact
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.models import Order, Payment, PaymentEvent, WebhookDelivery
from payments.services import apply_notice
from payments.web import sale_export
from payments.web.sale_export import Figure, harmless
from payments.web.sale_filters import SaleFilters
from tests.support.pages import World, signed_in

LIST = "/vendas/"


@pytest.fixture
def link(world: World) -> str:
    return reverse("sale_detail", args=[world.sale.order_id])


def page_of(browser: Client, address: str = LIST, **filters: Any) -> str:
    return browser.get(address, {name: str(value) for name, value in filters.items()}).content.decode()


def pay(world: World, *, ago: timedelta = timedelta()) -> None:
    order = world.sale.order
    order.status, order.paid_at, order.paid_by_id = "paid", timezone.now() - ago, world.sale.payment.pk
    order.save()


def rows_of(browser: Client, **filters: str) -> list[dict[str, str]]:
    response = browser.get(reverse("sale_export"), filters)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert ".csv" in response["Content-Disposition"]
    content = b"".join(response).decode()
    assert content.startswith("\N{BYTE ORDER MARK}")
    return list(csv.DictReader(io.StringIO(content[1:]), delimiter=";"))


def test_anything_on_a_receipt_finds_the_sale(browser: Client, world: World, link: str) -> None:
    payment = world.sale.payment
    payer = {"email": "ana@example.com", "document": "52998224725"}
    Payment.unscoped.filter(pk=payment.pk).update(end_to_end_id="E123ABC", payer=payer)
    for text in (
        "Ana",
        f"@{world.shop.contact.username}",
        world.shop.contact.telegram_user_id,
        "ANA@example.com",
        "52998224725",
        "529.982.247-25",
        payment.txid,
        "e123abc",
        payment.provider_id,
        payment.idempotency_key,
        payment.pk,
        world.sale.order_id,
    ):
        assert link in page_of(browser, busca=text), text
    for text in ("ninguém", "111.444.777-35", "bia@example.com", "\x00", "9" * 400):
        assert (link in page_of(browser, busca=text)) is (text == "\x00"), text


def test_each_filter_keeps_what_it_names(browser: Client, world: World, link: str) -> None:
    today = timezone.localdate()
    mine: dict[str, Any] = {"bot": world.shop.bot.pk, "conta": world.shop.account.pk, "de": today, "ate": today}
    for name, value in mine.items():
        assert link in page_of(browser, **{name: value}), name
    Order.unscoped.filter(pk=world.sale.order_id).update(flow_id=world.flow.pk)
    assert link in page_of(browser, fluxo=world.flow.pk)
    others: dict[str, Any] = {"bot": world.flow.pk, "conta": world.flow.pk, "fluxo": world.shop.bot.pk}
    for name, value in others.items():
        assert link not in page_of(browser, **{name: value}), name
    assert link not in page_of(browser, de=today + timedelta(days=1))
    assert link not in page_of(browser, ate=today - timedelta(days=1))
    for rubbish in ({"de": "2024-99-99"}, {"ate": "x"}, {"bot": "x"}, {"marca": "x"}, {"de": "0001-01-01"}):
        assert link in page_of(browser, **rubbish), rubbish


def test_flags_find_what_is_unusual(browser: Client, world: World, link: str) -> None:
    flags = ("late", "overpaid", "alarm", "not_served")
    assert [link in page_of(browser, marca=flag) for flag in flags] == [False] * 4
    Payment.unscoped.filter(pk=world.sale.payment.pk).update(late=True)
    assert link in page_of(browser, marca="late")
    Payment.unscoped.filter(pk=world.sale.payment.pk).update(overpaid=True)
    assert link in page_of(browser, marca="overpaid")
    event = PaymentEvent(
        organization=world.organization,
        payment=world.sale.payment,
        key="a",
        kind="flagged",
        source="poll",
        from_status="pending",
        to_status="pending",
        alarm="backwards",
        currency="BRL",
    )
    event.save(force_insert=True)
    assert link in page_of(browser, marca="alarm")
    pay(world)
    assert link not in page_of(browser, marca="not_served")
    pay(world, ago=timedelta(minutes=6))
    assert link in page_of(browser, marca="not_served")


def test_the_list_says_what_it_comes_to(browser: Client, world: World) -> None:
    assert "1 venda, 0 paga" in page_of(browser)
    pay(world)
    page = page_of(browser)
    assert "1 venda, 1 paga" in page
    assert page.count("R$\N{NO-BREAK SPACE}29,90") == 2


def test_a_sale_shows_the_gateways_notices_and_our_questions(browser: Client, world: World, link: str) -> None:
    payment = world.sale.payment
    delivery = WebhookDelivery(
        organization=world.organization,
        account=world.shop.account,
        digest="1",
        body=b"{}",
        state="set_aside",
        references=[payment.provider_id],
        error="no such charge",
    )
    delivery.save(force_insert=True)
    Payment.unscoped.filter(pk=payment.pk).update(polls=7, fee_minor=99)
    page = page_of(browser, link)
    assert "Notificações do gateway" in page
    assert "no such charge" in page
    assert "7 vezes" in page
    assert "R$\N{NO-BREAK SPACE}0,99" in page
    assert reverse("conversation_detail", args=[world.run.pk]) in page


def test_the_spreadsheet_holds_the_sales_as_filtered(browser: Client, world: World) -> None:
    (row,) = rows_of(browser)
    assert row["Venda"] == str(world.sale.order_id)
    assert (row["Valor"], row["Moeda"], row["Nome"]) == ("29,90", "BRL", "Ana")
    assert row["txid"] == world.sale.payment.txid
    assert rows_of(browser, estado="paid") == []
    entries = AuditEntry.unscoped.filter(action="sales.export").order_by("pk")
    assert [entry.data for entry in entries] == [{}, {"status": "paid"}]


@pytest.mark.parametrize(
    "name", ["  =1", "\N{FULLWIDTH EQUALS SIGN}1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
)
def test_a_strangers_name_is_no_formula(name: str, browser: Client, world: World) -> None:
    Contact.unscoped.filter(pk=world.shop.contact.pk).update(first_name=name)
    (row,) = rows_of(browser)
    assert row["Nome"].startswith("'") or not row["Nome"].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert harmless(name) == f"'{name}"
    assert harmless("Ana = Bia") == "Ana = Bia"


def test_a_bookkeeper_finds_gross_fee_refund_and_net(browser: Client, world: World) -> None:
    payment = world.sale.payment
    paid = Notice(PaymentStatus.PAID, received=Money(5980, Currency.BRL), fee=Money(99, Currency.BRL))
    (unpaid,) = rows_of(browser)
    assert (unpaid["Valor"], unpaid["Recebido bruto"], unpaid["Líquido"]) == ("29,90", "", "")
    apply_notice(payment.pk, paid, source=EventSource.WEBHOOK)
    apply_notice(
        payment.pk,
        Notice(PaymentStatus.PARTIALLY_REFUNDED, refunded=Money(2990, Currency.BRL)),
        source=EventSource.WEBHOOK,
    )
    (row,) = rows_of(browser)
    names = ("Valor", "Recebido bruto", "Devolvido", "Taxa do gateway", "Líquido", "Forma de pagamento", "Gateway")
    assert [row[name] for name in names] == ["29,90", "59,80", "29,90", "0,99", "28,91", "PIX", "Sandbox"]
    assert row["Fuso horário"] == world.organization.time_zone
    assert harmless(Figure(Money(-99, Currency.BRL))) == "-0,99"


def test_more_sales_than_a_chunk_are_each_there_once(
    browser: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = world.sale.order
    for number in range(4):
        order.pk, order.key = None, f"k{number}"
        order._state.adding = True
        order.pk = Order._meta.pk.get_default()
        order.save(force_insert=True)
    expected = {
        str(pk)
        for pk in Order.unscoped.filter(is_test=False, organization=world.organization).values_list("pk", flat=True)
    }
    monkeypatch.setattr(sale_export, "CHUNK", 2)
    found = [row["Venda"] for row in rows_of(browser)]
    assert len(found) == len(expected) == 5
    assert set(found) == expected


def test_who_may_only_look_takes_nothing_away(world: World) -> None:
    assert signed_in(world.viewer).get(reverse("sale_export")).status_code == 403
    assert reverse("sale_export") not in signed_in(world.viewer).get(LIST).content.decode()


def test_an_address_without_anything_filters_nothing() -> None:
    assert not SaleFilters.read({}).is_set
    assert SaleFilters.read({"busca": " x "}).query == "x"


def test_a_sale_says_its_coupon_and_what_it_took_off(browser: Client, world: World) -> None:
    Order.unscoped.filter(pk=world.sale.order_id).update(
        coupon="DEZ", discount_minor=299, items=[{"name": "VIP", "amount_minor": 3289}]
    )
    page = page_of(browser, reverse("sale_detail", args=[world.sale.order_id]))
    assert re.search(r'Cupom <span class="code">DEZ</span></dt><dd>−<span class="money">R\$\s2,99</span>', page)
    (row,) = rows_of(browser)
    assert (row["Cupom"], row["Desconto"]) == ("DEZ", "2,99")
