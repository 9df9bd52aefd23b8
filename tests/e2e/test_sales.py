"""A seller finds a sale, reads its proof, gives a part back and decides what waits: by keyboard, without a script."""

import pytest
from playwright.sync_api import Browser, expect

from bots.models import Contact
from bots.tenancy import organization_scope
from payments.domain.events import EventSource
from payments.domain.money import Currency, Money
from payments.domain.states import Notice, PaymentStatus
from payments.selectors import gateway_accounts
from payments.services import apply_notice
from tests.e2e.conftest import PHONE, Seller
from tests.factories.payments import Sale, Shop, charge, wish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.processes]


def a_sale(seller: Seller, name: str, minor: int) -> Sale:
    with organization_scope(seller.organization.pk):
        contact = Contact.objects.create(
            organization=seller.organization, bot=seller.bot, telegram_user_id=71000000 + minor, first_name=name
        )
        shop = Shop(seller.organization, seller.bot, contact, gateway_accounts()[0])
    sale = charge(shop, wish(deliver={"text": "Bem-vindo!"}))
    received = Notice(PaymentStatus.PAID, received=Money(minor, Currency.BRL))
    apply_notice(sale.payment.pk, received, source=EventSource.WEBHOOK)
    return sale


def test_a_part_goes_back_by_keyboard_and_without_a_script(seller: Seller, browser: Browser) -> None:
    a_sale(seller, "Bruna", 2990)
    page = seller.open(browser, viewport=PHONE, java_script_enabled=False)
    page.goto("/vendas/?de=2020-01-01")
    page.get_by_role("searchbox").fill("bruna")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="Bruna").press("Enter")
    expect(page.get_by_role("heading", name="Prova desta venda")).to_be_visible()
    page.get_by_role("link", name="Devolver dinheiro").press("Enter")
    expect(page.get_by_text("Um reembolso total encerra o acesso")).to_be_visible()
    page.get_by_label("Quanto volta").fill("99,00")
    page.get_by_label("Por quê").fill("pediu desconto")
    page.get_by_role("button", name="Devolver").press("Enter")
    expect(page.get_by_text("Só restam R$ 29,90")).to_be_visible()
    expect(page.get_by_label("Por quê")).to_have_value("pediu desconto")
    page.get_by_label("Quanto volta").fill("10,50")
    page.get_by_label("Eu mesmo envio, pelo banco").check()
    page.get_by_role("button", name="Devolver").press("Enter")
    expect(page.get_by_text("Devolução a enviar pelo banco")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_what_waits_is_decided_from_the_tab_of_sales(seller: Seller, browser: Browser) -> None:
    a_sale(seller, "Caio", 1000)
    page = seller.open(browser)
    page.goto("/vendas/")
    page.get_by_role("link", name="Decisões 1 espera por você").click()
    page.get_by_role("button", name="Entregar mesmo assim").click()
    expect(page.get_by_text("O que foi comprado foi entregue, pela sua equipe")).to_be_visible()
