"""Somebody buys in the test chat: press, answer, pay, see the access."""

import pytest
from playwright.sync_api import Browser, Page, expect

from bots.tenancy import organization_scope
from flows.services.definitions import create_flow
from tests.e2e.conftest import PHONE, Seller
from tests.support.flows import a_flow, a_question, an_access

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.processes]


def open_chat(page: Page, seller: Seller) -> None:
    page.goto("/fluxos/")
    page.get_by_role("link", name=seller.flow.name).click()
    page.get_by_role("link", name="Testar").click()
    expect(page.locator("#wall")).to_contain_text("O que você quer?")


def write(page: Page, text: str) -> None:
    page.fill("#say-text", text)
    page.keyboard.press("Enter")


def test_press_answer_pay_and_see_the_access(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser)
    open_chat(page, seller)
    wall = page.locator("#wall")

    wall.get_by_role("button", name="Quero entrar").click()
    expect(wall).to_contain_text("Qual é o seu e-mail?")
    write(page, "ana.example.com")
    expect(wall).to_contain_text("Esse e-mail não parece certo.")
    write(page, "ana@example.com")
    expect(wall.locator("img.bubble-media")).to_be_visible()
    expect(wall).to_contain_text("br.gov.bcb.pix")
    expect(page.locator("#panel")).to_contain_text("ana@example.com")

    charge = page.locator("#payments-panel")
    expect(charge).to_contain_text("R$ 29,90")
    charge.get_by_role("button", name="Pagar", exact=True).click()
    expect(wall).to_contain_text("https://example.com/vip")
    expect(charge).to_contain_text("Pago")

    # What was bought in a test is no sale.
    page.goto("/vendas/")
    expect(page.locator("main")).to_contain_text("Nenhuma venda ainda")


def test_expire_skip_and_start_again_on_a_phone(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser, viewport=PHONE, color_scheme="dark", has_touch=True)
    open_chat(page, seller)
    wall = page.locator("#wall")
    wall.get_by_role("button", name="Quero entrar").tap()
    expect(wall).to_contain_text("Qual é o seu e-mail?")
    write(page, "ana@example.com")
    expect(wall).to_contain_text("br.gov.bcb.pix")

    page.get_by_role("button", name="Pular a espera").tap()
    expect(wall).to_contain_text("Seu PIX ainda está aberto.")
    page.locator("#payments-panel").get_by_role("button", name="Expirar").tap()
    expect(page.locator("#payments-panel")).to_contain_text("Expirou")
    page.get_by_role("button", name="Recomeçar").tap()
    expect(wall.get_by_role("button", name="Quero entrar")).to_have_count(2)


def test_a_draft_with_errors_shows_its_problems_instead(seller: Seller, browser: Browser) -> None:
    draft = {**seller.flow.draft, "flow_start_step_id": "nowhere"}
    type(seller.flow).unscoped.filter(pk=seller.flow.pk).update(draft=draft)
    page = seller.open(browser)
    page.goto(f"/fluxos/{seller.flow.pk}/teste/")
    expect(page.locator("main")).to_contain_text("Este rascunho ainda não pode rodar")
    expect(page.locator("main")).to_contain_text("nowhere")
    expect(page.locator("#phone")).to_have_count(0)


def test_a_phone_number_is_shared_with_one_press(seller: Seller, browser: Browser) -> None:
    asks = a_question("ask", "Qual é o seu telefone?", config={"accepts": ["contact"], "save_as": "fone"}, next="bye")
    with organization_scope(seller.organization.pk):
        flow = create_flow(
            bot_id=seller.bot.pk, name="Telefone", definition=a_flow([asks, an_access("bye", "Recebi {{fone}}")])
        ).flow
    page = seller.open(browser)
    page.goto(f"/fluxos/{flow.pk}/teste/")
    wall = page.locator("#wall")
    page.get_by_role("button", name="Contato de outra pessoa").click()
    expect(wall.get_by_role("button", name="Enviar meu telefone")).to_have_count(1)
    wall.get_by_role("button", name="Enviar meu telefone").click()
    expect(wall).to_contain_text("Recebi +5511987654321")
    expect(wall.get_by_role("button", name="Enviar meu telefone")).to_have_count(0)
    assert seller.trouble == []


def test_begin_in_the_middle_with_a_variable_block_and_press_an_old_button(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser)
    open_chat(page, seller)
    wall, panel = page.locator("#wall"), page.locator("#panel")

    page.get_by_label("Passo", exact=True).select_option("ask_email")
    page.get_by_role("button", name="Começar aqui").click()
    expect(wall).to_contain_text("Qual é o seu e-mail?")
    expect(panel.get_by_role("link", name="ask_email")).to_be_visible()

    page.fill("#variable [name=name]", "email")
    page.fill("#variable [name=value]", "bia@example.com")
    page.get_by_role("button", name="Gravar").click()
    expect(panel).to_contain_text("bia@example.com")
    page.get_by_label("Passo", exact=True).select_option("pay")
    page.get_by_role("button", name="Continuar aqui com o que já se sabe").click()
    expect(wall).to_contain_text("br.gov.bcb.pix")
    expect(panel).to_contain_text("bia@example.com")

    page.get_by_role("button", name="Bloquear o bot").click()
    expect(panel).to_contain_text("A pessoa bloqueou o bot")
    page.locator("#payments-panel").get_by_role("button", name="Pagar", exact=True).click()
    expect(wall).to_contain_text("Não chegou, o bot está bloqueado")

    # The first message's button is of a run that is gone: its press unblocks and is answered all the same.
    wall.get_by_role("button", name="Só olhando").first.click()
    expect(panel).not_to_contain_text("A pessoa bloqueou o bot")
    expect(page.locator("#toast")).to_be_visible()


def test_the_step_leads_into_the_editor(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser)
    open_chat(page, seller)
    page.locator("#panel").get_by_role("link", name="menu").click()
    expect(page.locator(".cm-activeLine")).to_contain_text('"id": "menu"')
