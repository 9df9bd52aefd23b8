"""What holds for every page: fits a phone, light and dark, little script, no refused style or script."""

import pytest
from playwright.sync_api import Browser, Page, Response

from tests.e2e.conftest import DESK, PHONE, Seller

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.processes]

SCRIPT_LIMIT = 200 * 1024


def pages_of(seller: Seller) -> list[str]:
    flow = f"/fluxos/{seller.flow.pk}"
    return [
        "/", "/bots/", "/bots/conectar/", f"/bots/{seller.bot.pk}/", f"/bots/{seller.bot.pk}/textos/",
        "/fluxos/", "/fluxos/novo/", "/fluxos/importar/", "/fluxos/midia/", f"{flow}/",
        f"{flow}/teste/", f"{flow}/testes/", f"{flow}/versoes/", f"{flow}/publicar/", f"{flow}/diferenca/",
        "/conversas/", "/vendas/", "/acessos/", "/acessos/dar/", "/ajustes/avisos/",
        "/vendas/decisoes/", "/ajustes/pagamentos/regras/", "/ajustes/pagamentos/nova/?gateway=asaas",
        "/acessos/fora/", "/acessos/saidas/", "/ajustes/grupos/", f"/ajustes/pagamentos/bots/{seller.bot.pk}/",
        "/ajustes/membros/", "/ajustes/organizacao/", "/ajustes/pagamentos/",
        "/ajustes/chaves/", "/conta/password/change/", "/conta/2fa/", "/organizacao/nova/",
    ]  # fmt: skip


def script_bytes(page: Page, address: str) -> int:
    sizes: list[int] = []

    def note(response: Response) -> None:
        if response.request.resource_type == "script":
            sizes.append(len(response.body()))

    page.on("response", note)
    page.goto(address)
    page.wait_for_load_state("networkidle") if "/teste/" not in address else page.wait_for_timeout(500)
    page.remove_listener("response", note)
    return sum(sizes)


def test_every_page_fits_a_phone(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser, viewport=PHONE)
    widths = {}
    for address in pages_of(seller):
        page.goto(address)
        widths[address] = page.evaluate("document.documentElement.scrollWidth")
    assert {address: width for address, width in widths.items() if width > PHONE["width"]} == {}


def test_pages_carry_little_script(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser, viewport=DESK)
    editor = f"/fluxos/{seller.flow.pk}/"
    sizes = {address: script_bytes(page, address) for address in pages_of(seller) if address != editor}
    assert {address: size for address, size in sizes.items() if size > SCRIPT_LIMIT} == {}
    assert sizes["/"] > 0


def test_colours_follow_the_device_or_the_choice(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser, color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.get_by_text("Ana Souza").click()
    page.get_by_role("button", name="Claro", exact=True).click()
    page.wait_for_function(f"{paper} !== '{dark}'")
    light = page.evaluate(paper)
    page.reload()
    assert page.evaluate(paper) == light


def test_the_language_is_chosen_and_kept(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser)
    page.get_by_text("Ana Souza").click()
    page.get_by_role("button", name="English").click()
    page.goto("/fluxos/")
    assert page.title() == "Flows · Trilho"
    assert page.locator("html").get_attribute("lang") == "en"
